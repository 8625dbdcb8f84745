"""Minimal pairs in BLiMP's format: JSON lines with `sentence_good`, `sentence_bad` and `UID`, plain or gzip."""

from __future__ import annotations

from pathlib import Path

import orjson

from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.question_files import read_lines
from seedbed.probes.recipe_base import pair_files


def read_pairs(path: Path) -> dict[str, list[MinimalPair]]:
    """Pairs by paradigm, in the order of the file or of the files of a folder.

    A pair's paradigm is its `UID`, or the file's name where it has none.
    Errors: SourceError for a missing or empty location, and for a bad line, with file and line.
    """
    files = pair_files(path) if path.is_dir() else [path]
    if not files:
        raise SourceError(f"the folder {path.name} holds no .jsonl or .jsonl.gz file; give the folder of the pairs")
    found: dict[str, list[MinimalPair]] = {}
    for file in files:
        for number, line in read_lines(file):
            pair = _pair(file, number, line)
            found.setdefault(pair.paradigm, []).append(pair)
    if not found:
        raise SourceError(f"{path.name} holds no pairs; give a file in BLiMP's format")
    return found


def _pair(file: Path, number: int, line: str) -> MinimalPair:
    where = f"{file.name}, line {number}"
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{where} is not valid JSON ({error}); mend or remove the line") from error
    if not isinstance(record, dict):
        raise SourceError(f"{where} is not a JSON object; mend or remove the line")
    good, bad = record.get("sentence_good"), record.get("sentence_bad")
    if not (isinstance(good, str) and good and isinstance(bad, str) and bad):
        raise SourceError(f"{where} lacks sentence_good or sentence_bad, or one is empty; mend or remove the line")
    paradigm = record.get("UID", file.name.split(".")[0])
    if not isinstance(paradigm, str) or not paradigm or "/" in paradigm:
        raise SourceError(f"{where}: the UID {paradigm!r} is not a name without '/'; mend the line")
    return MinimalPair(paradigm, good, bad)


def chosen(
    found: dict[str, list[MinimalPair]], paradigms: tuple[str, ...], count: int | None
) -> dict[str, list[MinimalPair]]:
    """The named paradigms (all if none is named) in the order of the files, and the first `count` pairs of each.

    Errors: UnknownNameError for a paradigm that is not there.
    """
    for name in paradigms:
        if name not in found:
            raise UnknownNameError("paradigm", name, found)
    return {name: pairs[:count] for name, pairs in found.items() if not paradigms or name in paradigms}
