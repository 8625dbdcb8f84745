"""Answers of models that know them, that do not, and of a real one: written, scored, in strata."""

import numpy as np
import pytest
import torch

from seedbed.data.formal.recipes import Addition
from seedbed.errors import SeedbedError, SourceError, UnknownNameError
from seedbed.probes.answer_items import AnswerItem, source_items
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere
from seedbed.probes.exact_answer import PreparedExactAnswers, plain_greedy
from seedbed.probes.recipes import ExactAnswers, probe
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

CPU = torch.device("cpu")
SUMS = Addition(digits=(1, 2, 3), split="held-out", documents=400, held_out_share=0.2)
CUTS = {
    "byte": tokenizer("byte"),
    "single": tokenizer("bpe", digits="single", vocab_size=257),
    "left to right": tokenizer("bpe", digits="left to right", vocab_size=1357),
    "right to left": tokenizer("bpe", digits="right to left", vocab_size=1357),
    "bpe": tokenizer("bpe", vocab_size=300),
}


@pytest.fixture(scope="module")
def items(workbench):
    return source_items(SUMS, 60, workbench)


@pytest.fixture(scope="module")
def cut(items, tmp_path_factory):
    """An encoder for each way to cut numbers."""
    made = {}
    for name, recipe in CUTS.items():
        folder = tmp_path_factory.mktemp("tokenizer")
        train_tokenizer(recipe, [item.text for item in items] * 3, folder)
        made[name] = load_encoder(folder)
    return made


@pytest.fixture(scope="module")
def in_bytes(cut):
    return cut["byte"]


@pytest.mark.parametrize("name", CUTS)
def test_a_model_that_knows_the_answers_has_them_all(name, items, cut, toys):
    prepared = PreparedExactAnswers("sums", items, cut[name], context=64)
    knows = toys.Recites(cut[name], [item.text for item in items])
    found = prepared.measure(knows, 0)
    assert found.scalars["sums/all/exact"] == 1.0
    # It gives 20 nats to what comes next over each of the others, and all tokens the same after the text.
    assert found.scalars["sums/all/margin"] == pytest.approx(20.0, abs=1e-4)
    assert found.scalars["sums/all/nats"] == pytest.approx(0.0, abs=1e-3)
    assert found.items.column("given").to_pylist()[0].strip().startswith(items[0].answer)
    assert found.scalars["sums/shuffled/exact"] < 0.1  # an answer may begin with another one
    assert found.scalars["sums/shuffled/nats"] < -15


def test_the_end_of_the_document_is_told_apart(items, cut, toys):
    encoder = cut["byte"]
    ends = toys.Recites(encoder, [item.text for item in items])
    ends.next |= {(0, *encoder.encode(item.text)): encoder.eos_id for item in items[::2]}
    # What is not known gives equal logits, of which greedy decoding takes token 0: make it another.
    forward = ends.forward
    ends.forward = lambda tokens: forward(tokens) + torch.eye(encoder.vocab_size)[7]
    prepared = PreparedExactAnswers("sums", items, encoder, context=64)
    scalars = prepared.measure(ends, 0).scalars
    assert scalars["sums/all/exact"] == 1.0
    assert scalars["sums/all/ended"] == 0.5


def test_a_model_that_knows_nothing(items, cut):
    encoder = cut["single"]
    prepared = PreparedExactAnswers("sums", items, encoder, context=64)
    scalars = prepared.measure(SameEverywhere(torch.zeros(encoder.vocab_size)), 0).scalars
    assert scalars["sums/all/exact"] == 0.0
    assert scalars["sums/all/margin"] == pytest.approx(0.0, abs=1e-6)
    assert scalars["sums/all/nats-per-token"] == pytest.approx(-np.log(encoder.vocab_size), rel=1e-5)
    tokens = np.mean([len(item.answer) for item in items])
    assert scalars["sums/all/nats"] == pytest.approx(-tokens * np.log(encoder.vocab_size), rel=1e-5)


@pytest.mark.parametrize("name", CUTS)
def test_a_real_model_gives_what_each_question_gives_by_itself(name, items, cut):
    encoder = cut[name]
    model = Transformer(Model(2, 32, 4, context=40, init_std=0.3), encoder.vocab_size, 1)
    prepared = PreparedExactAnswers("sums", items[:20], encoder, context=40)
    table = prepared.measure(model, 0).items.to_pylist()
    for item, row in zip(items[:20], table, strict=True):
        whole = encoder.encode(item.text)
        answer = row["answer_tokens"]
        assert encoder.decode(whole[-answer:]).strip() == item.answer
        with torch.no_grad():
            log_p = model(torch.tensor([[encoder.eos_id, *whole]]))[0].double().log_softmax(-1)
        places = range(len(whole) - answer, len(whole))
        nats = sum(float(log_p[place, whole[place]]) for place in places)
        assert row["nats"] == pytest.approx(nats, abs=1e-4)
        margins = []
        for place in places:
            others = log_p[place].tolist()
            margins.append(others.pop(whole[place]) - max(others))
        assert row["margin_first"] == pytest.approx(margins[0], abs=1e-4)
        assert row["margin"] == pytest.approx(min(margins), abs=1e-4)
        greedy = all(int(log_p[place].argmax()) == whole[place] for place in places)
        assert row["exact"] == float(greedy) == float(row["margin"] > 0)


def test_text_written_fast_is_the_text_written_plainly(items, cut):
    encoder = cut["bpe"]
    model = Transformer(Model(2, 32, 4, context=40, init_std=0.3), encoder.vocab_size, 1)
    prompts = [[encoder.eos_id, *encoder.encode(item.question)] for item in items]
    with torch.inference_mode():
        plain = plain_greedy(model, prompts, encoder.eos_id, 9, CPU)
        fast = model.continuations(prompts, eos_id=encoder.eos_id, max_new_tokens=9)
    assert [(each.tokens, each.ended) for each in fast] == [(each.tokens, each.ended) for each in plain]


def test_strata_add_up_and_the_items_show_them(items, cut, toys):
    encoder = cut["byte"]
    knows = toys.Recites(encoder, [item.text for item in items[::2]])
    found = PreparedExactAnswers("sums", items, encoder, context=64).measure(knows, 0)
    rows = found.items.to_pylist()
    for row in rows:
        a, _, b, _ = row["question"].split()
        assert row["answer"] == str(int(a) + int(b))
        assert row["answer_longer"] == (len(row["answer"]) > max(len(a), len(b)))
        assert row["digits"] == max(len(a), len(b))
        assert row["equal_digits"] == (len(a) == len(b))
        digit_sums = sum(map(int, a + b)) - sum(map(int, row["answer"]))
        assert row["carries"] == digit_sums // 9  # every carry takes ten and gives one
        assert (row["margin"] > 0) == (row["exact"] == 1.0)
    assert {row["exact"] for row in rows} == {0.0, 1.0}
    for stratum, column, value in (
        ("carries-1", "carries", 1),
        ("digits-3", "digits", 3),
        ("answer-longer", "answer_longer", True),
        ("answer-as-long", "answer_longer", False),
        ("addends-of-one-length", "equal_digits", True),
        ("addends-of-other-lengths", "equal_digits", False),
    ):
        of_these = [row["exact"] for row in rows if row[column] == value]
        assert of_these
        assert found.scalars[f"sums/{stratum}/exact"] == pytest.approx(np.mean(of_these))


def test_no_item_is_in_training_text(workbench, in_bytes):
    recipe = probe("addition")
    prepared = recipe.prepare(Material(in_bytes, 64, workbench))
    asked = {item.question for item in prepared.items}
    assert len(asked) == 300
    training = Addition(digits=(1, 2, 3), held_out_share=0.05, documents=60_000).generator(workbench)
    texts, _ = training(np.arange(training.documents))
    seen = {text.partition("= ")[0] + "= " for text in texts}
    mirrored = {" ".join([b, "+", a, "=", ""]) for a, _, b, _ in map(str.split, seen)}
    assert len(seen) > 30_000
    assert not asked & (seen | mirrored)


def test_the_held_out_documents_of_a_component(workbench, in_bytes):
    recipe = ExactAnswers("own", component="sums", items=3)
    texts = ["1 + 2 = 3", "no answer here", "10 + 2 = 12", "1 + 2 = 3", "5 + 5 = 10", "7 + 7 = 14", "8 + 1 = "]
    prepared = recipe.prepare(Material(in_bytes, 64, workbench, {"sums": texts, "other": []}))
    assert [(item.question, item.answer) for item in prepared.items] == [
        ("1 + 2 = ", "3"), ("10 + 2 = ", "12"), ("5 + 5 = ", "10"),
    ]  # fmt: skip
    with pytest.raises(UnknownNameError, match=r"sum.*sums"):
        ExactAnswers("own", component="sum").prepare(Material(in_bytes, 64, workbench, {"sums": texts}))
    with pytest.raises(SourceError, match=r"no held-out document of 'sums' has an answer after ' is '; raise its"):
        ExactAnswers("own", component="sums", answer_after=" is ").prepare(
            Material(in_bytes, 64, workbench, {"sums": texts})
        )


def test_answers_that_are_longer_than_characters_and_stand_in_the_middle(toys, in_bytes):
    items = [AnswerItem("Wie heißt sie? Zoë, glaube ich.", 15, 18), AnswerItem("Wie heißt er? Jörg.", 14, 18)]
    prepared = PreparedExactAnswers("names", items, in_bytes, context=64)
    found = prepared.measure(toys.Recites(in_bytes, [item.text for item in items]), 0)
    assert found.scalars["names/all/exact"] == 1.0
    assert found.items.column("answer").to_pylist() == ["Zoë", "Jörg"]
    assert found.items.column("answer_tokens").to_pylist() == [4, 5]
    assert "carries" not in found.items.column_names


def test_word_tokens(encoders, toys):
    encoder = encoders["word"]
    items = [AnswerItem("the newt does sleep quest does", 26, 30), AnswerItem("the newt does sleep decl .", 25, 26)]
    prepared = PreparedExactAnswers("words", items, encoder, context=16)
    assert prepared.measure(toys.Recites(encoder, [item.text for item in items]), 0).scalars["words/all/exact"] == 1.0


def test_what_a_context_does_not_hold_is_refused(items, in_bytes):
    with pytest.raises(SeedbedError, match=r"sums: .* tokens long and the model's context is 8; give the model"):
        PreparedExactAnswers("sums", items, in_bytes, context=8)
