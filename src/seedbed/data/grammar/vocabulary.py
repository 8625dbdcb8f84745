"""A grammar kept to few words, so that a model of a small vocabulary can be asked what the grammar writes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from seedbed.data.grammar.file import GrammarFile
from seedbed.data.grammar.lexicon import Category
from seedbed.errors import SourceError


def restricted_to(grammar: GrammarFile, words: Collection[str]) -> GrammarFile:
    """The grammar with those concepts alone that have a form among the words; its draws are others than the whole's.

    Forms that are not among the words may still be drawn (a plural where the singular is known), and so may words that
    its rules quote: sentences are to be checked. Errors: SourceError for a category that loses all its words.
    """
    among = frozenset(words)
    lexicon = {name: _kept(grammar, category, among) for name, category in grammar.lexicon.items()}
    return replace(grammar, lexicon=lexicon)


def _kept(grammar: GrammarFile, category: Category, words: frozenset[str]) -> Category:
    keep = [
        number
        for number, forms in enumerate(category.forms)
        if any(form in words for _, form in forms if form is not None)
    ]
    if not keep:
        raise SourceError(
            f"of category {category.name!r} of grammar {grammar.name!r} no word is in the vocabulary of {len(words)} "
            "words; add one"
        )
    return replace(
        category,
        concepts=tuple(category.concepts[number] for number in keep),
        weights=tuple(category.weights[number] for number in keep),
        properties={name: tuple(each[number] for number in keep) for name, each in category.properties.items()},
        forms=tuple(category.forms[number] for number in keep),
    )
