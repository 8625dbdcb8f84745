from __future__ import annotations

import pytest
from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.annotators.depth import DepthAnnotator, center_depths, clausal_words, clause_depths
from seedbed.data.annotators.parse import ROOT
from seedbed.data.recipes import Grammar


def depths(parse, rows):
    found = DepthAnnotator().annotate(parse(rows))
    return found.metadata["embedding_depth"], found.metadata["center_embedding_depth"], set(found.constructions)


def test_one_clause_has_no_depth(parse):
    assert depths(parse, "dogs/NOUN/2/nsubj sleep/VERB/0/root ./PUNCT/2/punct") == (0, 0, set())


def test_clauses_between_subject_and_verb_are_counted_by_nesting(parse):
    rows = (
        "the/DET/2/det rat/NOUN/9/nsubj the/DET/4/det cat/NOUN/8/nsubj the/DET/6/det dog/NOUN/7/nsubj "
        "chased/VERB/4/acl:relcl ate/VERB/2/acl:relcl died/VERB/0/root ./PUNCT/9/punct"
    )
    assert depths(parse, rows) == (2, 2, {"center embedding", "center embedding 2"})


def test_clauses_at_the_edge_are_embedded_and_not_centered(parse):
    right = (
        "the/DET/2/det dog/NOUN/3/nsubj chased/VERB/0/root cats/NOUN/3/obj that/PRON/6/nsubj ate/VERB/4/acl:relcl "
        "rats/NOUN/6/obj that/PRON/9/nsubj slept/VERB/7/acl:relcl ./PUNCT/3/punct"
    )
    left = "if/SCONJ/3/mark it/PRON/3/nsubj rains/VERB/6/advcl ,/PUNCT/3/punct we/PRON/6/nsubj stay/VERB/0/root"
    assert depths(parse, right) == (2, 0, set())
    assert depths(parse, left) == (1, 0, set())


@pytest.mark.parametrize(
    ("rows", "center"),
    [
        # we , when it rains , stay: the subject is on the left
        ("we/PRON/5/nsubj when/ADV/4/advmod it/PRON/4/nsubj rains/VERB/5/advcl stay/VERB/0/root", 1),
        # maybe when it rains we stay: an adverb alone is not enough
        ("maybe/ADV/6/advmod when/ADV/4/advmod it/PRON/4/nsubj rains/VERB/6/advcl we/PRON/6/nsubj stay/VERB/0/root", 0),
        # I know he left and she came: what is coordinated is no part of the clause around
        (
            "I/PRON/2/nsubj know/VERB/0/root he/PRON/4/nsubj left/VERB/2/ccomp and/CCONJ/7/cc she/PRON/7/nsubj "
            "came/VERB/2/conj",
            0,
        ),
        # the man who left and his wife slept: a coordinated noun is
        (
            "the/DET/2/det man/NOUN/8/nsubj who/PRON/4/nsubj left/VERB/2/acl:relcl and/CCONJ/7/cc his/PRON/7/nmod:poss "
            "wife/NOUN/2/conj slept/VERB/0/root",
            1,
        ),
    ],
)
def test_what_counts_as_material_on_both_sides(parse, rows, center):
    assert depths(parse, rows)[1] == center


def test_a_predicate_is_a_clause_only_as_a_verb(parse):
    adjective = parse("she/PRON/2/nsubj seems/VERB/0/root happy/ADJ/2/xcomp")
    verb = parse("she/PRON/2/nsubj wants/VERB/0/root to/PART/4/mark go/VERB/2/xcomp")
    assert clausal_words(adjective) == [False] * 3
    assert clausal_words(verb) == [False, False, False, True]


def test_each_tree_of_a_document_counts_by_itself(parse):
    two = "we/PRON/2/nsubj know/VERB/0/root it/PRON/4/nsubj rains/VERB/2/ccomp stop/VERB/0/root"
    found = parse(two)
    assert clause_depths(found.heads, clausal_words(found)) == [0, 0, 1, 1, 0]


def trees():
    """Heads of one tree over up to nine words, in any order, with which of them are clausal, beside and material."""

    def grown(places):
        order, parents = places
        heads = [ROOT] * len(order)
        for number, word in enumerate(order[1:], start=1):
            heads[word] = order[parents[number] % number]
        return heads

    def of_size(n):
        flags = st.lists(st.booleans(), min_size=n, max_size=n)
        draws = st.tuples(st.permutations(range(n)), st.lists(st.integers(0, 99), min_size=n, max_size=n))
        return st.tuples(draws.map(grown), flags, flags, flags)

    return st.integers(1, 9).flatmap(of_size)


def path(heads, word):
    return [word] if heads[word] == ROOT else [word, *path(heads, heads[word])]


@given(trees())
def test_depths_are_what_their_definition_says(drawn):
    heads, clausal, beside, material = drawn
    words = range(len(heads))
    assert clause_depths(heads, clausal) == [sum(clausal[w] for w in path(heads, word)) for word in words]

    def clause(word):
        return next(w for w in path(heads, word) if heads[w] == ROOT or clausal[w] or beside[w])

    def centered(word):
        if not clausal[word] or heads[word] == ROOT:
            return False
        inside = [w for w in words if word in path(heads, w)]
        around = [w for w in words if material[w] and clause(w) == clause(heads[word])]
        return any(w < min(inside) for w in around) and any(w > max(inside) for w in around)

    expected = [sum(centered(w) for w in path(heads, word)) for word in words]
    assert center_depths(heads, clausal, beside, material) == expected


def test_heads_and_relations_are_enough():
    metadata = {"heads": [1, -1, 1], "relations": ["nsubj", "root", "ccomp"]}
    (found,) = DepthAnnotator().run([Document("a b c", "0", metadata=metadata)])
    assert (found.metadata["embedding_depth"], found.metadata["constructions"]) == (1, [])


def test_it_finds_in_a_grammars_gold_trees_what_the_grammar_put_there(workbench):
    (reader,) = Grammar("english", documents=1_000).steps(workbench)
    documents = list(reader.run())
    put = [(document.metadata["subject_rc"] != "none", document.metadata["embedding_depth"]) for document in documents]
    found = [
        ("center embedding" in document.metadata["constructions"], document.metadata["embedding_depth"])
        for document in DepthAnnotator().run(documents)
    ]
    assert found == put
    assert len(set(put)) == 3
