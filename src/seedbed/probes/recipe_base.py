"""What every probe recipe is: a named choice of what is measured, which prepares itself once for a tokenizer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

from seedbed.workbench import Workbench

if TYPE_CHECKING:
    from seedbed.probes.base import Material, PreparedProbe

At: TypeAlias = Literal["all", "last"]
Direction: TypeAlias = Literal["better", "worse"]

NAME = r"^[a-z0-9][a-z0-9_.-]*$"
"""What a probe may be called: its name is the first part of its metrics."""


ABLE_SHARE = 0.75
"""An ability counts as there from this share of items on: halfway from chance to ceiling for a choice of two, and above
what a model reaches that knows the number of an auxiliary but not which one to front (.5)."""
ABLE_MARGIN_NATS = math.log(ABLE_SHARE / (1 - ABLE_SHARE))
"""The soft form's threshold: the log odds of the same share, 1.0986 nats."""


@dataclass(frozen=True)
class Headline:
    """A metric that answers a question, with how to read it.

    higher_is: None where neither direction is an ability. unit: of its values, in words. soft_metric: the
    log-probability margin (or another soft form) that must show an onset too; None where no onset is looked for.
    asked: whether every factor of a study is asked about it; an ability that all arms must have is only watched.
    able: from here on the ability counts as there. soft_able: the same in the soft form; of a margin the log odds of
    the share. soft_unit: of the soft form's values.
    """

    metric: str
    higher_is: Direction | None
    unit: str
    soft_metric: str | None = None
    asked: bool = True
    able: float = ABLE_SHARE
    soft_able: float = ABLE_MARGIN_NATS
    soft_unit: str = "nats"


class ProbeRecipe:
    """Base of the recipes. A subclass is made by `@recipe` and has at least the fields `name` and `at`.

    local: the fields that hold locations of files. needs_study: whether the items come from a study, so that the probe
    cannot run on a model alone.
    """

    local: ClassVar[tuple[str, ...]] = ()

    name: str
    at: At

    @property
    def needs_study(self) -> bool:
        """Whether its items come from a study: held-out documents, or what its models are trained on."""
        return False

    @property
    def headlines(self) -> tuple[Headline, ...]:
        """What a person looks at first."""
        raise NotImplementedError

    def smoke(self) -> Self:
        """The same probe on a handful of items."""
        raise NotImplementedError

    def prepare(self, material: Material) -> PreparedProbe:
        """Draw and encode the items once.

        Errors: SeedbedError, for a missing file, for items none of which can be scored, or for a tokenizer that the
        probe cannot be run on.
        """
        raise NotImplementedError

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for the probe in a hash: its kind, version and fields, files by the digest of their content.

        A file that is not there and need not be stands as None, so that its arrival is a change.
        Errors: SourceError for a missing file that is needed.
        """
        described: dict[str, Any] = {"kind": type(self).__name__, "version": self.recipe_version}  # type: ignore[attr-defined]  # set by @recipe
        for field in fields(self):  # type: ignore[arg-type]  # every subclass is a recipe, hence a dataclass
            value = getattr(self, field.name)
            if field.name in self.local:
                described[field.name] = self._content(value, workbench)
            else:
                described[field.name] = value.identity(workbench) if hasattr(value, "identity") else value
        return described

    def _content(self, value: Any, workbench: Workbench) -> Any:
        if isinstance(value, tuple):
            return [[name, self._content(location, workbench)] for name, location in value]
        if not value or not self.is_location(value):
            return value
        return content_digests(workbench.resolve(value), workbench, missing_is_fine=getattr(self, "optional", False))

    def is_location(self, value: str) -> bool:
        """Whether the value of a local field is a file or folder, and not the name of something seedbed makes."""
        return True


class ReadsHeldOut(ProbeRecipe):
    """Base of the recipes that read the held-out documents of a study's components."""

    @property
    def needs_study(self) -> bool:
        """Always: a model alone has no held-out documents."""
        return True


def content_digests(path: Path, workbench: Workbench, *, missing_is_fine: bool = False) -> Mapping[str, str] | None:
    """SHA-256 by file name, of one file or of the pair files in a folder; None if nothing is there and that is fine."""
    files = pair_files(path) if path.is_dir() else [path]
    if not path.exists() and missing_is_fine:
        return None
    return {file.name: workbench.digest(file) for file in files}


def pair_files(folder: Path) -> list[Path]:
    """The files of a folder that hold minimal pairs: *.jsonl and *.jsonl.gz, in order of their names."""
    return sorted(path for path in folder.iterdir() if path.name.endswith((".jsonl", ".jsonl.gz")))
