"""What stands for a component in a hash: fields, behaviour versions and digests of content; never a path.

Sources of ours say their fields and the digest of what they read. A datatrove step of a user's list stands for itself
by its class and its attributes, where these have a stable form; a lambda, a nested function or an object that says no
more than its address is refused, with the mend. A function stands for itself by its own source, not by what it calls.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import math
import re
import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

from seedbed.data.recipes import JSON, Component, Files, HubDataset, PythonStdlib, StepsRecipe
from seedbed.errors import RecipeError
from seedbed.recipes import Recipe
from seedbed.workbench import Workbench

# Raised when the same documents would be keyed, ordered or laid out otherwise.
CATALOGUE_VERSION = 2
# Attributes of datatrove steps that show or count and change no document.
NOT_IDENTITY = frozenset({"stats", "file_progress", "doc_progress"})


def component_identity(component: Component, workbench: Workbench) -> dict[str, JSON]:
    """A component as JSON values: its fields, its source's or its steps' identities, the catalogue's version.

    Errors: RecipeError for a step without a stable form; SourceError for files that are not there.
    """
    steps = component.source if isinstance(component.source, tuple) else (component.source,)
    described = [
        step.identity(workbench) if isinstance(step, StepsRecipe) else step_identity(step, workbench) for step in steps
    ]
    return {
        "kind": "Component",
        "version": _version(component),
        "catalogue_version": CATALOGUE_VERSION,
        "name": component.name,
        "language": component.language,
        "distinct": component.distinct,
        "heldout_share": component.heldout_share,
        "source": described if isinstance(component.source, tuple) else described[0],
    }


def stdlib_identity(recipe: PythonStdlib, workbench: Workbench) -> dict[str, JSON]:
    """Fields and the digest of the files' contents."""
    from seedbed.data.stdlib import stdlib_files

    return recipe_fields(recipe) | {"content_sha256": _stdlib_digest(tuple(stdlib_files()))}


def files_identity(recipe: Files, workbench: Workbench) -> dict[str, JSON]:
    """Fields without locations, the format, and the digest of the contents, whatever files are called."""
    from seedbed.data.sources import matched_files

    described = recipe_fields(recipe) | {"format": recipe.file_format()}
    del described["locations"]
    digests = [workbench.digest(path) for path in matched_files(recipe, workbench)]
    return described | {"content_sha256": combined(digests)}


def hub_identity(recipe: HubDataset, workbench: Workbench) -> dict[str, JSON]:
    """Fields and the commit that the revision stands for."""
    from seedbed.data.hub import commit_of

    described = recipe_fields(recipe)
    del described["revision"]
    return described | {"commit": commit_of(recipe.id, recipe.revision)}


def step_identity(step: Any, workbench: Workbench) -> dict[str, JSON]:
    """A datatrove step (or a plain function used as one) as JSON values.

    Class with the version of what it comes from (datatrove's release; for a class of the user's own, its source), and
    its public attributes: folders and files by the digest of their contents, functions by name and source.
    Errors: RecipeError for a value without a stable form.
    """
    if isinstance(step, types.FunctionType | functools.partial):
        return {"function": _described(step, workbench, "the step")}
    where = type(step).__name__
    if getattr(step, "shuffle_files", False) and getattr(step, "limit", -1) != -1:
        raise RecipeError(f"{where}: shuffle_files with limit takes other documents every time; leave one of them out")
    return _class_identity(type(step)) | {"attributes": _attributes(step, workbench, where)}


def combined(digests: Iterable[str]) -> str:
    """One digest for many contents, in whatever order they come."""
    return hashlib.sha256("\n".join(sorted(digests)).encode()).hexdigest()


def recipe_fields(recipe: Any) -> dict[str, JSON]:
    """A recipe's kind, version and fields."""
    values = {field.name: getattr(recipe, field.name) for field in fields(recipe)}
    plain: dict[str, JSON] = json.loads(json.dumps(values, sort_keys=True))
    return {"kind": type(recipe).__name__, "version": _version(recipe), **plain}


def _version(recipe: Any) -> int:
    version_: int = recipe.recipe_version
    return version_


@functools.lru_cache(maxsize=2)
def _stdlib_digest(files: tuple[Path, ...]) -> str:
    # Read anew in every process: a tenth of a second, and no memory of paths is needed.
    return combined(hashlib.sha256(path.read_bytes()).hexdigest() for path in files)


def _class_identity(cls: type) -> dict[str, JSON]:
    package = cls.__module__.partition(".")[0]
    if package == "seedbed":
        return {"kind": cls.__qualname__, "version": getattr(cls, "behaviour_version", 1)}
    try:
        return {"kind": f"{cls.__module__}.{cls.__qualname__}", "version": version(package)}
    except PackageNotFoundError:
        return {"kind": cls.__qualname__, "source_sha256": _source_digest(cls, cls.__qualname__)}


def _source_digest(thing: Callable[..., Any] | type, name: str) -> str:
    try:
        return hashlib.sha256(inspect.getsource(thing).encode()).hexdigest()
    except (OSError, TypeError) as error:
        raise RecipeError(f"the source of {name} cannot be read; write it in a file, at the top level") from error


def _attributes(step: Any, workbench: Workbench, where: str) -> dict[str, JSON]:
    from datatrove.pipeline.writers.disk_base import DiskWriter

    found: dict[str, JSON] = {}
    if isinstance(step, DiskWriter):
        return found  # it passes documents on as they are; where copies go is no part of them
    for name, value in sorted(vars(step).items()):
        if name.startswith("_") or name in NOT_IDENTITY:
            continue
        if name == "data_folder" and hasattr(step, "read_files_shard"):
            found["content_sha256"] = _reader_digest(step, workbench)
        elif name == "paths_file":
            found[name] = None if value is None else "in content_sha256"
        else:
            found[name] = _described(_sorted_if_set(value, type(step)), workbench, f"{where}.{name}")
    return found


def _sorted_if_set(value: Any, cls: type) -> Any:
    """A tuple or list that some classes of datatrove make of a set of their module comes in a new order every time."""
    if isinstance(value, tuple | list) and value and all(isinstance(item, str) for item in value):
        there = getattr(sys.modules.get(cls.__module__), "__dict__", {}).values()
        if any(isinstance(each, set | frozenset) and each == set(value) for each in there):
            return sorted(value)
    return value


def _reader_digest(reader: Any, workbench: Workbench) -> str:
    """The contents that one of datatrove's disk readers will read."""
    folder = reader.data_folder
    if reader.paths_file:
        from datatrove.io import get_shard_from_paths_file

        names = list(get_shard_from_paths_file(reader.paths_file, 0, 1))
    else:
        names = folder.list_files(recursive=reader.recursive, glob_pattern=reader.glob_pattern)
    return _folder_digest(folder, names, workbench)


def _folder_digest(folder: Any, names: Sequence[str], workbench: Workbench) -> str:
    if folder.is_local():
        return combined(workbench.digest(Path(folder.resolve_paths(name))) for name in names)
    # A remote file system knows versions of its files; reading them all to plan would be too dear.
    return combined(str(folder.ukey(name)) for name in names)


def _described(value: Any, workbench: Workbench, where: str) -> JSON:
    """A value in a stable JSON form. Errors: RecipeError, naming the attribute."""
    if value is None or isinstance(value, bool | int | str):
        return _located(value, workbench) if isinstance(value, str) else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return [
            [_described(key, workbench, where), _described(item, workbench, f"{where}[{key!r:.20}]")]
            for key, item in sorted(value.items(), key=lambda pair: repr(pair[0]))
        ]
    if isinstance(value, set | frozenset):
        return sorted((_described(item, workbench, where) for item in value), key=json.dumps)
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_described(item, workbench, f"{where}[{i}]") for i, item in enumerate(value)]
    return _described_object(value, workbench, where)


def _described_object(value: Any, workbench: Workbench, where: str) -> JSON:
    if isinstance(value, PurePath):
        return _located(str(value), workbench)
    known = _described_code(value, workbench, where) or _described_data(value, workbench, where)
    if known is None:
        kind = type(value).__name__
        if kind in ("Generator", "RandomState", "Random"):
            reason = (
                "draws numbers in the order documents come, so that tasks would change the result; filter by a "
                "hash of the text instead"
            )
        else:
            reason = (
                "has no stable form to hash; give it numbers, strings or functions of a module, or make the step a "
                "class of its own that builds it when it runs"
            )
        raise RecipeError(f"{where} holds a {kind}, which {reason}")
    return known


def _described_data(value: Any, workbench: Workbench, where: str) -> dict[str, JSON] | None:
    if isinstance(value, bytes):
        return {"bytes_sha256": hashlib.sha256(value).hexdigest()}
    if isinstance(value, Recipe):
        return recipe_fields(value)
    if isinstance(value, Enum):
        return {"enum": f"{type(value).__qualname__}.{value.name}"}
    if isinstance(value, re.Pattern):
        return {"pattern": value.pattern, "flags": value.flags}
    if hasattr(value, "list_files"):
        return {"content_sha256": _folder_digest(value, value.list_files(), workbench)}
    if is_dataclass(value):
        values = {field.name: getattr(value, field.name) for field in fields(value)}
        return _class_identity(type(value)) | {"attributes": _described(values, workbench, where)}
    if type(value).__module__.partition(".")[0] in ("datatrove", "seedbed"):
        return _class_identity(type(value)) | {"attributes": _attributes(value, workbench, where)}
    return None


def _described_code(value: Any, workbench: Workbench, where: str) -> dict[str, JSON] | None:
    if isinstance(value, type):
        return _class_identity(value)
    if isinstance(value, functools.partial):
        return {
            "partial": _described(value.func, workbench, where),
            "args": _described(value.args, workbench, where),
            "keywords": _described(value.keywords, workbench, where),
        }
    if isinstance(value, types.MethodType):
        return _method(value, workbench, where)
    if isinstance(value, types.FunctionType):
        return _function(value, where)
    if isinstance(value, types.BuiltinFunctionType):
        owner = value.__self__
        name = owner.__name__ if isinstance(owner, types.ModuleType) else _described(owner, workbench, where)
        return {"function": value.__qualname__, "of": name}
    return None


def _located(text: str, workbench: Workbench) -> JSON:
    """Text as it is; the absolute path of a file by the digest of what the file holds."""
    if PurePath(text).is_absolute() and len(text) < 4096 and Path(text).is_file():
        return {"content_sha256": workbench.digest(Path(text))}
    return text


def _method(method: types.MethodType, workbench: Workbench, where: str) -> dict[str, JSON]:
    """A step's own method by name; what was bound to it from outside (datatrove's adapters) as the function it is."""
    function, owner = method.__func__, method.__self__
    described: dict[str, JSON]
    if getattr(type(owner), function.__name__, None) is not function:
        described = _described(function, workbench, where)
    elif hasattr(owner, "stat_update"):  # a step, described where it stands
        described = {"method": f"{type(owner).__qualname__}.{function.__name__}"}
    else:
        described = {"method": function.__name__, "of": _described(owner, workbench, where)}
    return described


def _function(function: types.FunctionType, where: str) -> dict[str, JSON]:
    name = function.__qualname__
    if function.__name__ == "<lambda>":
        raise RecipeError(
            f"{where} holds a lambda, which has no stable form to hash; write a function at the top level"
        )
    if "<locals>" in name:
        raise RecipeError(f"{where} holds {name}, which depends on where it was made; write it at the top level")
    return {"function": name, "source_sha256": _source_digest(function, name)}
