from __future__ import annotations

import numpy as np
import pytest

from seedbed.data.grammar.conditions import Conditions, Mode
from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.expand import Expander, sentence_hashes
from seedbed.data.grammar.hashing import mix, word_hash
from seedbed.data.grammar.hashing import sentence_hashes as hash_rows
from seedbed.data.grammar.options import Layout
from seedbed.data.grammar.tables import Tables
from tests.data.grammar.toys import scene, tongue, zoo


def expander(grammar, of=None):
    conditions = Conditions(Layout(grammar, "either", {}, None), ())
    return Expander(Tables(conditions.layout, conditions, [Mode((), None)]), of)


def forest_of(made, keys):
    return made.forest(keys, np.full(len(keys), made.tables.roots[0]))


KEYS = mix(np.arange(400, dtype=np.uint64))


def texts(made, forest):
    words = [made.tables.words[word] for word in forest.word]
    return [" ".join(words[a : a + n]) for a, n in zip(forest.starts, forest.sizes, strict=True)]


def test_a_derivation_depends_on_its_key_alone():
    made = expander(zoo())
    whole = texts(made, forest_of(made, KEYS))
    order = np.argsort(mix(KEYS))
    assert texts(made, forest_of(made, KEYS[order])) == [whole[i] for i in order]
    assert texts(made, forest_of(made, KEYS[7:8])) == whole[7:8]


def test_heads_make_one_tree_without_crossing_sentences():
    made = expander(zoo())
    forest = forest_of(made, KEYS)
    for start, size in zip(forest.starts.tolist(), forest.sizes.tolist(), strict=True):
        heads = forest.heads[start : start + size]
        assert (heads < 0).sum() == 1
        assert ((heads < 0) | ((heads >= start) & (heads < start + size))).all()
        for word in range(start, start + size):
            at, steps = word, 0
            while at >= 0:
                at, steps = forest.heads[at], steps + 1
                assert steps <= size


def test_gold_syntax_of_a_sentence_by_hand():
    found = {}
    for sentence in Sampler(zoo(), Request(task="question", shares={"relative": 1.0})).sentences(0, 300):
        shape = " ".join(name or word for name, word in zip(sentence.categories, sentence.words, strict=True))
        found.setdefault(shape, sentence)
    subject = "determiner noun that auxiliary verb"
    sentence = found[f"{subject} auxiliary verb . quest auxiliary {subject} verb ?"]
    assert sentence.heads == (1, 6, 4, 4, 1, 6, -1, 6, 15, 15, 11, 15, 14, 14, 11, 6, 15)
    assert sentence.relations == (
        *("det", "nsubj", "nsubj", "aux", "acl:relcl", "aux", "root", "punct", "discourse"),
        *("aux", "det", "nsubj", "nsubj", "aux", "acl:relcl", "parataxis", "punct"),
    )
    assert sentence.paths[:3] == ("first.subject.determiner", "first.subject.noun", "first.subject.that")
    assert (sentence.labels["embedding_depth"], sentence.labels["center_depth"]) == (1, 1)


def test_choices_come_as_often_as_they_weigh():
    made = expander(zoo())
    keys = mix(np.arange(40_000, dtype=np.uint64) + np.uint64(10**6))
    forest = forest_of(made, keys)
    rules = [made.tables.rule_names[rule] for rule in made.tables.row_rule[forest.waves[0].row]]
    assert rules.count("copy") / len(rules) == pytest.approx(0.6, abs=0.01)
    wave = forest.waves[3]  # the noun phrases of the main clauses
    phrases = [made.tables.rule_names[rule] for rule in made.tables.row_rule[wave.row]]
    assert phrases.count("plain") / len(phrases) == pytest.approx(0.75, abs=0.01)


def test_sentence_hashes_depend_on_words_and_their_order_and_on_the_measured_part_alone():
    made = expander(zoo(), "first")
    forest = forest_of(made, KEYS)
    hashes = sentence_hashes(forest, made.tables.word_hashes)
    firsts = [text.split(" quest ")[0].split(" decl ")[0] for text in texts(made, forest)]
    by_text = {}
    for text, value in zip(firsts, hashes.tolist(), strict=True):
        assert by_text.setdefault(text, value) == value
    assert len(set(by_text.values())) == len(by_text)
    for text, value in list(by_text.items())[:50]:  # the hash by which probes know what is held out
        assert hash_rows(np.array([[word_hash(word) for word in text.split()]], dtype=np.uint64))[0] == value


def test_order_changes_no_word():
    meaning = scene()
    free = tongue(meaning)
    fixed = tongue(meaning, (', order = ["subject verb object", "object verb subject"]', ""))
    one, other = (texts(each, forest_of(each, KEYS)) for each in (expander(free), expander(fixed)))
    assert [sorted(text.split()) for text in one] == [sorted(text.split()) for text in other]
    assert 0.3 < sum(a != b for a, b in zip(one, other, strict=True)) / len(one) < 0.7
