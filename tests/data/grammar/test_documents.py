from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.grammar.documents import Request, Sampler, word_distance
from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.errors import RecipeError
from seedbed.workbench import Workbench
from tests.data.grammar.toys import scene, tongue, zoo

ADJECTIVES = (
    ("verb       =", 'adjective  = ["black", "white"]\nverb       ='),
    (
        "relative = { is",
        'long = "determiner:det adjective:amod more=adjective:amod even=adjective:amod noun[number]:head"\n'
        "relative = { is",
    ),
)
REQUESTS = [
    Request(),
    Request(task="question", seed=5),
    Request(shares={"relative": 0.3}),
    Request(without=("relative",), split="held-out"),
    Request(depth_shares={0: 0.5, 1: 0.25, 2: 0.25}, split="any"),
    Request(max_words=7, lengths_like=Request(task="question", max_words=7)),
    Request(shares={"relative": 0.3}, max_words=8, twin="relative"),
]


@pytest.fixture(scope="module")
def samplers():
    grammar = zoo(*ADJECTIVES)
    return [Sampler(grammar, request) for request in REQUESTS]


@settings(max_examples=30, deadline=None)
@given(
    which=st.integers(0, len(REQUESTS) - 1),
    start=st.integers(0, 10**9),
    length=st.integers(1, 40),
    cut=st.integers(0, 40),
)
def test_a_document_does_not_depend_on_its_block(samplers, which, start, length, cut):
    middle = start + min(cut, length)
    whole = samplers[which].documents(start, start + length)
    first = samplers[which].documents(start, middle)
    second = samplers[which].documents(middle, start + length)
    assert whole.texts == first.texts + second.texts
    assert whole.labels == first.labels + second.labels


def test_the_same_bytes_as_ever():
    """If this fails, the draw has changed: raise the version of the recipe `Grammar`."""
    assert Sampler(zoo(), Request()).documents(0, 4).texts == [
        "my newts don't see the quails . quest don't my newts see the quails ?",
        "the newt does see my newt . decl the newt does see my newt .",
        "my newt does hear my quails . decl my newt does hear my quails .",
        "my yaks that don't wait do hear the newts . decl my yaks that don't wait do hear the newts .",
    ]


def test_seeds_tasks_and_splits_have_documents_of_their_own():
    grammar = zoo()
    requests = [Request(), Request(seed=1), Request(task="copy"), Request(split="held-out")]
    made = [firsts(Sampler(grammar, each), 200) for each in requests]
    for at, one in enumerate(made):
        for other in made[at + 1 :]:
            assert sum(a == b for a, b in zip(one, other, strict=True)) < 20


def contains(block, mark):
    return [mark in known["constructions"] for known in block.labels]


def test_a_share_is_exact_and_has_the_grammars_own_distribution():
    grammar = zoo()
    asked = Sampler(grammar, Request(shares={"relative": 0.29}, split="any")).documents(0, 1000)
    has = contains(asked, "relative")
    assert has == [(i + 1) * 29 // 100 > i * 29 // 100 for i in range(1000)]
    free = Sampler(grammar, Request(split="any")).documents(0, 60_000)
    given_ = Sampler(grammar, Request(shares={"relative": 1.0}, split="any")).documents(0, 20_000)

    def kinds(block, wanted):
        found = Counter(
            (known["task"], known["embedding_depth"], known["center_depth"], len(text.split()))
            for text, known, has in zip(block.texts, block.labels, contains(block, "relative"), strict=True)
            if has == wanted
        )
        return {kind: count / found.total() for kind, count in found.items()}

    one, other = kinds(free, True), kinds(given_, True)
    assert max(abs(one.get(kind, 0) - other.get(kind, 0)) for kind in one.keys() | other) < 0.012


def test_copies_stay_copies_under_a_condition():
    for request in (Request(shares={"relative": 1.0}), Request(depth_shares={2: 1.0}), Request(without=("relative",))):
        for text in Sampler(zoo(), Request(**{**vars(request), "task": "copy"})).documents(0, 300).texts:
            first, _, second = text.partition(" decl ")
            assert first == second


def test_depth_shares_are_exact():
    block = Sampler(zoo(), Request(depth_shares={0: 0.5, 1: 0.3, 2: 0.2})).documents(0, 1000)
    assert Counter(known["embedding_depth"] for known in block.labels) == {0: 500, 1: 300, 2: 200}
    for known in block.labels:
        assert known["embedding_depth"] == depth_of(known["heads"], known["relations"])


def depth_of(heads, relations):
    def above(word):
        return (relations[word] == "acl:relcl") + (0 if heads[word] < 0 else above(heads[word]))

    return max(above(word) for word in range(len(heads)))


def test_without_leaves_none():
    block = Sampler(zoo(), Request(without=("relative",))).documents(0, 2000)
    assert not any(contains(block, "relative"))
    assert not any(" that " in text for text in block.texts)


def test_a_twin_by_rule_keeps_words_and_length():
    grammar = zoo(
        ('marks = ["relative"]', 'marks = ["relative"], twin = "beside"'),
        (
            "[rules.Clause]",
            'beside = { weight = 0, is = "determiner:det noun[number]:head '
            "'beside':case>object object=NounPhrase[depth]:nmod\" }\n[rules.Clause]",
        ),
    )
    request = Request(shares={"relative": 0.4}, task="copy")
    original = Sampler(grammar, request).documents(0, 500)
    twin = Sampler(grammar, Request(**{**vars(request), "twin": "relative"})).documents(0, 500)
    assert sum(contains(original, "relative")) == 200
    assert not any(contains(twin, "relative"))
    same_subject = 0
    for one, other, has in zip(original.texts, twin.texts, contains(original, "relative"), strict=True):
        assert (one == other) != has
        assert not sentence_is_held_out(other.split(" decl ")[0].split(), 0.05)
        same_subject += one.split()[:2] == other.split()[:2]  # its own words are drawn by the same keys
    assert same_subject > 480  # of the others the twin was held out, and the next draw was taken
    assert [known["item"] for known in original.labels] == [known["item"] for known in twin.labels]


def test_a_twin_without_rules_matches_length_and_task():
    grammar = zoo(*ADJECTIVES)
    request = Request(shares={"relative": 0.3}, max_words=8)
    original = Sampler(grammar, request)
    twin = Sampler(grammar, Request(**{**vars(request), "twin": "relative"}))
    one, other = original.documents(0, 1000), twin.documents(0, 1000)
    assert original.lengths(0, 1000).tolist() == twin.lengths(0, 1000).tolist()
    assert [known["task"] for known in one.labels] == [known["task"] for known in other.labels]
    assert sum(contains(one, "relative")) == 300 and not any(contains(other, "relative"))
    same = [a == b for a, b in zip(one.texts, other.texts, strict=True)]
    assert same == [not has for has in contains(one, "relative")]
    assert 0 < word_distance(one.texts, other.texts) < 0.15


def test_lengths_like_another_corpus_index_by_index():
    asked = Request(task="question", max_words=7)
    like = Sampler(zoo(), asked).lengths(0, 400)
    made = Sampler(zoo(), Request(task="copy", lengths_like=asked)).lengths(0, 400)
    assert like.tolist() == made.tolist()
    assert like.min() >= 3 and like.max() <= 7


def test_word_distance():
    assert word_distance(["a b"], ["b a"]) == 0
    assert word_distance(["a a"], ["b"]) == 1
    assert word_distance(["a a a b"], ["a b"]) == pytest.approx(0.25)


def firsts(sampler, count):
    return [text.split(" decl ")[0].split(" quest ")[0] for text in sampler.documents(0, count).texts]


def test_no_sentence_is_in_both_splits():
    grammar = zoo()
    train = set(firsts(Sampler(grammar, Request()), 20_000))
    held = set(firsts(Sampler(grammar, Request(split="held-out")), 2_000))
    assert not train & held
    anything = Sampler(grammar, Request(split="any"))
    flags = [sentence.held_out for sentence in anything.sentences(0, 4_000)]
    assert 0.02 < sum(flags) / len(flags) < 0.12  # short sentences recur, so the share is rough
    assert all((first in train) <= (not flag) for first, flag in zip(firsts(anything, 4_000), flags, strict=True))


HOLD_OUTS = {
    "words": "words = { noun = ['yak'] }",
    "together": "together = [['newt', 'relative']]",
    "marks": "marks = ['relative']",
    "depth": "depth = 2",
}


@pytest.mark.parametrize("kind", HOLD_OUTS)
def test_what_is_held_out_is_in_one_split_alone(kind):
    grammar = zoo(("share = 0.05", HOLD_OUTS[kind]))
    for split in ("train", "held-out"):
        for sentence in Sampler(grammar, Request(split=split)).sentences(0, 300):
            has = {
                "words": "yak" in sentence.concepts,
                "together": "newt" in sentence.concepts and "relative" in sentence.labels["constructions"],
                "marks": "relative" in sentence.labels["constructions"],
                "depth": sentence.labels["embedding_depth"] >= 2,
            }[kind]
            assert has == (split == "held-out")


def test_one_kind_of_hold_out_can_be_asked_for():
    grammar = zoo(("share = 0.05", "share = 0.05\ndepth = 2\nwords = { noun = ['yak'] }"))
    block = Sampler(grammar, Request(split="held-out", held_out="depth")).documents(0, 200)
    assert {known["embedding_depth"] for known in block.labels} == {2}


def test_what_is_held_out_cannot_be_asked_of_training():
    grammar = zoo(("share = 0.05", "marks = ['relative']\ndepth = 2"))
    with pytest.raises(RecipeError, match="'relative' is held out of training; write split='held-out'"):
        Sampler(grammar, Request(shares={"relative": 0.1}))
    with pytest.raises(RecipeError, match="embedding depth 2 is held out of training"):
        Sampler(grammar, Request(depth_shares={2: 1.0}))


def test_a_share_that_no_rule_can_give_is_refused():
    flat = zoo(("depth=0]:nsubj", "depth=2]:nsubj"), ("depth=0]:obj", "depth=2]:obj"))
    with pytest.raises(RecipeError, match=r"no document of task 'either' is possible with 'relative'"):
        Sampler(flat, Request(shares={"relative": 0.1}))
    with pytest.raises(RecipeError, match=r"no document of task 'copy' is possible at embedding depth 3"):
        Sampler(zoo(), Request(task="copy", depth_shares={3: 1.0}))
    with pytest.raises(RecipeError, match=r"none of [\d,]+ draws of document 0 was of at most 1 words and"):
        Sampler(zoo(), Request(max_words=1)).documents(0, 1)


def test_languages_of_one_meaning_say_the_same():
    meaning = scene()
    language = tongue(meaning)
    request = Request(shares={"owner": 0.3}, seed=2)
    one, other = Sampler(meaning, request), Sampler(language, request)
    orders = set()
    for mine, theirs in zip(one.sentences(0, 500), other.sentences(0, 500), strict=True):
        there = dict(zip(theirs.keys, zip(theirs.concepts, theirs.features, strict=True), strict=True))
        for key, concept, features in zip(mine.keys, mine.concepts, mine.features, strict=True):
            assert there[key][0] == concept
            assert features.get("number", "") in ("", there[key][1].get("number"))
        assert len(there) == len(mine.words) + sum(name == "article" for name in theirs.categories)
        assert mine.labels["item"] == theirs.labels["item"]
        assert mine.labels["constructions"] == theirs.labels["constructions"]
        orders.add(theirs.relations[0:2] == ("det", "nsubj"))
    assert orders == {True, False}
    assert sum("owner" in known["constructions"] for known in other.documents(0, 500).labels) == 150


def test_agreement_and_equal_nouns_in_a_language_with_gender():
    forms = {"Hund": "der", "Katze": "die", "Sonne": "die", "Kind": "das"}
    nouns: Counter[str] = Counter()
    for sentence in Sampler(tongue(scene()), Request()).sentences(0, 4_000):
        place = sentence.paths.index("subject.noun")
        noun, article = sentence.words[place], sentence.words[sentence.paths.index("subject.article")]
        assert article == forms.get(noun, "die")
        assert sentence.features[place]["number"] == sentence.features[sentence.paths.index("verb")]["number"]
        nouns[sentence.concepts[place]] += 1
    # Each noun is as frequent as another, whatever its gender.
    assert max(nouns.values()) / min(nouns.values()) < 1.25


def test_probes_and_training_know_the_same_sentences_as_held_out():
    for grammar in (load_grammar("english", Workbench()), load_grammar("english_tense", Workbench())):
        sentences = Sampler(grammar, Request(split="any")).sentences(0, 1_000)
        for sentence in sentences:
            first = [
                word for word, path in zip(sentence.words, sentence.paths, strict=True) if path.startswith("first")
            ]
            assert sentence_is_held_out(first, grammar.held_out.share) == sentence.held_out
        assert any(sentence.held_out for sentence in sentences)
