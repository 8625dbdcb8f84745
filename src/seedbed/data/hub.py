"""Which commit of a hub data set is meant: asked of the hub, else of the local cache."""

from __future__ import annotations

import re
from pathlib import Path

from seedbed.errors import SourceError

COMMIT = re.compile(r"[0-9a-f]{40}")
TIMEOUT_SECONDS = 10


def commit_of(id_: str, revision: str) -> str:
    """The commit that a revision of a data set stands for.

    Errors: SourceError if the hub does not answer or does not know it, and the local cache does not either.
    """
    if COMMIT.fullmatch(revision):
        return revision
    from huggingface_hub import HfApi, errors

    http_error = errors.HTTPError  # type: ignore[attr-defined]  # of whichever client this version of the hub uses

    try:
        commit = HfApi().dataset_info(id_, revision=revision, timeout=TIMEOUT_SECONDS).sha
    except (http_error, OSError) as error:
        commit = _cached_commit(id_, revision)
        if commit is None:
            reason = str(error).partition("\n")[0][:120] or type(error).__name__
            raise SourceError(
                f"hub data set {id_!r} at {revision!r} cannot be found ({reason}); check its name and the network, or "
                "write revision= with a full commit"
            ) from error
    if commit is None:
        raise SourceError(f"the hub gives no commit for data set {id_!r} at {revision!r}; write revision= with one")
    return commit


def _cached_commit(id_: str, revision: str) -> str | None:
    from huggingface_hub.constants import HF_HUB_CACHE

    ref = Path(HF_HUB_CACHE) / f"datasets--{id_.replace('/', '--')}" / "refs" / revision
    return ref.read_text().strip() if ref.is_file() else None
