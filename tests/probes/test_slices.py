import math
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from seedbed.errors import RecipeError, SourceError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.bits_per_byte import PreparedBitsPerByte
from seedbed.probes.slices import frequency_cut, token_bytes
from seedbed.probes.slices_recipe import LossBySlice
from seedbed.workbench import Workbench

TEXTS = {
    "a": ["the yak does sleep .", "the yaks do sleep . quest do the yaks sleep ?", "my newt does eat ."],
    "b": ["some newt doesn't giggle .", "the zebra does sleep ."],
}
TABLES = {
    "a": {
        "construction": ["plain", "question", "plain"],
        "constructions": [["x"], ["x", "y/z"], None],
        "embedding_depth": [0, 1, 0],
        "language": ["en", "en", "de"],
        "task": ["copy", "quest", ""],
    },
    "b": {"construction": ["plain", "rare"], "language": ["en", "en"]},
}


def table(component, columns):
    return pa.table({name: values for name, values in TABLES[component].items() if name in columns})


def material(encoder, **changes):
    return Material(encoder, 24, Workbench(), **{"heldout": TEXTS, "heldout_table": table, **changes})


def slices(scalars, name="loss-by-slice"):
    """{way: {slice: (nats, bytes)}}, marks apart."""
    found = {}
    for metric, nats in scalars.items():
        if metric.endswith(".nats") and not metric.startswith(f"{name}/total"):
            way, _, part = metric.removeprefix(f"{name}/").removesuffix(".nats").partition(".")
            if way == "constructions":
                side, _, mark = part.partition(".")
                way, part = f"{way} {mark}", side
            found.setdefault(way, {})[part] = nats, scalars[metric.removesuffix("nats") + "bytes"]
    return found


def test_slices_of_every_way_add_up_to_the_total_exactly(encoder, toys):
    training = [np.array(encoder.encode_batch(["the yak does sleep . the"])[0])]
    recipe = LossBySlice(per_million=(1e5, 2e5))
    prepared = recipe.prepare(material(encoder, training_documents=lambda tokens: training))
    scalars = prepared.measure(toys.Recurrent(encoder.vocab_size), 0).scalars
    total = scalars["loss-by-slice/total.nats"], scalars["loss-by-slice/total.bytes"]
    assert total[1] == sum(len(text.encode()) for some in TEXTS.values() for text in some)
    found = slices(scalars)
    assert set(found) == {
        "source", "construction", "constructions x", "constructions y-z", "depth", "language", "task", "frequency"
    }  # fmt: skip
    for way, parts in found.items():
        assert sum(nats for nats, _ in parts.values()) == total[0], way
        assert sum(size for _, size in parts.values()) == total[1], way
    assert set(found["construction"]) == {"plain", "question", "rare"}
    assert set(found["depth"]) == {"0", "1", "none"}
    assert set(found["task"]) == {"copy", "quest", "none"}
    assert set(found["frequency"]) == {"unseen", "100000-to-200000", "from-200000"}


def test_the_total_is_that_of_bits_per_byte(encoder, toys):
    model = toys.Recurrent(encoder.vocab_size)
    ours = LossBySlice().prepare(material(encoder)).measure(model, 0)
    theirs = PreparedBitsPerByte("b", TEXTS, encoder, context=24).measure(model, 0)
    assert ours.scalars["loss-by-slice/total"] == pytest.approx(theirs.scalars["b/total"], abs=1e-5)
    for source in TEXTS:
        assert ours.scalars[f"loss-by-slice/source.{source}"] == pytest.approx(theirs.scalars[f"b/{source}"], abs=1e-5)
    assert np.allclose(ours.items["nats"].to_numpy(), theirs.items["nats"].to_numpy(), atol=1e-4)


def test_uniform_bytes_cost_eight_bits_in_every_slice(encoders):
    scalars = LossBySlice().prepare(material(encoders["byte"])).measure(constant_logits(257), 0).scalars
    for metric, value in scalars.items():
        if not metric.endswith((".nats", ".bytes")):
            assert value == pytest.approx(math.log2(257), abs=1e-5), metric


def test_rare_slices_are_one(encoders):
    prepared = LossBySlice(most=1).prepare(material(encoders["byte"]))
    found = slices(prepared.measure(constant_logits(257), 0).scalars)
    assert set(found["construction"]) == {"plain", "other"}
    assert found["construction"]["other"][1] == sum(len(text) for text in (TEXTS["a"][1], TEXTS["b"][1]))
    assert {way for way in found if way.startswith("constructions")} == {"constructions x"}


def test_words_have_the_frequency_of_the_mixture_whatever_their_tokens_are(encoder):
    counts = Counter({"the": 900, "yak": 90, "sleep": 9, "does": 1})
    ids = encoder.encode_batch(["the yak does sleep newt"])
    cut = frequency_cut(ids, encoder, counts, (2_000.0, 50_000.0))
    assert cut.names == ["unseen", "below-2000", "2000-to-50000", "from-50000"]
    sizes = token_bytes("the yak does sleep newt", ids[0], encoder)
    per_band = np.bincount(cut.of, weights=sizes, minlength=4).tolist()
    assert per_band == [len(" newt"), len(" does"), len(" sleep"), len("the yak")]


def test_the_bytes_of_tokens_add_up_to_those_of_the_text(encoder):
    text = "the yak doesn't sleep . quest"
    sizes = token_bytes(text, encoder.encode_batch([text])[0], encoder)
    assert sizes.sum() == len(text)
    assert (sizes > 0).all()


def test_bytes_of_a_tokenizer_that_tells_none_are_those_of_the_text_so_far(encoders):
    class Silent:
        def __init__(self, encoder):
            self.decode = encoder.decode

    encoder = encoders["bpe"]
    text = "the yak does sleep ."
    ids = encoder.encode_batch([text])[0]
    assert token_bytes(text, ids, Silent(encoder)).tolist() == token_bytes(text, ids, encoder).tolist()


def test_without_a_catalogue_only_sources_and_frequencies_are_told_apart(encoders):
    prepared = LossBySlice().prepare(material(encoders["byte"], heldout_table=None))
    assert set(slices(prepared.measure(constant_logits(257), 0).scalars)) == {"source", "frequency"}
    assert "Words are counted in the held-out text." in prepared.conventions


def test_text_that_cannot_be_scored_is_refused(encoders):
    with pytest.raises(SourceError, match="no component has held-out text"):
        LossBySlice().prepare(material(encoders["byte"], heldout={"a": []}))
    with pytest.raises(SourceError, match="the tokenizer loses some of a document"):
        LossBySlice().prepare(material(Lossy(encoders["byte"])))


class Lossy:
    """A tokenizer that forgets capitals."""

    def __init__(self, encoder):
        self.vocab_size, self.eos_id, self.starts_with_space = (
            encoder.vocab_size,
            encoder.eos_id,
            encoder.starts_with_space,
        )
        self.encode_batch, self._decode = encoder.encode_batch, encoder.decode

    def decode(self, ids):
        return self._decode(ids).upper()


@pytest.mark.parametrize(
    ("fields", "message"),
    [({"per_million": (10.0, 1.0)}, "rising numbers above 0"), ({"ways": ("depth", "depth")}, "named twice in ways")],
)
def test_faults_are_one_line_with_the_mend(fields, message):
    with pytest.raises(RecipeError, match=message):
        LossBySlice(**fields)
