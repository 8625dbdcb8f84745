"""What simple rules would answer to a question item: the table that a probe's score is read against.

A rule gives each auxiliary the probability of being fronted; its score on an item is the probability of the right one.
Known scores (computed on McCoy's test set): main 1.0, first 0.0, last 1.0, first not after who or that .667, right
number .50, any of four .25.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from seedbed.data.grammar.file import load_grammar
from seedbed.data.grammar.items import QuestionItem
from seedbed.workbench import Workbench

Rule = Callable[[QuestionItem], Mapping[str, float]]


def front_main(item: QuestionItem) -> Mapping[str, float]:
    """The hierarchical rule: the main clause's auxiliary."""
    return {item.auxiliaries[item.main]: 1.0}


def front_first(item: QuestionItem) -> Mapping[str, float]:
    """The linear rule: the first auxiliary."""
    return {item.auxiliaries[0]: 1.0}


def front_last(item: QuestionItem) -> Mapping[str, float]:
    """The last auxiliary."""
    return {item.auxiliaries[-1]: 1.0}


def rule_table(*, workbench: Workbench | None = None) -> dict[str, Rule]:
    """All rules by name, with the relativizers and auxiliaries of the grammar "english"."""
    grammar = load_grammar("english", workbench or Workbench())
    relativizers = set(grammar.lexicon["relativizer"].concepts)
    concepts = grammar.lexicon["auxiliary"].concepts
    by_number = [[grammar.form("auxiliary", concept, number=number) for concept in concepts] for number in ("sg", "pl")]
    every = [form for forms in by_number for form in forms]
    # The auxiliaries that share a number with each one, itself among them.
    same_number = {form: forms for forms in by_number for form in forms}

    def front_first_not_after_relativizer(item: QuestionItem) -> Mapping[str, float]:
        words = item.declarative.split()
        for before, word in pairwise(words):
            if word in every and before not in relativizers:
                return {word: 1.0}
        return {}

    def right_number(item: QuestionItem) -> Mapping[str, float]:
        choices = same_number[item.auxiliaries[item.main]]
        return {word: 1 / len(choices) for word in choices}

    def any_auxiliary(item: QuestionItem) -> Mapping[str, float]:
        return {word: 1 / len(every) for word in every}

    return {
        "main": front_main,
        "first": front_first,
        "last": front_last,
        "first not after relativizer": front_first_not_after_relativizer,
        "right number": right_number,
        "any": any_auxiliary,
    }


def rule_scores(items: Sequence[QuestionItem], *, workbench: Workbench | None = None) -> dict[str, float]:
    """Each rule's mean probability of the right first word. Errors: ValueError without items."""
    if not items:
        raise ValueError("rules have no score on no items")
    return {
        name: sum(rule(item).get(item.auxiliaries[item.main], 0.0) for item in items) / len(items)
        for name, rule in rule_table(workbench=workbench).items()
    }
