"""What a run ends with on the terminal: shares, what the models do, when it appeared, and a verdict per question.

The report holds every table; this is the part that a person reads first.
"""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from seedbed.pipelines.conclusions import Answer, Conclusions
from seedbed.pipelines.results import StudyResults
from seedbed.pipelines.table import interval, print_each, signed
from seedbed.pipelines.tables import mixtures_table, onsets_table, refusals_table, unfinished_table
from seedbed.pipelines.tables_matched import matched_table
from seedbed.pipelines.tables_probes import bits_table, question_tables, values_table

STYLES = {"difference": "bold green", "no difference": "bold", "no verdict": "bold yellow"}


def print_ending(console: Console, results: StudyResults, conclusions: Conclusions, asked: list[str]) -> None:
    """Print the tables a person reads first and every verdict. asked: the study's own questions, which come first."""
    tables = [
        mixtures_table(results),
        unfinished_table(results),
        *question_tables(results),
        values_table(results, "final-values", "Headline metrics", conclusions.headline_metrics),
        bits_table(results),
        onsets_table(conclusions),
        matched_table(results),
        refusals_table(conclusions),
    ]
    print_each(console, [table for table in tables if table.rows])
    own = [answer for answer in conclusions.answers if answer.question in asked]
    rest = [answer for answer in conclusions.answers if answer.question not in asked]
    if own:
        console.print("\nQuestions", style="bold")
    for answer in own:
        print_answer(console, answer, answer.asked)
    if rest:
        console.print("\nEvery other factor and headline metric", style="bold")
    for answer in rest:
        equal = f", at equal {answer.label}" if answer.label else ""
        print_answer(console, answer, f"{answer.factor}: {answer.metric}{equal}")
    console.print()


def print_answer(console: Console, answer: Answer, title: str) -> None:
    """One verdict: its kind, its sentence, and what each level of the other factors says by itself."""
    console.print(Text.assemble((f"{answer.verdict.kind}  ", STYLES[answer.verdict.kind]), title), highlight=False)
    lines = [f"{answer.verdict.sentence} ({answer.matched}.)"]
    if len(answer.by_stratum) > 1:
        lines += [
            f"within {stratum}: {signed(found.difference)} {interval(found.interval)}, {found.kind}"
            + (f" ({found.seeds_needed} seeds per arm would settle it)" if found.seeds_needed else "")
            for stratum, found in answer.by_stratum.items()
        ]
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2)), highlight=False)
