"""Center-embedded sentences with the place and the number of every agreeing word, all held out of training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

from seedbed.data.grammar.documents import Request, Sampler
from seedbed.data.grammar.file import GrammarFile, load_grammar
from seedbed.errors import RecipeError, SourceError
from seedbed.workbench import Workbench

BLOCK = 256
MOST_EMPTY_BLOCKS = 32
STOP = "."
NUMBERS = ("sg", "pl")


@dataclass(frozen=True)
class CenterItem:
    """A sentence of clauses in clauses: "the yak that the newts that my quail does amuse don't admire does sleep .".

    depth: clauses around the innermost one. places: of the agreeing words, the innermost clause's first. plural:
    whether each of them is.
    """

    words: tuple[str, ...]
    depth: int
    places: tuple[int, ...]
    plural: tuple[bool, ...]


def center_items(
    grammar: str, task: str, agreeing: str, depth: int, items: int, seed: int, *, workbench: Workbench | None = None
) -> list[CenterItem]:
    """Distinct held-out sentences of this depth of a task, up to their first stop. agreeing: a category of words.

    They are of the share that is held out by a hash of the words; of a depth that training never has, any of them.
    A shorter list is a prefix of a longer one. Errors: RecipeError where the grammar holds nothing of this depth out;
    SourceError if the split has too few.
    """
    file = load_grammar(grammar, workbench or Workbench())
    return list(islice(_distinct(file, task, agreeing, depth, seed), items))


def forms_by_number(grammar: str, agreeing: str, *, workbench: Workbench | None = None) -> tuple[list[str], list[str]]:
    """The singular and the plural forms of a category, those that are both left out. Errors: RecipeError if one is
    empty."""
    file = load_grammar(grammar, workbench or Workbench())
    if agreeing not in file.lexicon:
        file.place.at("lexicon").unknown("category", agreeing, file.lexicon)
    forms: dict[str, set[str]] = {number: set() for number in NUMBERS}
    for concept in file.lexicon[agreeing].forms:
        for values, form in concept:
            for number in NUMBERS:
                if form is not None and values.get("number", number) == number:
                    forms[number].add(form)
    both = forms["sg"] & forms["pl"]
    singular, plural = (sorted(forms[number] - both) for number in NUMBERS)
    if not singular or not plural:
        raise RecipeError(f"no word of category {agreeing!r} of grammar {grammar!r} shows its number; name another one")
    return singular, plural


def _distinct(grammar: GrammarFile, task: str, agreeing: str, depth: int, seed: int) -> Iterator[CenterItem]:
    held = grammar.held_out
    kind = "depth" if held.depth is not None and depth >= held.depth else "share"
    request = Request(task=task, depth_shares={depth: 1.0}, split="held-out", held_out=kind, seed=seed)
    sampler = Sampler(grammar, request, stream="center embedding")
    seen: set[tuple[str, ...]] = set()
    empty = 0
    for block in count():
        empty += 1
        for sentence in sampler.sentences(block * BLOCK, (block + 1) * BLOCK):
            words = tuple(sentence.words[: sentence.words.index(STOP) + 1])
            if words in seen:
                continue
            seen.add(words)
            empty = 0
            places = tuple(place for place in range(len(words)) if sentence.categories[place] == agreeing)
            plural = tuple(dict(sentence.features[place]).get("number") == "pl" for place in places)
            yield CenterItem(words, depth, places, plural)
        if empty == MOST_EMPTY_BLOCKS:
            raise SourceError(f"the held-out split has only {len(seen)} sentences of depth {depth}; ask for fewer")
