"""Options of a pipeline file: values that a person may set on the command line with `--set NAME=VALUE`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from seedbed.errors import RecipeError, UnknownNameError

_given: ContextVar[Mapping[str, str] | None] = ContextVar("given", default=None)
_asked: ContextVar[dict[str, str] | None] = ContextVar("asked", default=None)


def option(name: str, default: str) -> str:
    """The value of an option of this pipeline file: what `--set name=value` gave, or the default."""
    asked = _asked.get()
    if asked is not None:
        asked[name] = default
    return (_given.get() or {}).get(name, default)


@contextmanager
def given_options(given: Mapping[str, str]) -> Iterator[None]:
    """Give options to the pipeline file that is loaded inside; an option it never asks for is an error."""
    asked: dict[str, str] = {}
    tokens = _given.set(given), _asked.set(asked)
    try:
        yield
        for name in given:
            if name not in asked:
                raise UnknownNameError("option of this pipeline file", name, asked)
    finally:
        _given.reset(tokens[0])
        _asked.reset(tokens[1])


def parse_options(pairs: tuple[str, ...]) -> dict[str, str]:
    """`("english=hub:a/b",)` -> `{"english": "hub:a/b"}`. Errors: RecipeError for a pair without '='."""
    for pair in pairs:
        if "=" not in pair:
            raise RecipeError(f"--set {pair}: write NAME=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
