"""How deep clauses lie in one another, from heads and relations.

Clausal words head an embedded clause: csubj, ccomp, advcl and acl with their subtypes (relative clauses among them),
and xcomp and pcomp where the word is a verb. Coordinated and loosely joined clauses (conj, parataxis) are not embedded.

- *Embedding depth* of a word: clausal words on its path to the root, itself included.
- A clause is *center-embedded* where its parent clause has material on both sides of it. Punctuation, conjunctions,
  complementizers, interjections and single adverbs are no material, nor is what is coordinated with or loosely joined
  to the parent clause.
- *Center-embedding depth* of a word: center-embedded clauses on its path. "The rat the cat the dog chased ate died" has
  2, the right-branching "the dog that chased the cat that ate the rat" has 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from seedbed.data.annotators.base import Annotator, Labels
from seedbed.data.annotators.parse import ROOT, Parse

CLAUSAL = frozenset({"csubj", "ccomp", "advcl", "acl", "relcl"})
CLAUSAL_VERBS = frozenset({"xcomp", "pcomp"})
LOOSE = frozenset({"parataxis", "list", "reparandum", "dep"})
NO_MATERIAL = frozenset({"punct", "cc", "mark", "discourse", "intj", "vocative", "advmod"})
VERBS = frozenset({"VERB", "AUX"})
OF_CLAUSES = frozenset({"nsubj", "csubj", "expl", "aux", "cop", "mark"})


def clausal_words(parse: Parse) -> list[bool]:
    """Which words head an embedded clause."""
    return [
        relation in CLAUSAL or (relation in CLAUSAL_VERBS and upos in VERBS)
        for relation, upos in zip(parse.plain_relations, parse.upos, strict=True)
    ]


def beside_words(parse: Parse) -> list[bool]:
    """Which words head what stands beside a clause: coordinated clauses, and whatever is loosely joined."""
    found = []
    for word, relation in enumerate(parse.plain_relations):
        clause = relation == "conj" and (parse.upos[word] in VERBS or parse.child(word, *OF_CLAUSES) is not None)
        found.append(clause or relation in LOOSE)
    return found


def clause_depths(heads: Sequence[int], clausal: Sequence[bool]) -> list[int]:
    """Each word's embedding depth: clausal words from it up to its root (head -1), itself included."""
    return _sums(heads, clausal)


def center_depths(
    heads: Sequence[int], clausal: Sequence[bool], beside: Sequence[bool], material: Sequence[bool]
) -> list[int]:
    """Each word's center-embedding depth.

    clausal, beside: which words head an embedded clause, or one beside another. material: which words count when
    looking for what stands on both sides.
    """
    size = len(heads)
    clause = [0] * size  # the word that heads the clause of each word
    first, last = list(range(size)), list(range(size))  # of what each word dominates
    for word in _top_down(heads):
        head = heads[word]
        clause[word] = word if head == ROOT or clausal[word] or beside[word] else clause[head]
    for word in reversed(_top_down(heads)):
        head = heads[word]
        if head != ROOT:
            first[head], last[head] = min(first[head], first[word]), max(last[head], last[word])
    own: dict[int, list[int]] = {}
    for word in range(size):
        if material[word]:
            own.setdefault(clause[word], []).append(word)
    centered = [False] * size
    for word in range(size):
        if clausal[word] and heads[word] != ROOT:
            around = own.get(clause[heads[word]], [])
            centered[word] = any(each < first[word] for each in around) and any(each > last[word] for each in around)
    return _sums(heads, centered)


def _top_down(heads: Sequence[int]) -> list[int]:
    """All words, each after its head."""
    children: list[list[int]] = [[] for _ in heads]
    order = []
    for word, head in enumerate(heads):
        if head == ROOT:
            order.append(word)
        else:
            children[head].append(word)
    for word in order:
        order += children[word]
    return order


def _sums(heads: Sequence[int], counted: Sequence[bool]) -> list[int]:
    """For each word, how many words from it up to its root are counted."""
    sums = [0] * len(heads)
    for word in _top_down(heads):
        sums[word] = int(counted[word]) + (sums[heads[word]] if heads[word] != ROOT else 0)
    return sums


class DepthAnnotator(Annotator):
    """Sets `embedding_depth` and `center_embedding_depth`, the largest of any word.

    Constructions: "center embedding", and "center embedding 2" and so on for every depth from 2 that is reached.
    """

    name = "depth"
    needs_morphology = False

    def annotate(self, parse: Parse) -> Labels:
        """Both depths of this document."""
        clausal = clausal_words(parse)
        material = [relation not in NO_MATERIAL for relation in parse.plain_relations]
        center = max(center_depths(parse.heads, clausal, beside_words(parse), material), default=0)
        names = {"center embedding"} if center else set()
        names |= {f"center embedding {depth}" for depth in range(2, center + 1)}
        depth = max(clause_depths(parse.heads, clausal), default=0)
        return Labels(frozenset(names), {"embedding_depth": depth, "center_embedding_depth": center})
