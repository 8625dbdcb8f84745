"""Views of a study in MLflow's UI: which columns a person sees first, and addresses to open.

MLflow's UI keeps shared and saved views as experiment tags. Their form is the UI's own and not documented; where a
version of MLflow does not know it, the plain table appears and nothing else changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from seedbed.pipelines import tracking_content as content
from seedbed.pipelines.aggregate import varying_factors
from seedbed.pipelines.conclusions import Conclusions
from seedbed.pipelines.results import StudyResults

ARMS, SEEDS = "seedbed-arms", "seedbed-seeds"
VIEW_NAMES = {ARMS: "Arms: mean and interval", SEEDS: "Every seed"}
VIEW_TAG = "mlflow.sharedViewState."
TRAINING = "workflowType=machine_learning"
"""The UI has a second face for language-model applications, which hides training runs' own pages."""
FIXED_WIDTHS = {"0": 73, "attributes.`Run Name`": 230, "runDateAndNestInfo": 130, "duration": 80}
"""Columns that the UI always shows, and pixels for them."""
COLUMNS = 6
"""Headline metrics that get a column; the UI's column menu has the others."""


def experiment_tags(results: StudyResults, conclusions: Conclusions | None) -> dict[str, str]:
    """Tags of a study's experiment: its description, its kind, and two views of its table."""
    headline = conclusions.headline_metrics[:COLUMNS] if conclusions else []
    return {
        content.NOTE: results.description,
        "mlflow.experimentKind": "custom_model_development",
        VIEW_TAG + ARMS: _view(ARMS, arms_view(results, headline)),
        VIEW_TAG + SEEDS: _view(SEEDS, seeds_view(results, headline)),
    }


def _view(key: str, state: dict[str, Any]) -> str:
    # A time that does not change keeps the tag equal between runs of the same study.
    return json.dumps({"name": VIEW_NAMES[key], "createdAt": 0, "updatedAt": 0, "state": json.dumps(state)})


def arms_view(results: StudyResults, headline: Sequence[str]) -> dict[str, Any]:
    """A row per arm: its levels, its seeds, mean and interval of the first headline metric, means of the others."""
    means = [content.logged_name(f"{metric}/mean") for metric in headline]
    ends = [content.logged_name(f"{metric}/{end}") for metric in headline[:1] for end in ("lower", "upper")]
    metrics = [*means[:1], *ends, *means[1:]]
    return _state(results, "group", ["seeds"], metrics)


def seeds_view(results: StudyResults, headline: Sequence[str]) -> dict[str, Any]:
    """A row per seed: its arm's levels, headline metrics, bytes and tokens seen."""
    metrics = [*(content.logged_name(metric) for metric in headline), "train/bytes_seen", "train/tokens_seen"]
    return _state(results, "run", ["seed"], metrics)


def _state(results: StudyResults, kind: str, more: Sequence[str], metrics: Sequence[str]) -> dict[str, Any]:
    factors = varying_factors(results) or ["mixture"]
    columns = [f"params.`{name}`" for name in (*factors, *more)] + [f"metrics.`{name}`" for name in metrics]
    return {
        "searchFilter": f"tags.`{content.KIND}` = '{kind}' and tags.`{content.CURRENT}` = '{content.YES}'",
        "orderByKey": "tags.`mlflow.runName`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": columns,
        "columnOrder": [*FIXED_WIDTHS, *columns],
        "columnWidths": {**FIXED_WIDTHS, **{column: _width(column) for column in columns}},
        "runsHiddenMode": "FIRST_20_RUNS",
        "globalLineChartConfig": {"xAxisKey": "step", "lineSmoothness": 0, "selectedXAxisMetricKey": ""},
    }


def _width(column: str) -> int:
    """Pixels in which a column's heading can be read whole, within reason."""
    name = column.split("`")[1]
    return min(330, max(80, 30 + 6 * len(name)))


def view_url(base: str, experiment_id: str, view: str = ARMS) -> str:
    """The experiment's table with the columns of a view."""
    return f"{base}/#/experiments/{experiment_id}/runs?viewStateShareKey={view}&{TRAINING}"


def compare_url(base: str, experiment_id: str, run_ids: Sequence[str], metrics: Sequence[str]) -> str:
    """The page that lays metrics of several runs (the seeds of an arm) over each other, by step."""
    keys = [content.logged_name(metric) for metric in metrics]
    query = {
        "runs": json.dumps(list(run_ids)),
        "metric": json.dumps(keys[0] if keys else ""),
        "experiments": json.dumps([experiment_id]),
        "plot_metric_keys": json.dumps(keys),
        "plot_layout": json.dumps({"autosize": True, "xaxis": {}, "yaxis": {}}),
        "x_axis": "step",
        "y_axis_scale": "linear",
        "line_smoothness": "1",
        "show_point": "false",
        "deselected_curves": "[]",
        "last_linear_y_axis_range": "[]",
    }
    # The page wants its own parameters first.
    return f"{base}/#/metric?" + "&".join([*(f"{name}={quote(value)}" for name, value in query.items()), TRAINING])


def artifact_url(base: str, experiment_id: str, run_id: str, artifact: str = "figures/headline.png") -> str:
    """One artifact of a run, shown in place."""
    return f"{base}/#/experiments/{experiment_id}/runs/{run_id}/artifacts/{quote(artifact)}?{TRAINING}"
