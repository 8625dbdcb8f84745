from __future__ import annotations

import hashlib
import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.data.grammar.hashing import sentence_is_held_out
from seedbed.data.grammar.plans import plan_of
from seedbed.data.grammar.rules_file import parse_rules
from seedbed.data.grammar.sampler import Sampler
from seedbed.errors import RecipeError


def sampler(rules, task="either", subject="any", object_="any", *, seed=0, split="train", unambiguous=False):
    return Sampler(rules, plan_of(rules, task, subject, object_, unambiguous=unambiguous), seed=seed, split=split)


@pytest.fixture(scope="module")
def documents(english):
    return sampler(english).documents(0, 30_000)


def classes(label):
    """Subject and object class from a label's template."""
    words = label["construction"].split()
    main = next(
        i for i, word in enumerate(words) if word.startswith("aux") and label["heads"][i] == label["heads"].index(-1)
    )

    def of(part):
        return "RC" if "rel" in part else "PP" if "prep" in part else "plain" if part else "intr"

    return of(words[:main]), of(words[main + 2 : -1])


@settings(max_examples=12, deadline=None)
@given(start=st.integers(0, 10**9), length=st.integers(1, 30), cut=st.integers(0, 30))
def test_a_document_does_not_depend_on_its_block(english, start, length, cut):
    made = sampler(english)
    middle = start + min(cut, length)
    whole = made.documents(start, start + length)
    first, second = made.documents(start, middle), sampler(english).documents(middle, start + length)
    assert whole == (first[0] + second[0], first[1] + second[1])


def test_documents_of_a_seed_are_their_own(english):
    one, other = (sampler(english, seed=seed).documents(0, 500)[0] for seed in (0, 1))
    assert len(set(one) & set(other)) < 10


def test_questions_and_copies_of_one_seed_are_other_sentences(english):
    question, copy = (set(sampler(english, task).documents(0, 5_000)[0]) for task in ("question", "copy"))
    first = {text.partition(" quest ")[0] for text in question}
    assert len(first & {text.partition(" decl ")[0] for text in copy}) < 200


def test_published_marginals_are_met(documents):
    """PROTOCOLS 1.1: shares of subject and object classes, by task."""
    published = {
        "copy": {
            "plain": {"intr": 0.005, "plain": 0.129, "PP": 0.136, "RC": 0.182},
            "PP": {"intr": 0.058, "plain": 0.051, "PP": 0.059, "RC": 0.073},
            "RC": {"intr": 0.067, "plain": 0.069, "PP": 0.075, "RC": 0.096},
        },
        "question": {
            "plain": {"intr": 0.007, "plain": 0.193, "PP": 0.208, "RC": 0.252},
            "PP": {"intr": 0.079, "plain": 0.079, "PP": 0.078, "RC": 0.103},
        },
    }
    labels = documents[1]
    for task, table in published.items():
        of_task = [label for label in labels if label["task"] == task]
        found = Counter(map(classes, of_task))
        wanted = {(subject, object_): share for subject, row in table.items() for object_, share in row.items()}
        assert set(found) == set(wanted)
        for cell, share in wanted.items():
            assert found[cell] / len(of_task) == pytest.approx(share, abs=0.01)
    assert sum(label["task"] == "question" for label in labels) / len(labels) == pytest.approx(0.41165, abs=0.01)
    kinds = Counter(label["subject_rc"] for label in labels if label["subject_rc"] != "none")
    assert [kinds[kind] / kinds.total() for kind in ("o", "si", "st")] == pytest.approx([0.49, 0.26, 0.25], abs=0.015)
    kinds = Counter(label["object_rc"] for label in labels if label["object_rc"] != "none")
    assert [kinds[kind] / kinds.total() for kind in ("o", "si", "st")] == pytest.approx([0.26, 0.48, 0.26], abs=0.015)


def test_words_of_a_category_are_equally_frequent(documents, english):
    counts = Counter(word for text in documents[0] for word in text.split())
    for category, entries in english.lexicon.items():
        for form in range(len(entries[0])):
            found = np.array([counts[entry[form]] for entry in entries])
            assert (np.abs(found / found.mean() - 1) < 0.12).all(), category


def test_a_target_is_the_copy_or_the_question_of_its_declarative(documents, english):
    for text, label in zip(*documents, strict=True):
        if label["task"] == "copy":
            declarative, _, target = text.partition(" decl ")
            assert target == declarative
        else:
            declarative, _, target = text.partition(" quest ")
            auxiliary, _, rest = target.partition(" ")
            words = declarative.split()
            main = next(
                i for i, head in enumerate(label["heads"]) if words[i] == auxiliary and head == label["heads"].index(-1)
            )
            assert rest == " ".join(words[:main] + words[main + 1 : -1] + ["?"])
            # Ambiguous: the main auxiliary is the first.
            assert auxiliary == next(word for word in words if word in ("do", "does", "don't", "doesn't"))


def test_verbs_agree(documents):
    number = {"does": "sg", "doesn't": "sg", "do": "pl", "don't": "pl"}
    for text, label in zip(documents[0][:3_000], documents[1], strict=False):
        words, categories = text.split(), label["construction"].split()
        for i, category in enumerate(categories):
            if category.startswith("aux"):
                verb = label["heads"][i]
                subject = next(
                    j for j, head in enumerate(label["heads"]) if head == verb and label["relations"][j] == "nsubj"
                )
                if categories[subject] == "rel":
                    subject = label["heads"][verb]
                assert category == f"aux.{number[words[i]]}"
                assert categories[subject] == f"noun.{number[words[i]]}"


def test_gold_heads_form_one_tree_over_every_document(documents):
    seen = set()
    for text, label in zip(*documents, strict=True):
        heads, relations = label["heads"], label["relations"]
        assert len(heads) == len(relations) == len(text.split())
        if (label["task"], label["construction"]) in seen:
            continue
        seen.add((label["task"], label["construction"]))
        assert list(heads).count(-1) == 1
        assert relations[heads.index(-1)] == "root"
        for word in range(len(heads)):
            at, steps = word, 0
            while at != -1:
                at, steps = heads[at], steps + 1
                assert steps <= len(heads)
        # The target says the same as the declarative, word by word.
        words, half = text.split(), text.split().index("quest" if label["task"] == "question" else "decl")
        arcs = [
            Counter(
                (words[i].replace("?", "."), relations[i], words[heads[i]])
                for i in side
                if relations[i] not in ("root", "parataxis")
            )
            for side in (range(half), range(half + 1, len(words)))
        ]
        assert arcs[0] == arcs[1]
    assert len(seen) > 360


def test_depth_and_clause_labels_agree(documents):
    for label in documents[1]:
        assert label["embedding_depth"] == int((label["subject_rc"], label["object_rc"]) != ("none", "none"))


def test_most_documents_are_distinct(documents):
    assert len(set(documents[0])) > 0.99 * len(documents[0])


def test_twins_have_the_same_lengths(english):
    """Equal by construction: index by index the same kind of clause, on the subject or on the object."""
    centered = sampler(english, "copy", "relative clause", "plain").documents(0, 4_000)[0]
    branching = sampler(english, "copy", "plain", "relative clause").documents(0, 4_000)[0]
    assert [len(text.split()) for text in centered] == [len(text.split()) for text in branching]
    kinds = Counter(
        label["subject_rc"] for label in sampler(english, "copy", "relative clause", "plain").documents(0, 9_000)[1]
    )
    assert all(abs(count / 9_000 - 1 / 3) < 0.02 for count in kinds.values())


def test_no_sentence_is_in_both_splits(english):
    for split, held in (("train", False), ("held-out", True)):
        for task in ("question", "copy"):
            for text in sampler(english, task, split=split).documents(0, 500)[0]:
                words = text.partition(" quest ")[0].partition(" decl ")[0].split()
                assert sentence_is_held_out(words, english.held_out_share) is held


def test_unambiguous_questions_have_subject_clauses(english):
    _, labels = sampler(english, "question", unambiguous=True).documents(0, 5_000)
    assert sum(label["subject_rc"] != "none" for label in labels) / 5_000 == pytest.approx(0.307, abs=0.02)


def test_too_few_words_for_a_split_are_refused(values):
    for category in ("determiner", "preposition", "intransitive", "transitive", "relativizer"):
        values["lexicon"][category] = values["lexicon"][category][:1]
    for category in ("noun", "auxiliary"):
        values["lexicon"][category] = values["lexicon"][category][:1]
    values["held_out_share"] = 1e-9
    with pytest.raises(RecipeError, match=r"too few sentences of the form .* give its lexicon more words"):
        sampler(parse_rules("mine", values), "copy", "plain", "intransitive", split="held-out").documents(0, 5)


def test_golden_documents(english):
    """A change here changes every corpus: raise the version of the recipe Grammar with it."""
    texts, labels = sampler(english).documents(0, 200)
    assert texts[1] == "our salamanders upon your newts don't wait . quest don't our salamanders upon your newts wait ?"
    content = json.dumps([texts, labels], sort_keys=True)
    assert hashlib.sha256(content.encode()).hexdigest()[:16] == "0122f2efd0c4453b"
