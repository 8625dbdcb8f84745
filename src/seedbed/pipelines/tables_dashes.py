"""The table of what the ways to write a pause cost in tokens, of studies with a probe of dash sites."""

from __future__ import annotations

from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.table import NOTHING, Table, columns, number

COST = "/tokens/"
FORMS = {"em": "word\u2014word", "en": "word \u2013 word", "comma": "word, word"}


def dash_costs_table(results: StudyResults) -> Table:
    """Tokens of each construction more than a plain space takes, by tokenizer; no rows without such a probe."""
    probes = dict.fromkeys(name.partition(COST)[0] for name in results.metric_names if COST in name)
    rows = []
    for probe in probes:
        for tokenizer in results.levels("tokenizer"):
            # A fact of the tokenizer: every run of it has the same.
            run = next((run for run in results.runs if run.factors["tokenizer"] == tokenizer and run.curves), None)
            costs = [None if run is None else run.curves.get(f"{probe}{COST}{way}") for way in FORMS]
            if any(costs):
                rows.append((tokenizer, *(NOTHING if cost is None else number(cost.last, 2) for cost in costs)))
    caption = (
        "Tokens of the mark and the word after it, more than that word takes after a plain space; means over the dash "
        "sites of the probe. Where the mark takes the word's space away, the word may take more tokens too."
    )
    return Table(
        "dash-costs",
        "What a dash costs in tokens",
        columns(("tokenizer",), tuple(FORMS.values())),
        tuple(rows),
        caption,
    )
