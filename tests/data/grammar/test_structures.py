from __future__ import annotations

import pytest

from seedbed.data.grammar.structures import ROOT, embedding_depth, structures_of, template_counts


def test_known_counts_of_templates(english):
    """PROTOCOLS 7, row 1."""
    assert template_counts(structures_of(english)) == {
        "declaratives": 272,
        "questions": 102,
        "subject_relative_clause": 170,
        "disambiguating": 56,
    }


def test_thirty_structures_in_three_classes_by_four(english):
    structures = structures_of(english)
    assert len(structures) == 30
    assert len({(s.subject, s.object) for s in structures}) == 12


def test_slots_of_a_sentence_known_by_hand(english):
    structure = next(s for s in structures_of(english) if (s.subject_rc, s.object) == ("o", "intransitive"))
    assert structure.template([False, True]) == "det noun.sg rel det noun.pl aux.pl vt aux.sg v ."
    words = ["my", "raven", "that", "the", "quails", "do", "admire", "doesn't", "sleep", "."]
    arcs = {
        (words[i], slot.relation, "root" if slot.head == ROOT else words[slot.head])
        for i, slot in enumerate(structure.slots)
    }
    assert arcs == {
        ("my", "det", "raven"),
        ("raven", "nsubj", "sleep"),
        ("that", "obj", "admire"),
        ("the", "det", "quails"),
        ("quails", "nsubj", "admire"),
        ("do", "aux", "admire"),
        ("admire", "acl:relcl", "raven"),
        ("doesn't", "aux", "sleep"),
        ("sleep", "root", "root"),
        (".", "punct", "sleep"),
    }
    assert words[structure.main] == "doesn't"


@pytest.mark.parametrize(
    ("heads", "relations", "depth"),
    [
        ([ROOT], ["root"], 0),
        ([1, ROOT, 1], ["nsubj", "root", "acl:relcl"], 1),
        ([ROOT, 0, 1, 2], ["root", "acl:relcl", "obj", "acl:relcl"], 2),
    ],
)
def test_depth_counts_clauses_around_a_word(heads, relations, depth):
    assert embedding_depth(heads, relations) == depth
