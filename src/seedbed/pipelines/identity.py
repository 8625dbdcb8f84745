"""Identity: what a thing is, as canonical JSON and a short hash, apart from where and how it is made.

`describe` turns a recipe into plain JSON values. It refuses what has no stable form (a lambda, an object with a default
repr, a path), so that no path, device or worker count can enter a hash. `fingerprint` hashes such a description and
`differences` explains two of them field by field.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from enum import Enum
from pathlib import PurePath
from typing import Any

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.data.identity import component_identity
from seedbed.data.recipes import Component
from seedbed.errors import RecipeError
from seedbed.probes.recipe_base import ProbeRecipe
from seedbed.recipes import Recipe
from seedbed.tokenizers.existing_recipe import Existing
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.training.recipes import Training
from seedbed.workbench import Workbench

Json = dict[str, Any] | list[Any] | str | int | float | bool | None

FINGERPRINT_LENGTH = 16
# What a recipe is called in tables is no part of what it is: renaming it must rebuild nothing.
LABELS: Mapping[type, frozenset[str]] = {kind: frozenset({"name"}) for kind in (Tokenizer, Training)}
MACHINE_PATH = re.compile(r"^(~[\w-]*/|/[\w.@~-]+(/|$)|[A-Za-z]:[\\/])")


def describe(value: object, workbench: Workbench, where: str = "recipe") -> Json:
    """The canonical JSON form of a recipe or of a value in one.

    Recipes give their kind, behaviour version and fields; a component also the digest of its source's content. Sets are
    sorted, tuples are lists, a mapping keyed by components becomes a list in name order.

    Errors: RecipeError for a value without a stable form, with the field's name and the mend.
    """
    if isinstance(value, Component):
        return dict(component_identity(value, workbench))
    if isinstance(value, Difficulty):
        return describe(value.settings(), workbench, where)
    if isinstance(value, ProbeRecipe | Existing):
        return describe(value.identity(workbench), workbench, where)
    if isinstance(value, Recipe):
        described: dict[str, Json] = {"recipe": type(value).__name__, "version": value.recipe_version}
        for field in fields(value):
            if field.name in LABELS.get(type(value), ()):
                continue
            described[field.name] = describe(getattr(value, field.name), workbench, f"{where}.{field.name}")
        if isinstance(value, Tokenizer) and value.morphemes is not None:
            listed = workbench.shelf_file("tokenizers/morphemes", value.morphemes, suffix=".txt")
            described["morphemes_sha256"] = workbench.digest(listed)
        return described
    return _describe_plain(value, workbench, where)


def _describe_plain(value: object, workbench: Workbench, where: str) -> Json:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise RecipeError(f"{where} is {value}, which is no number to build on; give a finite one")
        return value
    if isinstance(value, Enum):
        return _describe_plain(value.value, workbench, where)
    if isinstance(value, PurePath):
        raise RecipeError(f"{where} holds a path of this machine; name the file in a source such as Files('...')")
    if isinstance(value, str):
        if MACHINE_PATH.match(value):
            raise RecipeError(f"{where} holds a path of this machine; give a location relative to the workbench")
        return value
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value):
            return {key: describe(value[key], workbench, f"{where}.{key}") for key in sorted(value)}
        pairs = [[describe(key, workbench, where), describe(item, workbench, where)] for key, item in value.items()]
        return sorted(pairs, key=canonical)
    if isinstance(value, set | frozenset):
        return sorted((describe(item, workbench, where) for item in value), key=canonical)
    if isinstance(value, Sequence):
        return [describe(item, workbench, f"{where}[{index}]") for index, item in enumerate(value)]
    raise RecipeError(
        f"{where} holds a {type(value).__name__}, which has no stable form to hash; use a number, a string, a recipe, "
        "or a datatrove step that is a class of its own"
    )


def canonical(description: Json) -> str:
    """One string for one description: sorted keys, no spaces, shortest floats."""
    return json.dumps(description, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def fingerprint(description: Json) -> str:
    """First 16 hex digits (64 bits) of the SHA-256 of the canonical form."""
    return hashlib.sha256(canonical(description).encode()).hexdigest()[:FINGERPRINT_LENGTH]


def flatten(description: Json, prefix: str = "") -> Iterator[tuple[str, str | int | float | bool | None]]:
    """Every leaf of a description with its dotted name; items that carry a name are addressed by it."""
    if isinstance(description, dict):
        for key in sorted(description):
            yield from flatten(description[key], f"{prefix}.{key}" if prefix else key)
    elif isinstance(description, list):
        for index, item in enumerate(description):
            label = item.get("name", index) if isinstance(item, dict) else index
            yield from flatten(item, f"{prefix}.{label}" if prefix else str(label))
    else:
        yield prefix, description


ABSENT = "(absent)"


def differences(old: Json, new: Json, prefix: str = "") -> list[tuple[str, str, str]]:
    """(field, old value, new value) for every field in which two descriptions differ, in field order.

    A whole part that one of them lacks is one difference, told by the part's name or kind.
    """
    before, after = _children(old), _children(new)
    if before is None or after is None:
        return [] if old == new else [(prefix or "recipe", _told(old), _told(new))]
    found = []
    for key in sorted(before.keys() | after.keys()):
        name = f"{prefix}.{key}" if prefix else key
        if key in before and key in after:
            found += differences(before[key], after[key], name)
        else:
            told = [_told(side[key]) if key in side else ABSENT for side in (before, after)]
            found.append((name, told[0], told[1]))
    return found


def _children(description: Json) -> dict[str, Json] | None:
    """The parts of a description by label; None for a leaf."""
    if isinstance(description, dict):
        return description
    if isinstance(description, list):
        return {
            str(item.get("name", index) if isinstance(item, dict) else index): item
            for index, item in enumerate(description)
        }
    return None


def _told(description: Json) -> str:
    if isinstance(description, dict):
        return str(
            description.get("name")
            or description.get("recipe")
            or description.get("kind")
            or f"({len(description)} fields)"
        )
    if isinstance(description, list):
        return f"({len(description)} items)"
    return str(description)
