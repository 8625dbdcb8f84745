import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.existing import find_existing, take_existing
from seedbed.tokenizers.existing_recipe import Existing
from seedbed.tokenizers.intrinsic import measure
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.splits import dash_costs, number_splits
from seedbed.tokenizers.store import LosslessCheck, build_token_store, open_tokens
from seedbed.tokenizers.train import train_tokenizer
from seedbed.tokenizers.word_cuts import inner_borders, single_token_share, token_borders, tokens_per_word, word_spans
from seedbed.workbench import Workbench
from tests.tokenizers import files

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOSSLESS = {"gpt2": files.gpt2, "llama3": files.llama3, "llama2": files.llama2, "metaspace": files.metaspace}
TEXT = "Hello world: 日本 — naïve\n\n\tx  y"


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Encoder]:
    """The encoder of each kind of file, taken into a folder as a study does it."""
    root = tmp_path_factory.mktemp("existing")
    encoders = {}
    for name, make in LOSSLESS.items():
        files.saved(make(), root / name)
        out = root / f"{name}-taken"
        out.mkdir()
        take_existing(Existing(name), Workbench(root), out)
        encoders[name] = load_encoder(out)
    return encoders


@pytest.mark.parametrize("name", LOSSLESS)
def test_text_is_given_back_by_bytes_and_by_decoding(name: str, taken: dict[str, Encoder]):
    encoder = taken[name]
    texts = [*files.TEXTS[:3], TEXT, "", "x"]
    ids, lengths = encoder.encode_flat(texts)
    assert LosslessCheck(encoder)(texts, ids, lengths) == sum(len(text.encode()) for text in texts)
    assert [encoder.decode(tokens) for tokens in encoder.encode_batch(texts)] == texts
    assert lengths[4] == 0


@pytest.mark.parametrize("name", LOSSLESS)
def test_ids_are_those_of_the_library(name: str, taken: dict[str, Encoder]):
    library = files.Tokenizer.from_str(taken[name].library.to_str())
    assert taken[name].encode(TEXT) == library.encode(TEXT, add_special_tokens=False).ids
    assert taken[name].vocab_size == library.get_vocab_size()


@pytest.mark.parametrize("name", LOSSLESS)
def test_the_end_of_document_is_never_made_from_text(name: str, taken: dict[str, Encoder]):
    encoder = taken[name]
    text = f"a {encoder.end_of_document} b"
    ids, lengths = encoder.encode_flat([text])
    assert encoder.eos_id not in ids
    assert encoder.token_bytes[encoder.eos_id] == b""
    LosslessCheck(encoder)([text], ids, lengths)


def test_added_text_is_one_token(taken: dict[str, Encoder]):
    encoder = taken["llama3"]
    assert b"<think>" in [encoder.token_bytes[token] for token in encoder.encode("so <think> of it")]


@given(st.lists(st.text(alphabet="aé — \n\t日x1.", max_size=30), max_size=4))
@settings(max_examples=60, deadline=None)
def test_any_text_is_lossless_in_bytes(taken: dict[str, Encoder], texts: list[str]):
    for name in ("gpt2", "llama3", "llama2"):
        ids, lengths = taken[name].encode_flat(texts)
        LosslessCheck(taken[name])(texts, ids, lengths)


def test_a_space_that_a_tokenizer_puts_first_is_no_byte_of_the_text(taken: dict[str, Encoder]):
    assert [taken[name].prefix for name in LOSSLESS] == [b"", b"", b" ", b" "]
    assert [taken[name].before_word for name in LOSSLESS] == [" ", " ", "", ""]
    for encoder in taken.values():
        texts = ["Hello world", "", "x y"]
        ids, lengths = encoder.encode_flat(texts)
        borders = token_borders(encoder, ids, lengths)
        assert borders[0] == 0
        assert borders[-1] == sum(map(len, texts))
        assert (np.diff(borders) >= 0).all()
        assert len(tokens_per_word(word_spans(texts), borders)) == 4
        single = encoder.encode(encoder.before_word + "Hello")
        assert single_token_share(encoder, ["Hello"]) == float(len(single) == 1)
        assert all(0 < border < len("walked") for border in inner_borders(encoder, "walked"))
        assert "".join(number_splits(encoder, ["1984"])[0].tokens) == " 1984"
        assert dash_costs(encoder)["unspaced em dash"] > -2


def test_words_are_counted_by_the_tokens_that_reach_into_them(tmp_path: Path):
    pieces = files.Tokenizer(
        files.models.Unigram([("<unk>", 0.0), ("▁", -3.0), ("▁the", -1.0), ("▁cat", -1.0), ("s", -2.0)], unk_id=0)
    )
    pieces.pre_tokenizer = files.pre_tokenizers.Metaspace()
    pieces.add_special_tokens(["</s>"])
    files.saved(pieces, tmp_path / "pieces")
    (tmp_path / "out").mkdir()
    take_existing(Existing("pieces"), Workbench(tmp_path), tmp_path / "out")
    encoder = load_encoder(tmp_path / "out")
    found = measure(encoder, ["the cats", "cat the"])
    assert (found.tokens, found.words, found.total_bytes) == (5, 4, 15)
    assert found.continued_word_share == 0.25
    assert found.single_token_share == pytest.approx(2 / 3)
    assert inner_borders(encoder, "cats") == {3}


def test_answers_are_found_where_the_text_has_them(taken: dict[str, Encoder], tmp_path: Path):
    text = "x + 1 = 1984"
    for name, encoder in taken.items():
        out = tmp_path / name
        out.mkdir()
        build_token_store([text], 1, encoder, out, answers=np.array([[8, 12]]))
        store = open_tokens(out)
        assert store.answer_spans is not None
        begin, end = store.answer_spans[0]
        assert b"".join(encoder.token_bytes[token] for token in store.ids[begin:end]).strip() == b"1984"
        assert end == len(store.ids) - 1
        assert store.ids[-1] == encoder.eos_id


@pytest.mark.parametrize(
    ("make", "text", "lost"),
    [
        (files.lower, "a WALK", r"at byte 2 b'WALK' became b'walk'"),
        (files.t5, "a ж b", r"at byte 2 b'\xd0\xb6␣b' became b'␣'"),
        (files.metaspace, " two", r"at byte 0 b'␣two' became b'two'"),
    ],
    ids=["lower", "t5", "metaspace"],
)
def test_lost_bytes_are_shown(make, text: str, lost: str, tmp_path: Path):
    files.saved(make(), tmp_path / "lossy")
    (tmp_path / "out").mkdir()
    take_existing(Existing("lossy"), Workbench(tmp_path), tmp_path / "out")
    with pytest.raises(SourceError) as error:
        build_token_store(["fine", text], 2, load_encoder(tmp_path / "out"), tmp_path / "out")
    assert lost in str(error.value)
    assert "document 1 is not given back" in str(error.value)
    assert "normalises nothing" in str(error.value)


@pytest.mark.parametrize(("make", "reason"), [(files.bert, "neither byte-level"), (files.words, "whole words")])
def test_files_without_bytes_are_refused_with_the_reason(make, reason: str, tmp_path: Path):
    files.saved(make(), tmp_path / "lossy")
    (tmp_path / "out").mkdir()
    with pytest.raises(SourceError, match=f"tokenizer 'lossy': .*{reason}"):
        take_existing(Existing("lossy"), Workbench(tmp_path), tmp_path / "out")


def test_the_file_is_copied_as_it_is(tmp_path: Path):
    path = files.saved(files.gpt2(), tmp_path / "gpt2")
    (tmp_path / "out").mkdir()
    receipt = take_existing(Existing("gpt2/tokenizer.json"), Workbench(tmp_path), tmp_path / "out")
    assert (tmp_path / "out" / "tokenizer.json").read_bytes() == path.read_bytes()
    assert receipt.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert receipt.kind == "existing"
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text()) == {"eos_token": "<|endoftext|>"}


def test_the_identity_is_the_content_and_never_the_place(tmp_path: Path):
    workbench = Workbench(tmp_path)
    path = files.saved(files.gpt2(), tmp_path / "gpt2")
    (tmp_path / "elsewhere").mkdir()
    shutil.copyfile(path, tmp_path / "elsewhere" / "other.json")
    identity = Existing("gpt2").identity(workbench)
    assert identity == Existing("elsewhere/other.json", name="x").identity(workbench)
    assert identity["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(tmp_path) not in json.dumps(identity)
    files.saved(files.llama3(), tmp_path / "gpt2")
    assert Existing("gpt2", end_of_document="<|end_of_text|>").identity(Workbench(tmp_path)) != identity


def test_the_end_of_document_is_named_or_found(tmp_path: Path):
    workbench = Workbench(tmp_path)

    def found(name: str, **fields: str) -> str:
        return find_existing(Existing(name, **fields), workbench).end_of_document

    files.saved(files.llama3(), tmp_path / "usual")
    assert found("usual") == "<|end_of_text|>"
    assert found("usual", end_of_document="<|reserved|>") == "<|reserved|>"
    files.saved(files.llama3(), tmp_path / "stated", eos_token="<|begin_of_text|>")
    assert found("stated") == "<|begin_of_text|>"
    files.saved(files.llama3(), tmp_path / "object", eos_token={"content": "<|begin_of_text|>", "lstrip": False})
    assert found("object") == "<|begin_of_text|>"
    files.saved(files.llama3(), tmp_path / "unknown", eos_token="</s>")
    assert found("unknown") == "<|end_of_text|>"


def test_a_file_of_ours_is_taken_with_its_own_end_of_document(tmp_path: Path):
    (tmp_path / "ours").mkdir()
    (tmp_path / "out").mkdir()
    train_tokenizer(Tokenizer("bpe", vocab_size=300), files.TEXTS, tmp_path / "ours")
    take_existing(Existing("ours"), Workbench(tmp_path), tmp_path / "out")
    assert load_encoder(tmp_path / "out").encode(TEXT) == load_encoder(tmp_path / "ours").encode(TEXT)
    assert load_encoder(tmp_path / "out").eos_id == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"location": "nowhere"}, "there is no tokenizer.json at 'nowhere'; name a file"),
        ({"location": "broken.json"}, "'broken': broken.json is no file of the tokenizers library"),
        ({"location": "list.json"}, "'list': list.json is no file of the tokenizers library"),
        (
            {"location": "llama3", "end_of_document": "<|stop|>"},
            "has no special token '<|stop|>' to end documents with; it has <|begin_of_text|>, <|end_of_text|>,",
        ),
        ({"location": "llama3", "end_of_document": "<think>"}, "has no special token '<think>'"),
        ({"location": "plain"}, "write end_of_document= with one of those it has: none"),
        ({"location": "two"}, "write end_of_document= with one of those it has: <|endoftext|>, <|eos|>"),
        ({"location": "config"}, "config/tokenizer_config.json is damaged"),
    ],
    ids=lambda value: value["location"] if isinstance(value, dict) else "",
)
def test_refused(fields: dict[str, str], message: str, tmp_path: Path):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    files.saved(files.llama3(), tmp_path / "llama3")
    two = files.gpt2()
    two.add_special_tokens(["<|eos|>"])
    files.saved(two, tmp_path / "two")
    form = json.loads(files.gpt2().to_str()) | {"added_tokens": []}
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "tokenizer.json").write_text(json.dumps(form))
    files.saved(files.gpt2(), tmp_path / "config", eos_token="x")
    (tmp_path / "config" / "tokenizer_config.json").write_text("[]")
    with pytest.raises(SourceError) as error:
        find_existing(Existing(**fields), Workbench(tmp_path))
    assert message in str(error.value)


@pytest.fixture
def hub_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The hub's client switched off, with a cache of our own."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_without_network_and_cache_the_mend_is_named(hub_cache: Path, tmp_path: Path):
    with pytest.raises(SourceError, match=r"hub:org/name: tokenizer\.json is not in the hub's cache .*give a file"):
        find_existing(Existing("hub:org/name", revision=COMMIT), Workbench(tmp_path))


def test_without_network_the_cache_is_read(hub_cache: Path, tmp_path: Path):
    kept = hub_cache / "models--org--name" / "snapshots" / COMMIT
    path = files.saved(files.gpt2(), kept, eos_token="<|endoftext|>")
    found = find_existing(Existing("hub:org/name", revision=COMMIT), Workbench(tmp_path))
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.end_of_document == "<|endoftext|>"
    (kept / "tokenizer_config.json").unlink()
    with pytest.raises(SourceError, match=r"tokenizer_config\.json is not in the hub's cache"):
        find_existing(Existing("hub:org/name", revision=COMMIT), Workbench(tmp_path))
    named = Existing("hub:org/name", revision=COMMIT, end_of_document="<|endoftext|>")
    assert find_existing(named, Workbench(tmp_path)) == found
