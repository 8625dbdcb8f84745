"""The loss of a finished run on every document of a component: a difficulty measure."""

from __future__ import annotations

from itertools import islice

import numpy as np
from numpy.typing import NDArray

from seedbed.data.catalogue import StoredComponent
from seedbed.pipelines.checkpoints import load_any
from seedbed.probes.bits_per_byte import bits_per_byte, pieces
from seedbed.probes.scoring import Scorer, sums_by
from seedbed.workbench import Workbench

DOCUMENTS_AT_ONCE = 2_000


def document_losses(run: str, component: StoredComponent, workbench: Workbench) -> NDArray[np.float64]:
    """Bits per byte of each document under the last weights of a run: float64[documents]; NaN for an empty one.

    Every token is scored, the first one after an end-of-document token; a document longer than the context is read in
    pieces, each beginning with the token before it. Errors: UnknownNameError for a run that is not in the store.
    """
    model, encoder, context = load_any(run, workbench)
    losses = np.full(component.documents, np.nan)
    texts = component.iter_texts()
    row = 0
    while batch := list(islice(texts, DOCUMENTS_AT_ONCE)):
        requests, document = [], []
        for number, ids in enumerate(encoder.encode_batch(batch)):
            cut = pieces([encoder.eos_id, *ids], context)
            requests += cut
            document += [number] * len(cut)
        nats = -sums_by(np.array(document, np.int64), Scorer(requests, encoder, tries=False).score(model), len(batch))
        for number, text in enumerate(batch):
            if text:
                losses[row + number] = bits_per_byte(float(nats[number]), len(text.encode()))
        row += len(batch)
    return losses
