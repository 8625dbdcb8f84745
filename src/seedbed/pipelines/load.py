"""Load a pipeline file: plain Python that states choices and builds nothing."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seedbed.errors import RecipeError, SeedbedError, UnknownNameError
from seedbed.pipelines.options import given_options
from seedbed.pipelines.study import Study
from seedbed.workbench import Workbench


@dataclass(frozen=True)
class LoadedStudy:
    """A study with the text that explains it."""

    study: Study
    description: str
    """The pipeline file's docstring."""
    file: Path


def pipeline_file(given: str, workbench: Workbench) -> Path:
    """The file of a pipeline given by path or by its name on the shelf. Errors: UnknownNameError with the nearest."""
    path = Path(given)
    if path.is_file():
        return path
    name = path.name.removesuffix(".py")
    if path.parent.name in ("", "pipelines"):
        return workbench.shelf_file("pipelines", name, ".py")
    raise UnknownNameError("pipeline file", given, workbench.shelf_names("pipelines", ".py"))


def load_study(given: str, workbench: Workbench, options: Mapping[str, str] | None = None) -> LoadedStudy:
    """Run a pipeline file and take the one Study it states.

    Errors: RecipeError that begins with file and line: of the statement that was refused, or of the Python error.
    """
    path = pipeline_file(given, workbench)
    spec = importlib.util.spec_from_file_location(f"seedbed_pipeline_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{path.name} is not a Python file; a pipeline file ends in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # so that classes and functions stated in the file can be found by their name
    with given_options(options or {}):
        try:
            spec.loader.exec_module(module)
        except SeedbedError as error:
            raise type_of_fault(error)(_at_line(path, error, str(error))) from error
        except Exception as error:  # the file is a person's: whatever it raises is a fault of the file
            raise RecipeError(_at_line(path, error, f"{type(error).__name__}: {error}")) from error
    studies = [value for value in vars(module).values() if isinstance(value, Study)]
    if len(studies) != 1:
        raise RecipeError(f"{path.name} states {len(studies)} studies; it must state one: study = Study(name=..., ...)")
    return LoadedStudy(studies[0], (module.__doc__ or "").strip(), path)


def type_of_fault(error: SeedbedError) -> type[SeedbedError]:
    """The class to raise a fault again as: its own where that takes a plain message."""
    return RecipeError if isinstance(error, UnknownNameError) else type(error)


def _at_line(path: Path, error: BaseException, message: str) -> str:
    if isinstance(error, SyntaxError):
        return f"{path.name}:{error.lineno}: {error.msg}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path.name}:{lines[-1]}: {message}" if lines else f"{path.name}: {message}"
