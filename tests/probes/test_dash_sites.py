"""Sites of texts, and what models whose answer is known make of them."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from seedbed.errors import SeedbedError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.dash_sites import COMMAS, GOLD, MINIMAL, SHUFFLED, Place, construction, places, prepare
from seedbed.probes.dash_sites_recipe import DashSites

EM = [f"the newt{n} slept\u2014its yak did not" for n in ("", "s", " near her")]
COMMA = ["some yaks ran, the newt slept", "the yak ran, it slept"]
TEXTS = [*EM, *COMMA, "no site here"]
RECIPE = DashSites(component="text", contexts=(("the newt", "slept"),))


class Constant(nn.Module):
    """The same logits everywhere."""

    def __init__(self, logits):
        super().__init__()
        self.row = nn.Parameter(torch.as_tensor(logits, dtype=torch.float32))

    def forward(self, tokens):
        return self.row.expand(*tokens.shape, len(self.row))


def material(encoder, workbench, texts=TEXTS, corpus=None, context=256):
    documents = None if corpus is None else lambda _: [np.array([*ids, 0]) for ids in encoder.encode_batch(corpus)]
    return Material(encoder, context, workbench, {"text": texts}, training_documents=documents)


def scalars(model, recipe, given):
    found = recipe.prepare(given).measure(model, 0).scalars
    return {name.removeprefix(f"{recipe.name}/"): value for name, value in found.items()}


def test_places_by_hand():
    found = list(places(RECIPE, TEXTS))
    assert [place.slice for place in found] == [GOLD] * 3 + [COMMAS] * 2 + [SHUFFLED] * 3 + [MINIMAL]
    assert (found[0].left, found[0].right, found[0].word) == ("the newt slept", "its yak did not", "its")
    assert (found[3].left, found[3].word) == ("some yaks ran", "the")
    assert sorted(found[7].left.split()) == sorted(found[2].left.split())
    assert found[7].left != found[2].left
    assert [place.left for place in places(RECIPE, TEXTS)] == [place.left for place in found]


def test_of_a_long_beginning_the_last_whole_words_are_read():
    text = f"{'word ' * 100}the newt\u2014slept"
    [gold, *_] = places(DashSites(component="text", left_bytes=19), [text])
    assert gold.left == "word word the newt"
    [gold, *_] = places(DashSites(component="text", left_bytes=18), [text])
    assert gold.left == "word word the newt"
    [gold, *_] = places(DashSites(component="text", left_bytes=17), [text])
    assert gold.left == "word the newt"


def test_a_constant_model_of_bytes_by_hand(encoders, workbench):
    encoder = encoders["byte"]
    found = scalars(Constant(np.zeros(257)), RECIPE, material(encoder, workbench))
    each = 1 / 257
    for part in (GOLD, COMMAS, SHUFFLED, MINIMAL):
        assert found[f"{part}/dash"] == pytest.approx(2 * (each**3 + each**4), rel=1e-4)
        assert found[f"{part}/comma"] == pytest.approx(each, rel=1e-5)
        assert found[f"{part}/em-share"] == pytest.approx(0.5)
        assert found[f"{part}/em-over-en"] == pytest.approx(0, abs=1e-5)
        assert found[f"{part}/em-first"] == 0.5
        assert found[f"{part}/dash-first"] == 0.0
        assert found[f"{part}/em-bits-per-byte"] == pytest.approx(math.log2(257), rel=1e-5)
        assert found[f"{part}/comma-bits-per-byte"] == pytest.approx(math.log2(257), rel=1e-5)
    assert found["gold-over-commas/dash"] == pytest.approx(0, abs=1e-5)
    # word—its is three bytes where a space is one, word – its five, word, its two.
    assert [found[f"tokens/{way}"] for way in ("em", "en", "comma")] == [2, 4, 1]
    assert found[f"{GOLD}/en-bits"] == pytest.approx(8 * math.log2(257), rel=1e-5)


def test_a_model_that_recites_knows_its_dashes(toys, encoders, workbench):
    for name in ("byte", "bpe"):
        found = scalars(toys.Recites(encoders[name], TEXTS), RECIPE, material(encoders[name], workbench))
        assert found["gold/dash"] == pytest.approx(1, abs=1e-3)
        assert found["gold/em-share"] == pytest.approx(1, abs=1e-3)
        assert found["gold/em-first"] == found["gold/dash-first"] == 1
        assert found["commas/comma"] == pytest.approx(1, abs=1e-3)
        assert found["commas/dash"] < 1e-3 and found["shuffled/dash"] < 1e-3
        assert found["gold-over-commas/dash"] > 5
        assert found["gold/em-over-comma"] > 5
        assert found["commas/em-over-comma"] < -5
        assert found["gold/em-bits-per-byte"] < 1e-2 < found["gold/comma-bits-per-byte"]


def test_every_byte_of_a_dash_has_its_own_probability(encoders, workbench):
    """Three bytes with and without a space; the first, which both dashes begin with, is likelier than others."""
    logits = np.zeros(257)
    logits[encoders["byte"].encode("\u2014")[0]] = 3.0
    found = scalars(Constant(logits), RECIPE, material(encoders["byte"], workbench))
    total = 256 + math.e**3
    assert found["gold/dash"] == pytest.approx(2 * math.e**3 / total**3 * (1 + 1 / total), rel=1e-4)


def test_preferences_are_odds_at_sites_less_those_of_the_corpus(encoders, workbench):
    encoder = encoders["byte"]
    corpus = ["a\u2014b, c", "a\u2014b, c", "a\u2014b, c", "a \u2013 b, c"]
    model = Constant(np.zeros(257))
    found = scalars(model, RECIPE, material(encoder, workbench, corpus=corpus))
    assert found["sites/em-preference"] == pytest.approx(-math.log(3), abs=1e-5)
    assert found["sites/dash-preference"] == pytest.approx(math.log(2 / 257**2 * (1 + 1 / 257)), abs=1e-4)
    without = scalars(model, RECIPE, material(encoder, workbench, corpus=["a\u2014b, c"]))
    assert "sites/em-preference" not in without and "sites/dash-preference" in without
    assert not any("preference" in name for name in scalars(model, RECIPE, material(encoder, workbench)))


def test_one_row_for_every_place(toys, encoders, workbench):
    prepared = prepare(RECIPE, material(encoders["bpe"], workbench))
    found = prepared.measure(toys.Recurrent(encoders["bpe"].vocab_size), 5)
    assert found.items.num_rows == len(list(places(RECIPE, TEXTS)))
    rows = found.items.to_pylist()
    gold = [row for row in rows if row["slice"] == GOLD]
    mean = np.mean([np.exp(row["log_p_em"]) + np.exp(row["log_p_en"]) for row in gold])
    assert found.scalars["dash-sites/gold/dash"] == pytest.approx(mean, rel=1e-6)
    assert found.scalars["dash-sites/tokens/en"] == np.mean([row["en_tokens"] for row in gold])


def test_a_construction_is_the_mark_and_the_whole_word_after_it(encoders):
    encoder = encoders["bpe"]
    sizes = np.array([len(piece) for piece in encoder.token_bytes])
    request, count, size = construction(Place(GOLD, "the newt", "slept. so"), "\u2014", encoder, sizes)
    scored = request.tokens[request.first :]
    assert encoder.decode(scored) == "\u2014slept." and len(scored) == count
    assert size == len("\u2014slept.".encode())
    assert encoder.decode(request.tokens[1 : request.first]) == "the newt"


def test_what_cannot_be_measured_is_refused(encoders, workbench):
    with pytest.raises(SourceError, match="use kind 'bpe' or 'byte'"):
        prepare(RECIPE, material(encoders["word"], workbench))
    with pytest.raises(SeedbedError, match="give the model context="):
        prepare(RECIPE, material(encoders["byte"], workbench, context=8))
