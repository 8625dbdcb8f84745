import subprocess
import sys
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.tokenizers.recipes import BYTE_VOCABULARY, Tokenizer, nested, tokenizer
from seedbed.workbench import Workbench, carried_shelves


def test_every_name_on_the_shelf_is_a_recipe_of_that_name():
    names = set(Workbench().shelf_names("tokenizers", ".toml"))
    assert {"byte", "word", "bpe", "bpe-512", "bpe-1k", "bpe-4k", "bpe-8k"} <= names
    for name in names - {"bpe", "unigram", "wordpiece"}:
        assert tokenizer(name).name == name


def test_every_field_on_the_shelf_has_its_comment_and_the_shelf_is_no_package():
    folder = carried_shelves() / "tokenizers"
    assert not (folder / "__init__.py").exists()
    for path in folder.glob("*.toml"):
        lines = path.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# ")
        assert all("#" in line for line in lines if line.strip())


def test_sizes():
    assert tokenizer("bpe-4k").vocab_size == 4096
    assert tokenizer("byte").vocab_size == BYTE_VOCABULARY == 257
    assert tokenizer("word").vocab_size is None


def test_changes_change_the_name():
    assert tokenizer("bpe", vocab_size=2000) == Tokenizer("bpe", vocab_size=2000, name="bpe-2000")
    assert tokenizer("bpe-4k", vocab_size=300).name == "bpe-300"
    assert tokenizer("bpe", vocab_size=300, pieces="whitespace").name == "bpe-words-300"
    assert tokenizer("bpe-4k", vocab_size=4096) == tokenizer("bpe-4k")
    assert tokenizer("bpe-4k", name="ours") == Tokenizer("bpe", vocab_size=4096, name="ours")


def test_names_say_what_is_not_the_default():
    recipe = Tokenizer("bpe", vocab_size=2048, pieces="none", digits="right to left", dashes="isolated")
    assert recipe.name == "bpe-lines-r2l-dashes-apart-2048"
    assert Tokenizer("character").name == "character"
    assert Tokenizer("unigram", vocab_size=300, normalisation="nfc", lossless=False).name == "unigram-nfc-300"


def test_a_family_is_cut_from_its_largest():
    family = nested("bpe", 512, 2048, 1024)
    assert [(each.vocab_size, each.cut_from) for each in family] == [(512, 2048), (2048, None), (1024, 2048)]
    assert [each.name for each in family] == ["bpe-512", "bpe-2048", "bpe-1024"]
    with pytest.raises(RecipeError, match="at least two sizes"):
        nested("bpe", 512)


def test_kinds_whose_training_is_not_repeatable_say_so():
    assert Tokenizer("bpe", vocab_size=300).deterministic
    assert not Tokenizer("unigram", vocab_size=300).deterministic
    assert Tokenizer("wordpiece", vocab_size=600).deterministic


def test_two_ways_to_say_a_byte_tokenizer_are_one_recipe():
    assert Tokenizer("byte") == Tokenizer("byte", vocab_size=257) == tokenizer("byte")


def test_unknown_name_answers_with_the_nearest():
    with pytest.raises(UnknownNameError, match="'bpe-4k'"):
        tokenizer("bpe4k")


@pytest.mark.parametrize(
    ("arguments", "fields", "message"),
    [
        (("bpe",), {}, "say vocab_size=257 or more"),
        (("bpe",), {"vocab_size": 256}, "vocab_size = 256"),
        (("byte",), {"vocab_size": 300}, "257 tokens"),
        (("word",), {"vocab_size": 300}, "leave it out"),
        (("sentencepiece",), {"vocab_size": 300}, "'bpe', 'unigram'"),
        (("unigram",), {}, "say vocab_size=257 or more"),
        (("wordpiece",), {"vocab_size": 512}, "say vocab_size=513 or more"),
        (("character",), {"vocab_size": 300}, "every character of its text"),
        (("bpe",), {"vocab_size": 1_000, "digits": "right to left"}, "say vocab_size=1357 or more"),
        (("bpe",), {"vocab_size": 300, "digits": "right to left", "digit_group": 2}, "say vocab_size=357 or more"),
        (
            ("bpe",),
            {"vocab_size": 300, "digit_group": 2},
            "digits = 'as trained' makes none; say digits='right to left'",
        ),
        (("bpe",), {"vocab_size": 300, "cut_from": 280}, "cut_from = 280"),
        (("unigram",), {"vocab_size": 300, "cut_from": 400}, "of kind 'bpe'"),
        (("unigram",), {"vocab_size": 3_000, "digits": "left to right"}, "only kind 'bpe' has"),
        (("wordpiece",), {"vocab_size": 3_000, "dashes": "never merged"}, "only kind 'bpe' has"),
        (("character",), {"digits": "single"}, "digits is about merges"),
        (("byte",), {"morphemes": "english"}, "morphemes is about merges"),
        (("bpe",), {"vocab_size": 300, "pieces": "none", "dashes": "with neighbours"}, "leave one of them out"),
        (("bpe",), {"vocab_size": 300, "normalisation": "nfkc"}, "cannot be given back"),
        (("bpe",), {"vocab_size": 300, "dropout": 0.1}, "dropout"),
        (("bpe",), {"vocab_size": 2**40}, "vocab_size"),
        (("bpe",), {"vocab_size": 300, "pieces": "lines"}, "'gpt2', 'whitespace' or 'none'"),
        (("byte",), {"pieces": "whitespace"}, "leave it out"),
        (("byte",), {"name": "a/b"}, "choose another"),
        (("byte",), {"name": "two\nlines"}, "choose another"),
    ],
)
def test_refused(arguments: tuple[str, ...], fields: dict[str, object], message: str):
    with pytest.raises(RecipeError) as error:
        Tokenizer(*arguments, **fields)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_shelf_file_with_an_unknown_field_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / "mine.toml").write_text('kind = "bpe"\nvocab = 300\n')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match=r"tokenizers/mine\.toml has a field 'vocab'"):
        tokenizer("mine")


def test_a_file_of_ones_own_wins_over_the_carried_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tokenizers").mkdir()
    (tmp_path / "tokenizers" / "bpe-4k.toml").write_text('kind = "bpe"\nvocab_size = 4000\n')
    monkeypatch.chdir(tmp_path)
    assert tokenizer("bpe-4k").vocab_size == 4000


def test_a_recipe_is_frozen():
    with pytest.raises(FrozenInstanceError):
        tokenizer("byte").vocab_size = 3


def test_recipes_load_no_heavy_library():
    heavy = "{'numpy', 'tokenizers', 'torch', 'pyarrow', 'datatrove'} & set(sys.modules)"
    code = f"import sys, seedbed.tokenizers.recipes; sys.exit(str({heavy}) if {heavy} else 0)"
    subprocess.run([sys.executable, "-c", code], check=True)
