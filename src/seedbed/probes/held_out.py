"""Held-out documents of a study, as probes that read text take them: a batch of tokens, or some of every class."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

import torch
from torch import Tensor

from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.base import Material

LEAST_OF_A_CLASS = 4
NO_TARGET = -1


def first_tokens(probe: str, material: Material, tokens: int) -> Tensor:
    """So many tokens of held-out text as rows int64[B, T + 1], the first documents of every component in turn.

    Every row begins with the end of document, is cut at the context, and is padded with -1; the last is cut to fit.
    Errors: SourceError without held-out text.
    """
    texts = [text for some in zip_longest(*material.heldout.values()) for text in some if text]
    if not texts:
        raise SourceError(f"{probe}: no component has held-out text; raise its heldout_share, or leave the probe out")
    rows: list[list[int]] = []
    left = tokens
    for start in range(0, len(texts), 64):
        for ids in material.encoder.encode_batch(texts[start : start + 64]):
            row = ids[: min(material.context, left)]
            if row:
                rows.append([material.encoder.eos_id, *row])
                left -= len(row)
            if not left:
                break
        if not left:
            break
    return torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(row) for row in rows], batch_first=True, padding_value=NO_TARGET
    )


def documents_by_class(
    probe: str, material: Material, by: str, classes: Sequence[str], most: int
) -> dict[str, list[str]]:
    """The first held-out documents of every class, at most so many; classes in the order of their names.

    by: "component", or a column of the catalogue ("language", "construction"). classes: only these. A class with fewer
    than 4 documents is left out unless it is asked for.
    Errors: SourceError for a class that is asked for and has too few; UnknownNameError for one that is not there.
    """
    found: dict[str, list[str]] = {}
    for component, texts in material.heldout.items():
        labels: Sequence[str | None] = [component] * len(texts)
        if by != "component":
            rows = material.heldout_table(component, [by]) if material.heldout_table is not None else None
            labels = rows[by].to_pylist() if rows is not None and by in rows.column_names else [None] * len(texts)
        for label, text in zip(labels, texts, strict=True):
            if label and text:
                found.setdefault(label, []).append(text)
    for name in classes:
        if name not in found:
            raise UnknownNameError(f"{by} of held-out documents", name, found)
        if len(found[name]) < LEAST_OF_A_CLASS:
            raise SourceError(
                f"{probe}: {name!r} has {len(found[name])} held-out documents, and {LEAST_OF_A_CLASS} are needed; "
                "raise heldout_share"
            )
    return {name: found[name][:most] for name in sorted(classes or found) if len(found[name]) >= LEAST_OF_A_CLASS}
