"""Components in miniature, for `--smoke`: sources that write as many documents as they are told write fewer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from seedbed.data.recipes import Component
from seedbed.recipes import Recipe

SMOKE_DOCUMENTS = 3_000


def small(component: Component) -> Component:
    """The same component, of sources that write fewer documents where that can be said."""
    source = component.source
    return replace(component, source=tuple(map(_shrunk, source)) if isinstance(source, tuple) else _shrunk(source))


def _shrunk(step: Any) -> Any:
    """A source that writes as many documents as it is told writes fewer."""
    documents = getattr(step, "documents", None)
    if not isinstance(step, Recipe) or not isinstance(documents, int):
        return step
    fewer: dict[str, Any] = {"documents": min(documents, SMOKE_DOCUMENTS)}
    return replace(step, **fewer)
