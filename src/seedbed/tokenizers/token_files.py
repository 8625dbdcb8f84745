"""What any `tokenizer.json` says of its tokens: which are special, and the bytes that each of the others stands for.

`form` is the file as plain values. Two ways to write tokens keep every byte: the byte-level alphabet of GPT-2, and that
of sentencepiece, with "▁" for a space and <0xNN> for a byte that is in no piece.
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping
from typing import Any, Literal

from seedbed.errors import SourceError
from seedbed.tokenizers.byte_level import token_to_bytes

Writing = Literal["byte-level", "sentencepiece", "words"]
SPACE = "\u2581"
BYTE = re.compile(r"<0x([0-9A-F]{2})>")


def writing(form: Mapping[str, Any]) -> Writing | None:
    """How tokens are written; None for a way that does not say which bytes they stand for."""
    parts = json.dumps([form.get(part) for part in ("normalizer", "pre_tokenizer", "decoder")])
    if '"ByteLevel"' in parts:
        return "byte-level"
    if form["model"]["type"] == "WordLevel":
        return "words"
    return "sentencepiece" if json.dumps(SPACE)[1:-1] in parts or '"Metaspace"' in parts else None


def special_tokens(form: Mapping[str, Any]) -> dict[str, int]:
    """The special tokens of a file with their ids, in the file's order."""
    return {token["content"]: int(token["id"]) for token in form.get("added_tokens", []) if token.get("special")}


def unknown_tokens(form: Mapping[str, Any], vocabulary: Mapping[str, int]) -> list[int]:
    """The id of the token that stands for what a tokenizer does not know; none, if it has no such token."""
    model = form["model"]
    if model.get("unk_id") is not None:
        return [int(model["unk_id"])]
    name = model.get("unk_token")
    return [vocabulary[name]] if name in vocabulary else []


def bytes_of_tokens(
    form: Mapping[str, Any], vocabulary: Mapping[str, int], nothing: Container[int], size: int
) -> list[bytes]:
    """UTF-8 bytes of `size` tokens, a word's leading space included; b"" for ids that have no token.

    vocabulary: token -> id, added tokens included. nothing: ids that stand for no text (special and unknown tokens).
    Errors: SourceError for a file that is neither byte-level, nor sentencepiece's, nor of whole words.
    """
    way = writing(form)
    if way is None:
        raise SourceError(
            "the tokenizer is neither byte-level nor sentencepiece's, so which bytes its tokens stand for (and where "
            "words begin) is not known; use one that is, such as GPT-2's or Llama's"
        )
    pieces = [b""] * size
    added = {token["content"] for token in form.get("added_tokens", [])}
    mark = form["model"].get("continuing_subword_prefix") or ""
    for name, token in vocabulary.items():
        if token in nothing:
            continue
        try:
            pieces[token] = name.encode() if name in added else _bytes_of(name.removeprefix(mark), way)
        except KeyError as error:
            raise SourceError(
                f"the token {name[:40]!r} is not written in the byte-level alphabet, as the file says its tokens are; "
                "give the tokenizer.json as it was saved"
            ) from error
    return pieces


def _bytes_of(name: str, way: Writing) -> bytes:
    if way == "byte-level":
        return token_to_bytes(name)
    if way == "words":
        return name.encode()
    byte = BYTE.fullmatch(name)
    return bytes([int(byte[1], 16)]) if byte else name.replace(SPACE, " ").encode()
