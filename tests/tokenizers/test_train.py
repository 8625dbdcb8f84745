import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tokenizers import Tokenizer as LibraryTokenizer

from seedbed.errors import RecipeError, SourceError
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import END_OF_DOCUMENT, Tokenizer, tokenizer
from seedbed.tokenizers.train import train_tokenizer

SPEAKS_OF_THE_END = f"it ends with {END_OF_DOCUMENT}, {END_OF_DOCUMENT}{END_OF_DOCUMENT} and so on"

# Raise the recipe's version when one of these changes: stores hold tokenizers and tokens made the old way.
GOLDEN = {
    2: {
        "bpe": "6747aa423789faeff317b26c9b6ebb191e9bd1c21883a154bfa0871f8e5e4e20",
        "byte": "3049b4632c699f97a76a2750260ba3516e90adc5bce2666b0c1be620af9bd41a",
        "word": "d802882841e7acc36f6e759d0146c278f316080c3471347f8b42d515fb0b9cc3",
    }
}


def train(recipe: Tokenizer, texts: list[str], folder: Path) -> bytes:
    folder.mkdir()
    train_tokenizer(recipe, texts, folder)
    return (folder / "tokenizer.json").read_bytes()


@pytest.mark.parametrize("recipe", [Tokenizer("bpe", vocab_size=280), tokenizer("byte"), tokenizer("word")])
def test_golden_bytes(recipe: Tokenizer, sentences: list[str], tmp_path: Path):
    content = train(recipe, sentences * 20, tmp_path / "t")
    assert hashlib.sha256(content).hexdigest() == GOLDEN[Tokenizer.recipe_version][recipe.kind]


def test_training_again_in_another_order_gives_the_same_bytes(source: list[str], tmp_path: Path):
    first = train(tokenizer("bpe-1k"), source, tmp_path / "first")
    shuffled = random.Random(0).sample(source, len(source))
    assert train(tokenizer("bpe-1k"), shuffled, tmp_path / "second") == first


def test_training_on_one_core_in_another_process_gives_the_same_bytes(tmp_path: Path):
    code = (
        "import sys, textwrap, inspect; from pathlib import Path; "
        "from seedbed.tokenizers.train import train_tokenizer; from seedbed.tokenizers.recipes import Tokenizer; "
        "texts = inspect.getsource(textwrap).split('\\n\\n'); "
        "train_tokenizer(Tokenizer('bpe', vocab_size=400), texts, Path(sys.argv[1]))"
    )
    contents = []
    for parallel, seed in (("false", "1"), ("true", "2")):
        out = tmp_path / parallel
        out.mkdir()
        environment = os.environ | {"TOKENIZERS_PARALLELISM": parallel, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", code, str(out)], env=environment, check=True)
        contents.append((out / "tokenizer.json").read_bytes())
    assert contents[0] == contents[1]


def test_a_smaller_vocabulary_is_the_beginning_of_a_larger_one(source: list[str], tmp_path: Path):
    large = json.loads(train(tokenizer("bpe-1k"), source, tmp_path / "large"))["model"]
    small = json.loads(train(tokenizer("bpe-512"), source, tmp_path / "small"))["model"]
    assert small["merges"] == large["merges"][: 512 - 257]
    assert small["vocab"] == {token: number for token, number in large["vocab"].items() if number < 512}


def test_receipt(source: list[str], tmp_path: Path):
    receipt = train_tokenizer(tokenizer("bpe-512"), iter(source), tmp_path)
    assert (receipt.kind, receipt.vocab_size, receipt.documents) == ("bpe", 512, len(source))
    assert receipt.total_bytes == sum(len(text.encode()) for text in source)
    assert receipt.sha256 == hashlib.sha256((tmp_path / "tokenizer.json").read_bytes()).hexdigest()


def test_a_vocabulary_larger_than_the_text_supports(tmp_path: Path):
    with pytest.raises(RecipeError, match=r"'bpe-300'.*\(40 bytes give 260 tokens\); ask for 260 or fewer") as error:
        train_tokenizer(Tokenizer("bpe", vocab_size=300), ["abc abc abc abc abc "] * 2, tmp_path)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []
    assert train_tokenizer(Tokenizer("bpe", vocab_size=260), ["abc abc abc abc abc "] * 2, tmp_path).vocab_size == 260


def test_byte_ids_are_the_byte_plus_one(byte: Encoder):
    assert byte.encode("aé\0") == [0x61 + 1, 0xC3 + 1, 0xA9 + 1, 1]


def test_words_are_numbered_by_frequency_then_code_point(tmp_path: Path):
    train_tokenizer(tokenizer("word"), ["b c a", "c a", "c é"], tmp_path)
    assert [piece.decode() for piece in load_encoder(tmp_path).token_bytes] == ["", "c", "a", "b", "é"]


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a b", "a  b"], "document 1: at character 2 the spacing"),
        ([" a"], "document 0: at character 0 the spacing"),
        (["a\tb c"], "at character 0 the spacing"),
        (["a b\n"], "at character 2 the spacing"),
        ([], "holds no word"),
        (["", ""], "holds no word"),
        (["a", f"b {END_OF_DOCUMENT}"], "closes documents"),
        (["a \udc80"], "lone surrogate at character 2"),
    ],
)
def test_refused_words(texts: list[str], message: str, tmp_path: Path):
    with pytest.raises(SourceError) as error:
        train_tokenizer(tokenizer("word"), texts, tmp_path)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_refused_text_for_bpe(tmp_path: Path):
    with pytest.raises(SourceError, match="document 1 holds a lone surrogate at character 0"):
        train_tokenizer(Tokenizer("bpe", vocab_size=260), ["abc", "\ud800"], tmp_path)


def test_a_fault_of_the_source_passes_through(tmp_path: Path):
    def broken() -> Iterator[str]:
        yield "abc"
        raise SourceError("line 2 is damaged")

    with pytest.raises(SourceError, match="line 2 is damaged"):
        train_tokenizer(Tokenizer("bpe", vocab_size=260), broken(), tmp_path)


def test_text_that_holds_the_special_tokens_characters_teaches_no_such_token(tmp_path: Path):
    train_tokenizer(Tokenizer("bpe", vocab_size=270), [SPEAKS_OF_THE_END] * 100, tmp_path)
    encoder = load_encoder(tmp_path)
    assert encoder.token_bytes.count(END_OF_DOCUMENT.encode()) == 0
    assert encoder.eos_id not in encoder.encode(SPEAKS_OF_THE_END)


@pytest.mark.parametrize("kind", ["bpe", "byte"])
def test_no_text_gives_the_special_token_in_the_bare_library(kind: str, request: pytest.FixtureRequest):
    encoder: Encoder = request.getfixturevalue(kind)
    library = LibraryTokenizer.from_str(encoder.library.to_str())
    ids = library.encode(SPEAKS_OF_THE_END).ids
    assert encoder.eos_id not in ids
    assert ids == encoder.encode(SPEAKS_OF_THE_END)
    assert encoder.decode(ids) == library.decode(ids) == SPEAKS_OF_THE_END


@pytest.mark.parametrize("kind", ["bpe", "byte", "word"])
def test_transformers_loads_the_file(kind: str, request: pytest.FixtureRequest, tmp_path: Path):
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    encoder: Encoder = request.getfixturevalue(kind)
    encoder.library.save(str(tmp_path / "tokenizer.json"))
    PreTrainedTokenizerFast(
        tokenizer_file=str(tmp_path / "tokenizer.json"),
        bos_token=END_OF_DOCUMENT,
        eos_token=END_OF_DOCUMENT,
        split_special_tokens=True,
    ).save_pretrained(tmp_path / "saved")
    theirs = AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert len(theirs) == encoder.vocab_size
    assert theirs.bos_token_id == theirs.eos_token_id == encoder.eos_id
    text = "the newt does sleep ." if kind == "word" else SPEAKS_OF_THE_END + " héllo\n"
    assert theirs(text)["input_ids"] == encoder.encode(text)
    assert theirs.decode([encoder.eos_id, *encoder.encode(text)], skip_special_tokens=True) == text
