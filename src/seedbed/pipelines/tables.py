"""The tables of a study: what was asked for and got, what is concluded, what it cost, and what went wrong."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from seedbed.dynamics.verdict import Verdict
from seedbed.pipelines.byte_pattern_table import byte_pattern_table
from seedbed.pipelines.conclusions import Answer, Conclusions, OnsetRow
from seedbed.pipelines.results import RunResult, StudyResults
from seedbed.pipelines.table import (
    NOTHING,
    Table,
    columns,
    count,
    interval,
    number,
    p_value,
    percent,
    print_each,
    signed,
)
from seedbed.pipelines.tables_dashes import dash_costs_table
from seedbed.pipelines.tables_dynamics import dynamics_tables
from seedbed.pipelines.tables_matched import matched_table, parameters_table
from seedbed.pipelines.tables_orders import certificates_table, difficulty_table
from seedbed.pipelines.tables_probes import (
    baselines_table,
    bits_table,
    controls_table,
    exact_answers_table,
    pairs_tables,
    question_tables,
    values_table,
)

NEVER = "never"
ANSWER_COLUMNS = (*columns((), ("difference", "interval", "n", "p")), *columns(("verdict",), ("seeds",)))


def print_tables(console: Console, results: StudyResults, conclusions: Conclusions | None) -> None:
    """Print every table of a study in at most 100 columns."""
    print_each(console, all_tables(results, conclusions))


def all_tables(results: StudyResults, conclusions: Conclusions | None) -> list[Table]:
    """Every table of a study that has a row, in the order in which a person asks for them."""
    headline = conclusions.headline_metrics if conclusions else []
    tables = [mixtures_table(results), unfinished_table(results)]
    if conclusions:
        tables += [answers_table(conclusions), strata_table(conclusions), refusals_table(conclusions)]
        tables += [onsets_table(conclusions), *dynamics_tables(conclusions.dynamics)]
    tables += [
        values_table(results, "final-values", "Headline metrics", headline),
        controls_table(results, headline),
        baselines_table(results),
        dash_costs_table(results),
        exact_answers_table(results),
        *question_tables(results),
        *pairs_tables(results),
        bits_table(results),
        byte_pattern_table(results),
        difficulty_table(results),
        certificates_table(results),
        budgets_table(results),
        matched_table(results),
        parameters_table(results),
    ]
    return [table for table in tables if table.rows]


def mixtures_table(results: StudyResults) -> Table:
    """Requested beside achieved shares and bytes of every mixture."""
    rows = [
        (
            row.mixture,
            row.component,
            percent(row.requested_share),
            percent(row.achieved_share),
            count(row.requested_bytes),
            count(row.achieved_bytes),
            count(row.documents),
            number(row.epochs, 2),
            number(row.mean_document_bytes, 1),
            number(row.mean_document_words, 1),
        )
        for row in results.mixtures
    ]
    head = columns(
        ("mixture", "component"),
        ("share asked", "share got", "bytes asked", "bytes got", "documents", "epochs", "bytes each", "words each"),
    )
    return Table(
        "mixtures",
        "Mixtures: requested and achieved",
        head,
        tuple(rows),
        "Shares are of bytes; each: mean length of a document.",
        grouped=1,
    )


def answers_table(conclusions: Conclusions) -> Table:
    """A verdict per question and factor, pooled over the levels of the other factors."""
    rows = [(_question(answer), *_answer_cells(answer.verdict)) for answer in conclusions.answers]
    caption = (
        "a → b: difference is b − a at the last step, with its 95 % t interval, over n runs of each side or n pairs of "
        "runs that share a seed; p: exact permutation test. Seeds: how many an arm would need to settle it with 80 % "
        "power, if the true difference is the one seen."
    )
    return Table("answers", "Answers", (*columns(("question",)), *ANSWER_COLUMNS), tuple(rows), caption)


def strata_table(conclusions: Conclusions) -> Table:
    """The same verdicts within each level of the other factors; empty where there is only one."""
    rows = [
        (_question(answer), stratum, *_answer_cells(found))
        for answer in conclusions.answers
        if len(answer.by_stratum) > 1
        for stratum, found in answer.by_stratum.items()
    ]
    head = (*columns(("question", "within")), *ANSWER_COLUMNS)
    caption = "The answers above were pooled over these; where they disagree, the factors interact."
    title = "Answers within each level of the other factors"
    return Table("answers-by-stratum", title, head, tuple(rows), caption, grouped=1)


def answer_records(conclusions: Conclusions) -> Table:
    """Everything that is known of every verdict, pooled and by stratum, for files."""
    rows = []
    names: list[str] = []
    for answer in conclusions.answers:
        for stratum, found in {"all": answer.verdict, **answer.by_stratum}.items():
            fields = found.to_dict()
            names = list(fields)
            lead = (answer.asked, answer.factor, stratum, answer.matched)
            rows.append((*lead, *("" if value is None else str(value) for value in fields.values())))
    head = columns(("question", "factor", "within", "matched", *names))
    return Table("answer-records", "Verdicts, one row each", head, tuple(rows))


def _answer_cells(found: Verdict) -> tuple[str, ...]:
    return (
        signed(found.difference),
        interval(found.interval),
        _runs(found),
        p_value(found.p_value),
        found.kind,
        NOTHING if found.seeds_needed is None else str(found.seeds_needed),
    )


def _question(answer: Answer) -> str:
    metric = [] if answer.metric in answer.question else [answer.metric]
    equal = [f"at equal {answer.label}"] if answer.label else []
    return "\n".join([answer.question, *metric, f"{answer.level_a} → {answer.level_b}", *equal])


def _runs(found: Verdict) -> str:
    return f"{found.pairs} pairs" if found.pairs else f"{found.seeds_a} + {found.seeds_b}"


def refusals_table(conclusions: Conclusions) -> Table:
    """Comparisons that were not made."""
    rows = tuple((refusal,) for refusal in conclusions.refusals)
    return Table("refusals", "Not compared", columns(("why",)), rows, "Budgets must be equal for a comparison.")


def onsets_table(conclusions: Conclusions) -> Table:
    """Onset steps, every seed of an arm in one row."""
    groups: dict[tuple[str, str], list[OnsetRow]] = {}
    for row in conclusions.onsets:
        groups.setdefault((row.metric, row.arm), []).append(row)
    rows = [
        (
            metric,
            arm,
            ", ".join(_onset(row) for row in found),
            ", ".join(_step(row.soft_onset_step) for row in found),
            f"{sum(row.confirmed for row in found)} of {len(found)}",
            ", ".join(_step(row.break_step) for row in found),
        )
        for (metric, arm), found in groups.items()
    ]
    thresholds = sorted({row.threshold for row in conclusions.onsets})
    level = " or ".join(number(threshold, 2) for threshold in thresholds) or NOTHING
    caption = (
        f"One entry per seed, in their order. Onset: the first evaluation at which the metric has reached {level} "
        "to stay, with the evaluation before it in brackets: it lies between the two. Robust: the log-probability "
        "margin crosses too, after step 0. Break: where the margin speeds up most. Steps are updates."
    )
    head = columns(("metric", "arm", "onset", "onset of margin", "robust", "break"))
    return Table("onsets", "When it appears, seed by seed", head, tuple(rows), caption, grouped=1)


def onset_records(conclusions: Conclusions) -> Table:
    """Onsets with a row per run, for files."""
    rows = [
        (
            row.metric,
            row.arm,
            str(row.seed),
            number(row.threshold, 3),
            _step(row.onset_step),
            _step(row.lower_step),
            count(row.last_step),
            row.soft_metric,
            _step(row.soft_onset_step),
            "yes" if row.confirmed else "no",
            _step(row.break_step),
            number(row.final_value, 6),
        )
        for row in conclusions.onsets
    ]
    text = ("metric", "arm", "seed")
    head = (
        *columns(text, ("threshold", "onset_step", "lower_step", "last_step")),
        *columns(("soft_metric",), ("soft_onset_step",)),
        *columns(("robust",), ("break_step", "final_value")),
    )
    return Table("onset-records", "Onsets, one row per run", head, tuple(rows))


def _step(step: int | None) -> str:
    return NEVER if step is None else count(step)


def _onset(row: OnsetRow) -> str:
    if row.onset_step is None:
        return NEVER
    return count(row.onset_step) if row.lower_step is None else f"{count(row.onset_step)} ({count(row.lower_step)})"


def budgets_table(results: StudyResults) -> Table:
    """What each arm's runs saw and how long they took: means over finished seeds."""
    rows = []
    for arm in results.arms:
        runs = [run for run in results.of_arm(arm) if run.status == "FINISHED"]
        if runs:
            seen = [_mean(runs, name) for name in ("documents", "total_bytes", "tokens")]
            flops = _mean(runs, "flops")
            spent = [_mean_seconds(runs, name) for name in ("train", "probe", "log")]
            shares = [probing["share"] for run in runs if (probing := run.outcome.get("probing"))]
            probed = None if not shares or None in shares else sum(shares) / len(shares)
            shown_flops = NOTHING if flops is None else f"{flops:.2e}"
            rows.append(
                (
                    arm,
                    str(len(runs)),
                    *(count(value) for value in seen),
                    shown_flops,
                    NOTHING if probed is None else percent(probed),
                    *(number(s, 1) for s in spent),
                )
            )
    seconds = ("training s", "probes s", "logging s")
    head = columns(("arm",), ("runs", "documents", "bytes", "tokens", "FLOPs", "probing", *seconds))
    caption = (
        "Seen during training, repeats included; means over an arm's finished runs. Probing: what probes read, a "
        "forward pass being a third of training, as a share of what is trained on. Seconds are of one core."
    )
    return Table("budgets", "Budgets", head, tuple(rows), caption)


def _mean(runs: Iterable[RunResult], name: str) -> float | None:
    values = [float(run.outcome[name]) for run in runs if name in run.outcome]
    return sum(values) / len(values) if values else None


def _mean_seconds(runs: Iterable[RunResult], name: str) -> float | None:
    values = [float(run.outcome["seconds"][name]) for run in runs if name in run.outcome.get("seconds", {})]
    return sum(values) / len(values) if values else None


def unfinished_table(results: StudyResults) -> Table:
    """Runs that failed, with the reason, and runs that are not there."""
    rows = [(run.name, run.status, run.reason or "not run yet") for run in results.runs if run.status != "FINISHED"]
    caption = "They are in no mean, interval or verdict."
    return Table("unfinished", "Runs that did not finish", columns(("run", "status", "reason")), tuple(rows), caption)
