"""A comparison of tokenizers on record in MLflow: an experiment of its own, a run per tokenizer."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.pipelines.compare_tokenizers import Compared
from seedbed.pipelines.mlflow_client import check_server, creation_lock, default_uri, sqlite_path, told
from seedbed.pipelines.tokenizer_tables import write_page

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "tokenizers"


def track_comparison(compared: Sequence[Compared], location: str, uri: str | None, store: Path) -> str:
    """Log every tokenizer as a run with its measures and the page of all; gives the experiment's id.

    location: what the text is called in the UI. Errors: TrackingError.
    """
    where = uri or default_uri(store)
    client = check_server(where, store)
    with told(where), creation_lock(store), tempfile.TemporaryDirectory() as folder:
        page = write_page(compared, location, Path(folder) / "tokenizers.html")
        found = client.get_experiment_by_name(EXPERIMENT)
        experiment_id: str = found.experiment_id if found else _new_experiment(client, where, store)
        for row in compared:
            run = client.create_run(experiment_id, run_name=row.name, tags={"seedbed.text": location})
            run_id = run.info.run_id
            client.log_param(run_id, "tokenizer", row.name)
            client.log_param(run_id, "text", location)
            client.log_param(run_id, "trained_on_the_text", row.trained_here)
            client.log_param(run_id, "vocab_size", row.vocab_size)
            for name, value in metrics_of(row).items():
                client.log_metric(run_id, name, value)
            client.log_artifact(run_id, str(page))
            client.set_terminated(run_id)
    return experiment_id


def _new_experiment(client: MlflowClient, uri: str, store: Path) -> str:
    # A server keeps artifacts where it was told to; with a bare database they lie in the store.
    place = (store.resolve() / "mlartifacts" / EXPERIMENT).as_uri() if sqlite_path(uri) else None
    return str(client.create_experiment(EXPERIMENT, artifact_location=place))


def metrics_of(row: Compared) -> dict[str, float]:
    """Every number of a comparison by a name that MLflow takes; those that are not there are left out."""
    found = {name: float(value) for name, value in asdict(row.measures).items()}
    for group, measures in row.groups.items():
        found |= {f"{group.replace(', ', '.')}.{name}": float(value) for name, value in asdict(measures).items()}
    found |= {f"parity.{language}": value for language, value in row.parity.items()}
    found |= {f"dash_cost.{way.replace(' ', '_')}": value for way, value in row.dashes.items()}
    precision, recall = row.boundaries
    found |= {"boundary_precision": precision, "boundary_recall": recall}
    return {name: value for name, value in found.items() if math.isfinite(value)}
