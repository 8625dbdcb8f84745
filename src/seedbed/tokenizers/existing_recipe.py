"""The recipe of a tokenizer that is there already: a `tokenizer.json` of anybody's, in a file or on the hub."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from seedbed.recipes import recipe
from seedbed.workbench import Workbench

TOKENIZER_FILE = "tokenizer.json"
HUB = "hub:"
COMMIT = re.compile(r"[0-9a-f]{40}")


def one_line(name: str) -> str:
    """A name as tables and folders take it. Errors: ValueError."""
    if name and (not name.isprintable() or "/" in name or name != name.strip()):
        raise ValueError("a name is one line of text without '/' and without spaces around it; choose another")
    return name


@recipe(version=1)
class Existing:
    """A tokenizer that is taken as it is: `Existing("gpt2/tokenizer.json")`, `Existing("hub:org/name", revision=...)`.

    location: a `tokenizer.json`, a folder that holds one (both relative to the workbench), or "hub:" and the id of a
    model on the Hugging Face hub. revision: of the hub, the commit in full: what lies under a branch's name changes.
    end_of_document: the special token of the file that closes every document and stands before the first token of a
    sequence; None: the eos_token of the `tokenizer_config.json` beside the file, else the one special token with a
    usual name ("<|endoftext|>", "</s>", ...).
    name: what tables call it; by default the last part of its location.

    Its identity is the digest of the file and the end of document, never where it lies. Byte-level files and
    sentencepiece's ("▁", bytes as <0xNN>) are taken, and every document is checked to be given back exactly.

    Errors: RecipeError, for a hub id without a commit, or a commit without a hub id.
    """

    location: str = Field(min_length=1)
    revision: str | None = Field(default=None, kw_only=True)
    end_of_document: str | None = Field(default=None, kw_only=True, min_length=1)
    name: str = Field(default="", kw_only=True, max_length=80)

    _one_line = field_validator("name")(one_line)

    @model_validator(mode="after")
    def _pinned(self) -> Existing:
        if self.on_hub and not COMMIT.fullmatch(self.revision or ""):
            raise ValueError(
                f"revision = {self.revision!r}, but {self.location!r} needs a commit, for what lies under a branch's "
                "name changes; give its 40 digits (the hub shows them under 'Files', 'History')"
            )
        if not self.on_hub and self.revision is not None:
            raise ValueError(f"revision is of the hub, and {self.location!r} is a file; leave it out, or write 'hub:'")
        if not self.name:
            object.__setattr__(self, "name", self._named())
        return self

    @property
    def on_hub(self) -> bool:
        """Whether it is fetched from the hub."""
        return self.location.startswith(HUB)

    @property
    def kind(self) -> Literal["existing"]:
        """Beside the kinds that are trained."""
        return "existing"

    @property
    def vocab_size(self) -> None:
        """Known once the file is read, as that of a word tokenizer."""
        return

    @property
    def deterministic(self) -> bool:
        """The file is part of the identity, so it is the same each time."""
        return True

    @property
    def learns(self) -> bool:
        """Whether the text that it is trained on is part of what it is."""
        return False

    def identity(self, workbench: Workbench) -> dict[str, Any]:
        """What stands for it in a hash: the digest of the file, and the end of document.

        Errors: SourceError for a file that is missing or none, or a special token that it has not.
        """
        from seedbed.tokenizers.existing import find_existing

        found = find_existing(self, workbench)
        return {
            "recipe": "Existing",
            "version": self.recipe_version,  # type: ignore[attr-defined]  # set by @recipe
            "sha256": found.sha256,
            "end_of_document": found.end_of_document,
        }

    def _named(self) -> str:
        place = PurePosixPath(self.location.removeprefix(HUB).replace("\\", "/"))
        if place.name == TOKENIZER_FILE:
            return place.parent.name or "existing"
        return place.name.removesuffix(".json") or "existing"
