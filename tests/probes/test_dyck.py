import math

import numpy as np
import pytest
import torch
from torch import nn

from seedbed.data.formal.recipes import Dyck
from seedbed.errors import RecipeError, SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere, constant_logits
from seedbed.probes.dyck import area, documents, places, types
from seedbed.probes.dyck_recipe import Brackets
from seedbed.probes.recipes import probe
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench

SOURCE = Dyck(3, depths=(1, 2, 3), lengths=(6, 8), held_out_depths=(3,), held_out_lengths=(8,))
SMALL = Brackets(source=SOURCE, documents_per_set=10)


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    out = tmp_path_factory.mktemp("brackets")
    train_tokenizer(tokenizer("word"), iter(["( ) [ ] { }"]), out)
    return load_encoder(out)


class Reads(nn.Module):
    """Says what a rule says: rule(brackets so far as a text) -> probability by bracket; the rest of it to others."""

    def __init__(self, encoder, rule):
        super().__init__()
        self.encoder, self.rule = encoder, rule

    def forward(self, tokens):
        logits = torch.full((*tokens.shape, self.encoder.vocab_size), math.log(1e-4))
        for row, sequence in enumerate(tokens.tolist()):
            for end in range(1, len(sequence)):
                said = self.rule(self.encoder.decode([each for each in sequence[1 : end + 1] if each]).split())
                for symbol, share in said.items():
                    logits[row, end, self.encoder.encode_batch([symbol])[0][0]] = math.log(share)
        return logits


CLOSE = {"(": ")", "[": "]", "{": "}"}


def stack_of(brackets):
    stack = []
    for each in brackets:
        if each in CLOSE:
            stack.append(each)
        elif stack:
            stack.pop()
    return stack


def balances(brackets):
    stack = stack_of(brackets)
    return {CLOSE[stack[-1]]: 0.5, "(": 0.2, "[": 0.1} if stack else {"(": 0.4, "[": 0.3, "{": 0.3}


def counts(brackets):
    return {")": 0.2, "]": 0.2, "}": 0.2, "(": 0.3} if stack_of(brackets) else {"(": 0.4, "[": 0.3, "{": 0.3}


def closes_the_last_opened(brackets):
    opened = [each for each in brackets if each in CLOSE]
    return {CLOSE[opened[-1]]: 0.5, "(": 0.3}


def measured(words, rule, recipe=SMALL):
    return recipe.prepare(Material(words, 32, Workbench())).measure(Reads(words, rule), 0).scalars


SETS = ("in-distribution", "held-out-depth", "held-out-length", "held-out-both")


def test_a_model_that_balances_has_the_kind_and_the_count(words):
    scalars = measured(words, balances)
    for name in SETS:
        assert scalars[f"dyck/{name}/type"] == 1.0
        assert scalars[f"dyck/{name}/type-not-recent"] == 1.0
        assert scalars[f"dyck/{name}/margin"] > 5
        assert scalars[f"dyck/{name}/count"] == 1.0
        assert scalars[f"dyck/{name}/count-margin"] > 5


def test_a_model_that_counts_has_the_count_and_chance_on_the_kind(words):
    scalars = measured(words, counts)
    for name in SETS:
        assert scalars[f"dyck/{name}/count"] == 1.0
        assert scalars[f"dyck/{name}/type"] == pytest.approx(1 / 3)
        assert scalars[f"dyck/{name}/margin"] == 0.0


def test_a_model_that_closes_what_was_opened_last_is_never_right_where_that_is_another_kind(words):
    prepared = SMALL.prepare(Material(words, 32, Workbench()))
    scalars = prepared.measure(Reads(words, closes_the_last_opened), 0).scalars
    for name in SETS:
        assert scalars[f"dyck/{name}/type-not-recent"] == 0.0
        assert scalars[f"dyck/{name}/type"] == prepared.baselines()[f"dyck/{name}/last-opened"] < 1
        assert scalars[f"dyck/{name}/count"] == 0.5, "it closes whether one is open or not"


def test_constant_logits_know_nothing(words):
    prepared = SMALL.prepare(Material(words, 32, Workbench()))
    scalars = prepared.measure(constant_logits(words.vocab_size), 0).scalars
    for name in SETS:
        assert scalars[f"dyck/{name}/type"] == pytest.approx(1 / 3) == prepared.baselines()[f"dyck/{name}/chance"]
        assert scalars[f"dyck/{name}/count"] == 0.5
        assert scalars[f"dyck/{name}/count-margin"] == pytest.approx(0.0, abs=1e-6)


def test_bytes_and_pieces_can_be_asked(encoders):
    scalars = SMALL.prepare(Material(encoders["byte"], 64, Workbench())).measure(constant_logits(257), 0).scalars
    assert scalars["dyck/held-out-depth/type"] == pytest.approx(1 / 3)


def test_sets_have_the_depths_and_lengths_that_they_say():
    found = documents(SOURCE, 10, 1)
    assert list(found) == list(SETS)
    for name, some in found.items():
        assert len({text for _, text in some}) == len(some)
        for depth, text in some:
            brackets = text.split()
            opened = [len(stack_of(brackets[:end])) for end in range(len(brackets) + 1)]
            assert max(opened) == depth
            assert opened[-1] == 0
            assert (depth == 3) == (name in ("held-out-depth", "held-out-both"))
            assert (len(brackets) == 8) == (name in ("held-out-length", "held-out-both"))
    assert list(documents(Dyck(2), 5, 1)) == ["in-distribution"]


def test_what_is_open_at_every_place():
    found = places([0, 1, 1, 0], [True, True, False, False])
    assert [(place.open, place.last, place.closed) for place in found] == [
        ((0,), 0, -1), ((0, 1), 1, 1), ((0,), 1, 0), ((), 1, -1),
    ]  # fmt: skip


def test_credit_and_margin_of_the_right_kind():
    closing = np.log([[0.6, 0.3], [0.6, 0.3], [0.4, 0.4], [0.6, 0.3], [np.nan, 0.3]])
    credit, margin = types(closing, np.array([0, 1, 0, -1, 0]), 1e-9)
    assert credit[:4].tolist() == [1.0, 0.0, 0.5, 0.0]
    assert margin[:4] == pytest.approx([math.log(2), -math.log(2), 0.0, 0.0])
    assert math.isnan(credit[4])
    assert math.isnan(margin[4])


def test_the_area_counts_ties_half():
    assert area(np.array([2.0, 3.0]), np.array([1.0]), 0) == 1.0
    assert area(np.array([1.0, 3.0]), np.array([2.0]), 0) == 0.5
    assert area(np.array([1.0]), np.array([1.0, 1.0]), 0) == 0.5
    assert area(np.array([1.00001]), np.array([1.0]), 1e-3) == 0.5
    assert math.isnan(area(np.array([np.nan]), np.array([1.0]), 0))


def test_longer_documents_are_left_out_and_said(words):
    prepared = SMALL.prepare(Material(words, 7, Workbench()))
    scalars = prepared.measure(constant_logits(words.vocab_size), 0).scalars
    assert {name for name, _, _ in prepared.documents} == {"in-distribution", "held-out-depth"}
    assert scalars["dyck/unscored"] == 20
    with pytest.raises(SeedbedError, match="none of its 40 items can be scored"):
        SMALL.prepare(Material(words, 4, Workbench()))


def test_a_broken_model_scores_nan(words):
    broken = SameEverywhere(torch.full((words.vocab_size,), float("nan")))
    scalars = SMALL.prepare(Material(words, 32, Workbench())).measure(broken, 0).scalars
    assert math.isnan(scalars["dyck/held-out-depth/type"])
    assert math.isnan(scalars["dyck/held-out-depth/count"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Dyck(1), "with one kind of bracket nothing but counting"),
        (Dyck(2, order="cross-serial"), "is cross-serial"),
        (Dyck(2, held_out_depths=(4,), split="held-out"), "is what is trained on; leave its split out"),
    ],
)
def test_sources_that_cannot_be_asked_are_refused(source, message):
    with pytest.raises(RecipeError, match=message):
        Brackets(source=source)


def test_the_shelf_names_the_source_as_a_table():
    assert probe("dyck").source == Dyck(2, held_out_depths=(4,), held_out_lengths=(20,))
    assert [headline.metric for headline in probe("dyck").headlines] == [
        "dyck/held-out-depth/type", "dyck/held-out-length/type"
    ]  # fmt: skip
    assert Brackets(source=Dyck(2)).headlines[0].metric == "dyck/in-distribution/type"
