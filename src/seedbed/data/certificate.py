"""The certificate of a run: which multiset of documents it read, whatever the order.

Arms that differ in order alone have equal certificates, and only those are compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from seedbed.data.selection import multiset_digest


@dataclass(frozen=True)
class Certificate:
    """What a run read.

    order: its name. documents: read, repeats counted. multiset_sha256: of the sorted ids, one entry for every time.
    cut: "ID:TOKENS" of the one document of which only so many tokens were read, because the run ended; "" if none was.
    units, units_sha256: lines or sentences of these documents as they were read, and the digest of their multiset;
    empty where the order leaves documents whole.
    """

    order: str
    documents: int
    multiset_sha256: str
    cut: str = ""
    units: str = ""
    units_sha256: str = ""


def certify(
    order: str,
    ids: npt.NDArray[np.uint64],
    read: npt.NDArray[np.int64],
    cut: tuple[int, int] | None,
    units: str = "",
    units_sha256: str = "",
) -> Certificate:
    """The certificate of documents read. ids: of all selected documents; read: their numbers, one for every time."""
    cut_document = "" if cut is None else f"{int(ids[cut[0]]):016x}:{cut[1]}"
    return Certificate(order, len(read), multiset_digest(ids[read]), cut_document, units, units_sha256)


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str | None:
    """Why two certificates (as JSON) are not of the same data, with the mend; None if they are.

    Lines or sentences are compared where both name them; else they follow from the documents, which hold them.
    """
    if not one or not other:
        return "there is no certificate for one of them; run them again"
    if one["multiset_sha256"] != other["multiset_sha256"] or one["cut"] != other["cut"]:
        return (
            f"they read different documents ({one['documents']:,} with digest {one['multiset_sha256'][:12]}, "
            f"{other['documents']:,} with {other['multiset_sha256'][:12]}); give both the same mixture, steps, "
            "batch_size and layout (where parts of documents are shuffled: layout 'documents' or whole epochs)"
        )
    if one["units"] == other["units"] and one["units_sha256"] != other["units_sha256"]:
        return f"they read different {one['units']} of the same documents; build their token stores again"
    return None
