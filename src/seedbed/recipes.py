"""Recipes: frozen, validated statements of a choice.

A recipe says what a thing *is*; it never holds a path of the machine, a device or a worker count. Each kind of recipe
carries a behaviour version, which is part of its identity and is raised when the same recipe would give other bytes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar, dataclass_transform, runtime_checkable

from pydantic import ConfigDict, Field, ValidationError
from pydantic.dataclasses import dataclass

from seedbed.errors import RecipeError

T = TypeVar("T")
CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


@runtime_checkable
class Recipe(Protocol):
    """Any class made by `@recipe`."""

    recipe_version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Any]]


def one_line(error: ValidationError, cls: type) -> str:
    """Say the first fault of a validation error, with the field and the value that is wrong."""
    fault = error.errors()[0]
    place = list(fault["loc"])
    if place and isinstance(place[0], int):  # a positional argument is known by its number
        names = [name for name, field in getattr(cls, "__dataclass_fields__", {}).items() if field.init]
        place[0] = names[place[0]] if place[0] < len(names) else place[0]
    field = ".".join(str(part) for part in place)
    message = fault["msg"].removeprefix("Value error, ")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if fault["type"] in ("unexpected_keyword_argument", "missing", "missing_argument"):
        return f"{cls.__name__}: {field}: {message.lower()}{more}"
    if not field:
        return f"{cls.__name__}: {message}{more}"
    return f"{cls.__name__}: {field} = {str(fault['input'])[:80]!r}: {message}{more}"


@dataclass_transform(frozen_default=True, field_specifiers=(Field,))
def recipe(*, version: int) -> Callable[[type[T]], type[T]]:
    """Make a class a recipe: a frozen pydantic dataclass whose faults are one-line `RecipeError`s.

    version: behaviour version of this kind. Raise it when the same fields would build other bytes.
    """

    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, config=CONFIG)(cls)
        validate = made.__init__

        def init(self: Any, *args: Any, **kwargs: Any) -> None:
            try:
                validate(self, *args, **kwargs)
            except ValidationError as error:
                raise RecipeError(one_line(error, made)) from error

        init.__wrapped__ = validate  # type: ignore[attr-defined]  # keeps the signature for help() and editors
        made.__init__ = init
        made.recipe_version = version
        return made  # type: ignore[no-any-return]

    return decorate


def read_toml(path: Path) -> dict[str, Any]:
    """Read a shelf file; a fault names the file and the place in it."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path.parent.name}/{path.name} is not valid TOML: {error}; mend the file") from error
