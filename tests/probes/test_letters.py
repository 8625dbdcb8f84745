"""Letter questions: which are asked, what the tokenizer makes of their words, and scores of models that are known."""

import numpy as np
import pytest
import torch

from seedbed.data.formal.letters import LetterDraws, chosen_words
from seedbed.data.formal.word_recipes import LetterDrills
from seedbed.errors import RecipeError, SeedbedError, UnknownNameError
from seedbed.probes.base import Material
from seedbed.probes.baselines import SameEverywhere
from seedbed.probes.letters import Rules, cuts, questions, strata
from seedbed.probes.letters_recipe import LetterQuestions
from seedbed.probes.recipes import probe
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.model import Transformer
from seedbed.training.recipes import Model

DRILLS = LetterDrills(words=150, always_drilled=("strawberry",), always_held_out=("blueberry",))
ASKED = LetterQuestions(
    "letters", source=DRILLS, tasks=("count", "spell"), items=40, seen_items=30, words=("strawberry", "blueberry")
)
RECIPES = {
    "byte": tokenizer("byte"),
    "bpe": tokenizer("bpe", vocab_size=400),
    "joined": tokenizer("bpe", vocab_size=800),
    "unigram": tokenizer("unigram", vocab_size=320),
}


@pytest.fixture(scope="module")
def cut(tmp_path_factory):
    """An encoder of each kind, all trained on mentions of every word."""
    texts, _ = LetterDraws(LetterDrills(words=150, tasks=("mention",), documents=2_000))(np.arange(2_000))
    made = {}
    for name, recipe in RECIPES.items():
        folder = tmp_path_factory.mktemp("tokenizer")
        train_tokenizer(recipe, [*texts, "count : 0 1 2 3 spell a b c d e"], folder)
        made[name] = load_encoder(folder)
    return made


@pytest.fixture(scope="module")
def prepared(cut, workbench):
    return {name: ASKED.prepare(Material(encoder, 80, workbench)) for name, encoder in cut.items()}


@pytest.mark.parametrize("name", RECIPES)
def test_the_same_questions_under_every_tokenizer(name, prepared):
    one = prepared[name]
    assert [item.text for item in one.items] == [item.text for item in prepared["byte"].items]
    assert len({item.text for item in one.items}) == len(one.items)
    rows = one._strata
    assert rows["all"].all()
    sides = {key: int(rows[key].sum()) for key in ("held-out.count", "held-out.spell", "seen.count", "seen.spell")}
    # There are no more than 31 held-out words to spell, each in one way.
    assert sides == {"held-out.count": 40, "held-out.spell": 31, "seen.count": 30, "seen.spell": 30}
    # s t r a w b e y, and b l u e r y.
    assert [int(rows[f"word-{word}"].sum()) for word in ("strawberry", "blueberry")] == [8, 6]


@pytest.mark.parametrize("name", RECIPES)
def test_each_kind_of_stratum_divides_what_it_is_about(name, prepared):
    rows = prepared[name]._strata
    for side in ("held-out.count", "seen.count"):
        for kinds in (("short", "middle", "long"), ("none", "once", "more"), ("tokens-drilled", "tokens-new")):
            assert np.sum([rows[f"{side}.{kind}"] for kind in kinds if f"{side}.{kind}" in rows], axis=0).tolist() == (
                rows[side].astype(int).tolist()
            )
        there = rows[side] & ~rows[f"{side}.none"]
        kinds = [each for each in rows if each.startswith(f"{side}.letter-")]
        assert np.sum([rows[kind] for kind in kinds], axis=0).tolist() == there.astype(int).tolist()
        tokens = [each for each in rows if each.startswith(f"{side}.tokens-") and each.split("-")[-1] not in ("new",)]
        tokens = [each for each in tokens if not each.endswith("drilled")]
        assert np.sum([rows[kind] for kind in tokens], axis=0).tolist() == rows[side].astype(int).tolist()


def test_bytes_show_every_letter_and_know_every_token(prepared):
    rows = prepared["byte"]._strata
    assert {each for each in rows if ".letter-" in each} == {
        "held-out.count.letter-at-edge",
        "seen.count.letter-at-edge",
    }
    assert "held-out.count.tokens-new" not in rows
    assert all(
        len(each.tokens) == len(label["word"])
        for each, label in zip(prepared["byte"].cuts, prepared["byte"].labels, strict=True)
    )


def test_words_that_are_one_token_are_new_where_they_are_held_out(prepared):
    rows = prepared["joined"]._strata
    one = rows["held-out.count.tokens-1"]
    assert one.sum() > 10
    assert (rows["held-out.count.tokens-new"] & one).sum() == one.sum()
    assert "seen.count.tokens-new" not in rows


def test_where_letters_lie_in_tokens(cut):
    encoder = cut["joined"]
    # The most frequent word of the mentions is one token: its first letter begins it, others are inside.
    word = max(chosen_words(DRILLS).every, key=lambda each: -each.rank).word
    [one] = cuts("letters", [f"count {word[0]} {word} :"], [word], [word[0]], encoder)
    assert len(one.tokens) == 1
    ends = {0, len(word) - 1}
    there = {place for place, letter in enumerate(word) if letter == word[0]}
    assert (one.edge, one.inside) == (len(there & ends), len(there - ends))
    [other] = cuts("letters", ["count p people :"], ["people"], ["p"], cut["byte"], ["count p people : 2"])
    assert (len(other.tokens), other.edge, other.inside) == (6, 2, 0)


def test_a_model_that_knows_everything(prepared, cut, toys):
    for name in RECIPES:
        one = prepared[name]
        found = one.measure(toys.Recites(cut[name], [item.text for item in one.items]), 0)
        assert found.scalars["letters/held-out.count/exact"] == 1.0
        assert found.scalars["letters/word-blueberry/exact"] == 1.0
        assert found.scalars["letters/held-out.count/number"] == 1.0
        assert found.scalars["letters/held-out.count/error"] == 0.0
        assert "letters/held-out.spell/error" not in found.scalars


class Says(torch.nn.Module):
    """Always the same byte."""

    def __init__(self, token, vocab_size):
        super().__init__()
        self.logits = torch.nn.functional.one_hot(torch.tensor(token), vocab_size).float()

    def forward(self, tokens):
        return self.logits.expand(*tokens.shape, -1)


def test_errors_of_counts_are_distances_of_the_numbers_given(prepared, cut):
    one, encoder = prepared["byte"], cut["byte"]
    [one_token] = encoder.encode("1")
    found = one.measure(Says(one_token, encoder.vocab_size), 0)
    rows = one._strata["held-out.count"]
    counts = np.array([each.get("count", -1) for each in one.labels])[rows]
    # It gives "111...", of which the first digit is read.
    assert found.scalars["letters/held-out.count/error"] == pytest.approx(float(np.abs(counts - 1).mean()))
    assert found.scalars["letters/held-out.count/exact"] == 0.0  # the space before it is not given
    assert found.scalars["letters/held-out.count/number"] == 1.0
    [letter] = encoder.encode("x")
    scalars = one.measure(Says(letter, encoder.vocab_size), 0).scalars
    assert scalars["letters/held-out.count/number"] == 0.0
    assert "letters/held-out.count/error" not in scalars


def test_a_model_that_knows_nothing(prepared, cut):
    scalars = prepared["bpe"].measure(SameEverywhere(torch.zeros(cut["bpe"].vocab_size)), 0).scalars
    assert scalars["letters/held-out.count/exact"] == 0.0
    assert scalars["letters/held-out.count/margin"] == pytest.approx(0.0, abs=1e-6)


def test_rows_of_a_real_model_agree_with_its_scalars(prepared, cut):
    one = prepared["unigram"]
    model = Transformer(Model(1, 16, 2, context=80, init_std=0.3), cut["unigram"].vocab_size, 1)
    found = one.measure(model, 0)
    table = found.items.to_pylist()
    for stratum, rows in one._strata.items():
        exact = np.mean([each["exact"] for each, there in zip(table, rows, strict=True) if there])
        assert found.scalars[f"letters/{stratum}/exact"] == pytest.approx(exact)
    assert {each["split"] for each in table} == {"held-out", "seen"}
    assert all(each["word_tokens"] >= 1 for each in table)
    assert all(
        each["letters_at_edge"] + each["letters_inside"] == each["count"] for each in table if each["count"] is not None
    )


def test_rules_know_letters_and_lengths_and_not_the_word(prepared):
    shares = prepared["byte"].baselines()
    assert set(shares) == {
        f"letters/{side}.count/{rule}"
        for side in ("held-out", "seen")
        for rule in ("commonest", "by-letter-and-length")
    }
    assert all(0.2 < share < 0.75 for share in shares.values())
    rules = Rules(DRILLS)
    assert rules.commonest() in (0, 1)
    assert rules.of_letter("e", 99) == rules.commonest()


def test_questions_about_held_out_words_are_in_no_drill():
    texts, _ = questions(DRILLS, "count", "held-out", 50)
    drilled, _ = LetterDraws(DRILLS)(np.arange(4_000))
    assert len(texts) == 50
    assert not {text.split(" ")[2] for text in texts} & {text.split(" ")[2] for text in drilled}


@pytest.mark.parametrize("name", RECIPES)
def test_a_question_is_cut_alike_whatever_its_answer(name, prepared, cut):
    encoder = cut[name]
    for item, (prompt, answer) in zip(prepared[name].items, prepared[name]._right, strict=True):
        assert prompt == [encoder.eos_id, *encoder.encode(item.question)]
        assert encoder.decode(answer) == item.answer


def test_strata_of_nothing():
    assert list(strata([], [], [])) == ["all"]


def test_headlines_and_smoke():
    assert [each.metric for each in ASKED.headlines] == [
        "letters/held-out.count/exact",
        "letters/seen.count/exact",
        "letters/held-out.spell/exact",
        "letters/seen.spell/exact",
    ]
    assert [each.asked for each in ASKED.headlines] == [True, False, True, False]
    small = ASKED.smoke()
    assert (small.items, small.seen_items, small.words) == (12, 12, ("strawberry",))
    assert probe("letters", items=7) == LetterQuestions("letters", source=LetterDrills(), items=7)


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        ({"tasks": ("mention",)}, "there are count, spell"),
        ({"tasks": ("count", "count")}, "each named once"),
        ({"source": LetterDrills(split="held-out")}, "as they are trained on"),
    ],
)
def test_a_recipe_that_contradicts_itself_is_refused(wrong, mend):
    with pytest.raises(RecipeError, match=mend):
        LetterQuestions("letters", **wrong)


def test_what_cannot_be_asked_is_refused(cut, workbench):
    with pytest.raises(UnknownNameError, match="word of these drills"):
        LetterQuestions("letters", source=DRILLS, words=("strawbery",)).prepare(Material(cut["byte"], 80, workbench))
    with pytest.raises(SeedbedError, match="context"):
        ASKED.prepare(Material(cut["byte"], 20, workbench))
