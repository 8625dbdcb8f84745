"""Tokenizers that are there already: found, checked for an end of document, and copied as they are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbed.errors import SourceError
from seedbed.tokenizers.encoder import CONFIG_FILE, load_encoder
from seedbed.tokenizers.existing_recipe import HUB, TOKENIZER_FILE, Existing
from seedbed.tokenizers.recipes import END_OF_DOCUMENT
from seedbed.tokenizers.token_files import special_tokens
from seedbed.tokenizers.train import TokenizerReceipt
from seedbed.workbench import Workbench

USUAL_ENDS = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<eos>", "<|eos|>", "[EOS]", END_OF_DOCUMENT)
"""What the end of a document is called where no tokenizer_config.json says it."""
SHOWN_TOKENS = 8


@dataclass(frozen=True)
class ExistingFile:
    """A tokenizer file: where it lies on this machine, its digest, and the special token that closes documents."""

    path: Path
    sha256: str
    end_of_document: str


def find_existing(recipe: Existing, workbench: Workbench) -> ExistingFile:
    """The file of a recipe, fetched from the hub if it is not in its cache.

    Errors: SourceError for a file that is missing, no tokenizer, or lacks the special token.
    """
    path, config = _files(recipe, workbench)
    form = _read(path, recipe.name)
    return ExistingFile(path, workbench.digest(path), _end_of_document(recipe, form, config))


def take_existing(recipe: Existing, workbench: Workbench, out: Path) -> TokenizerReceipt:
    """Copy a tokenizer as it is into the folder `out`, which is there already.

    Beside its bytes stands a `tokenizer_config.json` that names the end of document, as transformers reads it.
    Errors: SourceError as of `find_existing`, or for a file whose tokens do not say which bytes they stand for.
    """
    found = find_existing(recipe, workbench)
    content = found.path.read_bytes()
    (out / TOKENIZER_FILE).write_bytes(content)
    (out / CONFIG_FILE).write_text(json.dumps({"eos_token": found.end_of_document}) + "\n", encoding="utf-8")
    try:
        encoder = load_encoder(out)
    except SourceError as error:
        raise SourceError(f"tokenizer {recipe.name!r}: {error}") from error
    return TokenizerReceipt(recipe.kind, encoder.vocab_size, 0, 0, hashlib.sha256(content).hexdigest())


def _files(recipe: Existing, workbench: Workbench) -> tuple[Path, Path | None]:
    """The tokenizer's file, and the one that names its special tokens, if there is one."""
    if recipe.on_hub:
        path = _fetched(recipe, TOKENIZER_FILE)
        if path is None:
            raise SourceError(
                f"{recipe.location} at {str(recipe.revision)[:8]} holds no {TOKENIZER_FILE}; name a model that does"
            )
        return path, _fetched(recipe, CONFIG_FILE)
    path = workbench.resolve(recipe.location)
    path = path / TOKENIZER_FILE if path.is_dir() else path
    if not path.is_file():
        raise SourceError(
            f"there is no {TOKENIZER_FILE} at {recipe.location!r}; name a file, a folder that holds one, or a model of "
            f"the hub ('{HUB}org/name')"
        )
    config = path.with_name(CONFIG_FILE)
    return path, config if config.is_file() else None


def _fetched(recipe: Existing, name: str) -> Path | None:
    """A file of the hub, from its cache where it is there; None if the hub says that there is none."""
    from huggingface_hub import errors, hf_hub_download

    http_error = errors.HTTPError  # type: ignore[attr-defined]  # of whichever client this version of the hub uses
    id_ = recipe.location.removeprefix(HUB)
    try:
        return Path(hf_hub_download(id_, name, revision=recipe.revision))
    except errors.LocalEntryNotFoundError as error:
        if name == CONFIG_FILE and recipe.end_of_document is not None:
            return None
        raise SourceError(
            f"{recipe.location}: {name} is not in the hub's cache and the hub cannot be reached; connect to the "
            "network once, or give a file: Existing('folder/tokenizer.json')"
        ) from error
    except errors.RemoteEntryNotFoundError:
        return None
    except (http_error, OSError, ValueError) as error:
        reason = str(error).partition("\n")[0][:120] or type(error).__name__
        raise SourceError(f"{recipe.location} cannot be fetched ({reason}); check its id and revision") from error


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        form: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form["model"]["vocab"], form["model"]["type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            f"tokenizer {name!r}: {path.name} is no file of the tokenizers library; give a tokenizer.json"
        ) from error
    return form


def _end_of_document(recipe: Existing, form: dict[str, Any], config: Path | None) -> str:
    """The special token that closes documents: the one named, that of the config, or one with a usual name."""
    vocabulary = form["model"]["vocab"]
    if isinstance(vocabulary, dict) and vocabulary.get(END_OF_DOCUMENT) == 0 and recipe.end_of_document is None:
        return END_OF_DOCUMENT  # a file of ours, which holds it as an entry that no text reaches
    special = special_tokens(form)
    has = ", ".join(list(special)[:SHOWN_TOKENS]) + (" ..." if len(special) > SHOWN_TOKENS else "") or "none"
    if recipe.end_of_document is not None:
        if recipe.end_of_document not in special:
            raise SourceError(
                f"tokenizer {recipe.name!r} has no special token {recipe.end_of_document!r} to end documents with; "
                f"it has {has}"
            )
        return recipe.end_of_document
    stated = _eos_token(config)
    if stated in special:
        return str(stated)
    usual = [token for token in USUAL_ENDS if token in special]
    if len(usual) != 1:
        raise SourceError(
            f"which special token of tokenizer {recipe.name!r} ends documents is not said; write end_of_document= with "
            f"one of those it has: {has}"
        )
    return usual[0]


def _eos_token(config: Path | None) -> str | None:
    if config is None:
        return None
    try:
        token = json.loads(config.read_text(encoding="utf-8")).get("eos_token")
    except (OSError, ValueError, AttributeError) as error:
        raise SourceError(f"{config.parent.name}/{config.name} is damaged; mend it or remove it") from error
    return str(token["content"]) if isinstance(token, dict) and "content" in token else token
