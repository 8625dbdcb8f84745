"""Labels as parts of metric names."""

from __future__ import annotations

import re
from collections.abc import Sequence


def part_name(label: str) -> str:
    """A label as part of a metric's name: letters, digits, and "_.-: " stay, anything else is a dash."""
    return re.sub(r"[^\w.\-: ]", "-", label)


def part_names(labels: Sequence[str]) -> list[str]:
    """The same for several labels: those that would be called alike are numbered, from the second one on."""
    found: list[str] = []
    for label in labels:
        name = part_name(label)
        same = sum(part_name(other) == name for other in labels[: len(found)])
        found.append(f"{name}-{same + 1}" if same else name)
    return found
