"""A difficulty column: one number per row of a component's catalogue, in a folder of its own.

The folder holds `scores.npy` (float64[documents], NaN where a document has no score) and `difficulty.json`. A column
lies beside the catalogue and not in it, so that a new measure rebuilds no component and no token store.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from seedbed.data.catalogue import StoredComponent
from seedbed.data.difficulty.ngram import SCORED_AT_ONCE, NgramModel
from seedbed.data.difficulty.recipes import ABOUT, Difficulty
from seedbed.data.difficulty.texts import text_measure
from seedbed.data.permutations import rank_shares
from seedbed.errors import SourceError, StoreError

Floats = npt.NDArray[np.float64]
SCORES_FILE, ABOUT_FILE = "scores.npy", "difficulty.json"


@dataclass(frozen=True)
class DifficultyReceipt:
    """What a column holds. unit, harder: see `About`. documents: rows; scored: those with a score.

    minimum, median, maximum: of the scores; values: how many different ones. with_bytes: Spearman's rank correlation
    with the documents' bytes, which tells how much of the measure is length (0.0 where either is constant).
    """

    measure: str
    unit: str
    harder: str
    confounds: str
    documents: int
    scored: int
    minimum: float | None
    median: float | None
    maximum: float | None
    values: int
    with_bytes: float
    sha256: str


def component_scores(recipe: Difficulty, component: StoredComponent) -> Floats:
    """The measure of every row of a component: float64[documents], higher = harder, NaN where there is no score.

    Errors: SourceError for n-grams without held-out documents to train on; RecipeError and UnknownNameError for a
    language without word list or dictionary. run_loss needs a model and is measured where models are.
    """
    if recipe.measure == "bytes":
        scores = component.bytes.astype(np.float64)
    elif recipe.measure in ("words", "embedding_depth"):
        column = component.table([recipe.measure]).column(recipe.measure)
        scores = np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.float64)
    elif recipe.measure == "surprisal":
        scores = _surprisal(recipe, component)
    else:
        measure = text_measure(recipe)
        if measure is None:
            raise SourceError(f"{recipe.measure} is not measured on text alone; run it as a study's difficulty")
        scores = np.fromiter(map(measure, component.iter_texts()), dtype=np.float64, count=component.documents)
    return scores


def _surprisal(recipe: Difficulty, component: StoredComponent) -> Floats:
    if recipe.trained_on == "held-out":
        if component.heldout_start == component.documents:
            raise SourceError(
                f"component {component.name!r} holds no documents out to train an n-gram model on; give it a "
                "heldout_share, or write trained_on='other half'"
            )
        texts = component.iter_texts(component.heldout_start)
        models = [NgramModel(_first(texts, recipe.training_bytes), n=recipe.n, unit=recipe.unit)]
        scored = component.heldout_start
    else:
        # Rows are in the order of a hash, so that every other row is half of the documents drawn at random.
        halves = [islice(component.iter_texts(), half, None, 2) for half in (1, 0)]
        models = [NgramModel(_first(half, recipe.training_bytes), n=recipe.n, unit=recipe.unit) for half in halves]
        scored = component.documents
    scores = np.full(component.documents, np.nan)
    row = 0
    for batch in _batches(component.iter_texts(0, scored)):
        for number, model in enumerate(models):
            first = (number - row) % len(models)
            scores[row + first : row + len(batch) : len(models)] = model.surprisal(batch[first :: len(models)])
        row += len(batch)
    return scores


def _first(texts: Iterable[str], budget_bytes: int) -> Iterator[str]:
    for text in texts:
        if budget_bytes <= 0:
            return
        budget_bytes -= len(text.encode())
        yield text


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    held = 0
    for text in texts:
        batch.append(text)
        held += len(text)
        if held >= SCORED_AT_ONCE:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def write_scores(recipe: Difficulty, scores: Floats, document_bytes: npt.NDArray[np.int64], out: Path) -> None:
    """Write a column into the folder `out`, which is there."""
    np.save(out / SCORES_FILE, scores.astype("<f8"))
    (out / ABOUT_FILE).write_text(json.dumps(asdict(receipt_of(recipe, scores, document_bytes)), indent=1) + "\n")


def receipt_of(recipe: Difficulty, scores: Floats, document_bytes: npt.NDArray[np.int64]) -> DifficultyReceipt:
    """What is said of a column; see `DifficultyReceipt`."""
    there = ~np.isnan(scores)
    found = scores[there]
    about = ABOUT[recipe.measure]
    return DifficultyReceipt(
        measure=recipe.name,
        unit=about.unit,
        harder=about.harder,
        confounds=about.confounds,
        documents=len(scores),
        scored=len(found),
        minimum=float(found.min()) if len(found) else None,
        median=float(np.median(found)) if len(found) else None,
        maximum=float(found.max()) if len(found) else None,
        values=len(np.unique(found)),
        with_bytes=rank_correlation(found, document_bytes[there].astype(np.float64)),
        sha256=hashlib.sha256(scores.astype("<f8").tobytes()).hexdigest(),
    )


def rank_correlation(a: Floats, b: Floats) -> float:
    """Spearman's: the correlation of ranks, ties sharing their mean rank; 0.0 where either side is constant."""
    ranks = rank_shares(a) - 0.5, rank_shares(b) - 0.5
    norm = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum()) / norm if norm else 0.0


def open_scores(folder: Path) -> Floats:
    """A column that `write_scores` wrote: float64[documents]. Errors: StoreError if it is not whole."""
    try:
        about = json.loads((folder / ABOUT_FILE).read_text())
        scores: Floats = np.load(folder / SCORES_FILE, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(f"difficulty {folder.name} is missing or damaged; remove it and run again") from error
    if len(scores) != about["documents"]:
        raise StoreError(f"difficulty {folder.name} is not whole; remove it and run again")
    return scores
