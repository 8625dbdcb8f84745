"""What seedbed says when it refuses: one line that names the fault and the mend.

The command line prints the line and exits with 2; `-v` shows the traceback as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SeedbedError(Exception):
    """A fault that a person can mend. The message is one line: what is wrong, and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class RecipeError(SeedbedError):
    """A recipe that contradicts itself or holds a value it must not hold."""


class UnknownNameError(SeedbedError):
    """A name that stands on no shelf; the message gives the nearest ones."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = get_close_matches(name, names, n=3, cutoff=0.4)
        if near:
            mend = "did you mean " + " or ".join(repr(other) for other in near) + "?"
        elif names:
            mend = "there are: " + ", ".join(names)
        else:
            mend = "there are none"
        super().__init__(f"no {what} is called {name!r}; {mend}")


class SourceError(SeedbedError):
    """A source that is missing, empty, damaged or not what it says it is."""


class ShortSourceError(SourceError):
    """A source that holds fewer bytes than a mixture asks of it."""


class StoreError(SeedbedError):
    """A store that cannot take or give an artifact: disk full, damaged, or of another recipe."""


class TrackingError(SeedbedError):
    """A tracking server that does not answer or does not accept what is logged."""
