"""The probe on constructed models: a shared space, two rotated ones, an offset, and languages of the lens."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.languages import PreparedLanguages, parallel_texts
from seedbed.probes.languages_recipe import Languages
from seedbed.tokenizers.encoder import Encoder
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model
from seedbed.workbench import Workbench

WORDS = 40
COUNT = 60


class Pairs:
    """A tokenizer of words a0 .. a39 and b0 .. b39; b's word i is the translation of a's."""

    vocab_size = 1 + 2 * WORDS
    eos_id = 0
    starts_with_space = np.ones(1 + 2 * WORDS, np.bool_)

    def encode_batch(self, texts) -> list[list[int]]:
        return [[1 + (WORDS if word[0] == "b" else 0) + int(word[1:]) for word in text.split()] for text in texts]

    def decode(self, ids) -> str:
        return " ".join(map(str, ids))


class Spaces(nn.Module):
    """Embeds each word: layer 0 as it is, layer 1 as language b's words are made there."""

    def __init__(self, how: str) -> None:
        super().__init__()
        rng = np.random.default_rng(0)
        meaning = rng.standard_normal((WORDS, 32))
        other = {
            "shared": meaning,
            "rotated": meaning @ np.linalg.qr(rng.standard_normal((32, 32)))[0],
            "offset": meaning + 100,
            "unrelated": rng.standard_normal((WORDS, 32)),
        }[how]
        first = np.concatenate([np.zeros((1, 32)), meaning, rng.standard_normal((WORDS, 32))])
        second = np.concatenate([np.zeros((1, 32)), meaning, other])
        self.register_buffer("layers", torch.from_numpy(np.stack([first, second])).float())

    def layer_states(self, tokens: Tensor) -> list[Tensor]:
        return [layer[tokens] for layer in self.layers]

    def lens(self, state: Tensor, *, last: bool) -> Tensor:
        return state @ self.layers[1 if last else 0].T


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parallel files of random sentences in a and b."""
    rng = np.random.default_rng(1)
    out = tmp_path_factory.mktemp("parallel")
    lines = [rng.integers(0, WORDS, rng.integers(2, 7)) for _ in range(COUNT)]
    for language in "ab":
        text = "".join(" ".join(f"{language}{word}" for word in line) + "\n" for line in lines)
        (out / f"{language}.txt").write_text(text)
    return out


def prepared(folder: Path, **fields) -> PreparedLanguages:
    recipe = Languages(files={"a": "a.txt", "b": "b.txt"}, **fields)
    return recipe.prepare(Material(Pairs(), 16, Workbench(folder)))


def test_one_space_for_both_languages_is_retrieved_and_two_are_not(folder: Path) -> None:
    probe = prepared(folder)
    scalars = probe.measure(Spaces("shared"), 0).scalars
    for direction in ("a-to-b", "b-to-a"):
        assert scalars[f"languages/{direction}.1/p1"] == 1.0
        assert scalars[f"languages/{direction}.1/margin"] > 0
        assert scalars[f"languages/{direction}.0/p1"] < 0.2
    assert scalars["languages/a-b.1/cka"] == pytest.approx(1)
    assert scalars["languages/a-b.1/cka-debiased"] == pytest.approx(1)
    assert scalars["languages/a-b.1/cka-shuffled"] < 0.5
    assert scalars["languages/all/retrieval"] == 1.0
    assert scalars["languages/all/shuffled"] < 0.2
    assert scalars["languages/all/margin"] > 0
    rotated = probe.measure(Spaces("rotated"), 0).scalars
    assert rotated["languages/a-b.1/cka"] == pytest.approx(1, abs=1e-5)
    assert rotated["languages/a-to-b.1/p1-centred"] < 0.2
    unrelated = probe.measure(Spaces("unrelated"), 0).scalars
    assert unrelated["languages/all/retrieval"] < 0.2


def test_an_offset_is_mended_by_taking_each_mean_away(folder: Path) -> None:
    scalars = prepared(folder).measure(Spaces("offset"), 0).scalars
    assert scalars["languages/b-to-a.1/p1"] < 0.3
    assert scalars["languages/b-to-a.1/p1-centred"] == 1.0
    assert scalars["languages/a-to-b.1/p1-centred"] == 1.0


def test_the_lens_says_which_language_is_expected(folder: Path) -> None:
    probe = prepared(folder)
    assert {language: len(ids) for language, ids in probe.own_tokens.items()} == {"a": WORDS, "b": WORDS}
    shared = probe.measure(Spaces("shared"), 0).scalars
    assert shared["languages/a.1/own-language"] == pytest.approx(0.5)  # its word in b is as probable
    offset = probe.measure(Spaces("offset"), 0).scalars
    assert offset["languages/b.1/own-language"] == pytest.approx(1)
    off = prepared(folder, lens_sentences=0).measure(Spaces("shared"), 0).scalars
    assert not any("own-language" in name for name in off)


def test_rows_say_what_was_retrieved(folder: Path) -> None:
    found = prepared(folder).measure(Spaces("shared"), 0)
    assert found.items.num_rows == 2 * COUNT
    row = found.items.slice(COUNT + 3, 1).to_pylist()[0]
    assert (row["from"], row["to"], row["layer"], row["credit"]) == ("b", "a", 1, 1.0)
    assert row["nearest"] == row["text"].replace("b", "a")
    assert found.scalars["languages/all/retrieval"] == np.mean(found.items["credit"].to_numpy())


def test_baselines_see_no_model(folder: Path, tmp_path: Path) -> None:
    baselines = prepared(folder).baselines()
    assert baselines["languages/chance"] == pytest.approx(1 / COUNT)
    assert baselines["languages/token-overlap"] == pytest.approx(1 / COUNT)  # no word is in both
    assert baselines["languages/length"] < 0.2
    for language in "ab":  # every line with a word of its own in both
        lines = (f"{language}{30 + number % 7} a{number}" for number in range(20))
        (tmp_path / f"{language}.txt").write_text("\n".join(lines) + "\n")
    assert prepared(tmp_path).baselines()["languages/token-overlap"] == 1.0


def test_grammars_of_one_meaning_give_parallel_sentences(encoders: dict[str, Encoder]) -> None:
    encoder = encoders["byte"]
    recipe = Languages(grammars=("scenes", "german"), sentences=12, lens_sentences=4)
    probe = recipe.prepare(Material(encoder, 200, Workbench()))
    assert {language: len(texts) for language, texts in probe.texts.items()} == {"scenes": 12, "german": 12}
    found = probe.measure(Transformer(Model(2, 16, 2, context=200), encoder.vocab_size, init_seed=0), 0)
    assert {f"languages/scenes-german.{layer}/cka" for layer in range(3)} <= set(found.scalars)
    assert all(np.isfinite(value) for value in found.scalars.values())


@pytest.mark.parametrize("causal", [True, False])
def test_a_measurement_does_not_depend_on_the_batches(folder: Path, monkeypatch: pytest.MonkeyPatch, causal) -> None:
    model = Transformer(Model(2, 16, 2, context=16, causal=causal), Pairs.vocab_size, init_seed=0)
    together = prepared(folder).measure(model, 0).scalars
    monkeypatch.setattr("seedbed.probes.next_token.BATCH_TOKENS", {"cpu": 1})
    assert prepared(folder).measure(model, 0).scalars == pytest.approx(together, abs=1e-5)


def test_sentences_that_cannot_be_scored_are_left_out_in_every_language(tmp_path: Path) -> None:
    for language in "ab":
        lines = [f"{language}{number}" for number in range(6)] + [" ".join([f"{language}1"] * 20)]
        (tmp_path / f"{language}.txt").write_text("\n".join(lines))
    probe = prepared(tmp_path)
    assert probe.count == 6
    assert "1 of 7 items are not scored" in probe.conventions
    assert probe.measure(Spaces("shared"), 0).scalars["languages/unscored"] == 1
    for language in "ab":
        (tmp_path / f"{language}.txt").write_text(f"{language}1\n{language}2\n")
    with pytest.raises(SourceError, match="2 parallel sentences are too few"):
        prepared(tmp_path)


def test_a_language_without_a_token_of_its_own_has_no_lens(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("".join(f"a{number}\n" for number in range(5)))
    (tmp_path / "b.txt").write_text("".join(f"a{number} b{number}\n" for number in range(5)))
    probe = prepared(tmp_path)
    assert "No logit lens: a has no token of its own" in probe.conventions
    assert not any("own-language" in name for name in probe.measure(Spaces("shared"), 0).scalars)


def test_texts_that_stand_there_twice_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one\ntwo\none\nthree\n")
    with gzip.open(tmp_path / "y.gz", "wt") as file:
        file.write("eins\nzwei\ndrei\nvier\n")
    found = parallel_texts({"en": "x", "de": "y.gz"}, 10, Workbench(tmp_path))
    assert found == {"en": ["one", "two", "three"], "de": ["eins", "zwei", "vier"]}
    fewer = parallel_texts({"en": "x", "de": "y.gz"}, 2, Workbench(tmp_path))
    assert len(fewer["en"]) == 2
    assert set(zip(*fewer.values(), strict=True)) < set(zip(*found.values(), strict=True))


def test_real_parallel_text(shared_data: Path, encoders: dict[str, Encoder]) -> None:
    """FLORES: names and numbers that both languages spell alike already find many sentences."""
    files = {"en": "flores200/dev/eng_Latn.dev.gz", "de": "flores200/dev/deu_Latn.dev.gz"}
    recipe = Languages(files=files, sentences=60)
    probe = recipe.prepare(Material(encoders["byte"], 600, Workbench(shared_data)))
    assert probe.count == 60
    assert probe.baselines()["languages/token-overlap"] > 5 / 60


def test_a_model_that_shows_no_layers_is_refused(folder: Path, toys) -> None:
    with pytest.raises(SeedbedError, match="does not show its layers"):
        prepared(folder).measure(toys.Recurrent(Pairs.vocab_size), 0)
