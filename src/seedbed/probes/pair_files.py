"""Minimal pairs from files, plain or gzip, each format told by its ending and its first line:

- .jsonl: BLiMP's: JSON lines with `sentence_good`, `sentence_bad` and (else the file's name) `UID`.
- .tsv with a header that names `sentence_good` and `sentence_bad`, and (else the file's name) `UID`.
- .tsv of two columns, True or False and a sentence, in turn: CLAMS (Mueller et al. 2020).
- .tsv of two columns without a header: a good and a bad sentence.
- .txt: lines in turn; which come first is said by `first_line` (in Zorro, Huebner et al. 2021, the bad ones).
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import orjson

from seedbed.data.grammar.items import MinimalPair
from seedbed.errors import SourceError, UnknownNameError
from seedbed.probes.question_files import read_lines
from seedbed.probes.recipe_base import pair_files
from seedbed.workbench import Workbench

FirstLine: TypeAlias = Literal["bad", "good"]
ENDINGS = (".jsonl", ".tsv", ".txt")
HEADER = ("sentence_good", "sentence_bad")
Numbered: TypeAlias = Iterator[tuple[int, str]]


def read_pairs(path: Path) -> dict[str, list[MinimalPair]]:
    """Pairs by paradigm, in the order of the file or of the .jsonl files of a folder.

    A pair's paradigm is its `UID`, or the file's name where it has none.
    Errors: SourceError for a missing or empty location, and for a bad line, with file and line.
    """
    files = pair_files(path) if path.is_dir() else [path]
    if not files:
        raise SourceError(f"the folder {path.name} holds no .jsonl or .jsonl.gz file; give the folder of the pairs")
    return _by_paradigm(path, ((file, "") for file in files), "bad")


def read_suite(path: Path, first_line: FirstLine = "bad") -> dict[str, list[MinimalPair]]:
    """Pairs by paradigm, from files of every format; of a folder, also those of the folders in it.

    What lies in a folder "de" is called "de.<paradigm>". Errors: as `read_pairs`.
    """
    files = suite_files(path)
    if not files:
        raise SourceError(f"the folder {path.name} holds no .jsonl, .tsv or .txt file (or .gz); give that of the pairs")
    inside = ((file, "" if path in (file.parent, file) else f"{file.parent.name}.") for file in files)
    return _by_paradigm(path, inside, first_line)


def suite_files(path: Path) -> list[Path]:
    """A file, or the pair files of a folder and of the folders in it, in order of their names."""
    if not path.is_dir():
        return [path]
    found = [*path.iterdir(), *(file for folder in path.iterdir() if folder.is_dir() for file in folder.iterdir())]
    return sorted(file for file in found if file.is_file() and file.name.removesuffix(".gz").endswith(ENDINGS))


def suite_digests(location: str, workbench: Workbench, *, missing_is_fine: bool = False) -> dict[str, str] | None:
    """SHA-256 of the files of `suite_files` by their place in the folder; None if nothing is there and that is fine."""
    path = workbench.resolve(location)
    if missing_is_fine and not path.exists():
        return None
    root = path if path.is_dir() else path.parent
    return {file.relative_to(root).as_posix(): workbench.digest(file) for file in suite_files(path)}


def _by_paradigm(path: Path, files: Iterator[tuple[Path, str]], first: FirstLine) -> dict[str, list[MinimalPair]]:
    found: dict[str, list[MinimalPair]] = {}
    for file, prefix in files:
        for pair in _pairs(file, first):
            paradigm = prefix + pair.paradigm
            found.setdefault(paradigm, []).append(MinimalPair(paradigm, pair.good, pair.bad))
    if not found:
        raise SourceError(f"{path.name} holds no pairs; give a file in BLiMP's format")
    return found


def _pairs(file: Path, first: FirstLine) -> Iterator[MinimalPair]:
    name = file.name.removesuffix(".gz")
    lines = read_lines(file)
    if name.endswith(".txt"):
        return _in_turn(file, lines, first)
    if name.endswith(".tsv"):
        return _table(file, lines)
    return (_json(file, number, line) for number, line in lines)


def _in_turn(file: Path, lines: Numbered, first: FirstLine) -> Iterator[MinimalPair]:
    for number, line in lines:
        _, other = next(lines, (number, ""))
        if not (line.strip() and other.strip()):
            raise SourceError(f"{file.name}, line {number}: there is no pair of lines here; mend or remove the line")
        good, bad = (line, other) if first == "good" else (other, line)
        yield _pair(file, number, good.strip(), bad.strip())


def _table(file: Path, lines: Numbered) -> Iterator[MinimalPair]:
    head = list(islice(lines, 1))
    if not head:
        return
    columns = head[0][1].split("\t")
    if all(name in columns for name in HEADER):
        for number, line in lines:
            row = dict(zip(columns, line.split("\t"), strict=False))
            yield _pair(file, number, row.get(HEADER[0], ""), row.get(HEADER[1], ""), row.get("UID"))
        return
    yield from (_marked if columns[0] in ("True", "False") else _side_by_side)(file, _again(head, lines))


def _again(head: list[tuple[int, str]], lines: Numbered) -> Numbered:
    yield from head
    yield from lines


def _marked(file: Path, lines: Numbered) -> Iterator[MinimalPair]:
    for number, line in lines:
        _, other = next(lines, (number, ""))
        (mark, good), (second, bad) = (_columns(file, at, each) for at, each in ((number, line), (number + 1, other)))
        if (mark, second) != ("True", "False"):
            raise SourceError(
                f"{file.name}, line {number}: the marks are {mark!r} and {second!r}, not True and False in turn; mend "
                "the lines"
            )
        yield _pair(file, number, good, bad)


def _side_by_side(file: Path, lines: Numbered) -> Iterator[MinimalPair]:
    for number, line in lines:
        yield _pair(file, number, *_columns(file, number, line))


def _columns(file: Path, number: int, line: str) -> tuple[str, str]:
    columns = line.split("\t")
    if len(columns) != 2:
        raise SourceError(f"{file.name}, line {number} has {len(columns)} columns, not 2; mend or remove the line")
    return columns[0], columns[1]


def _json(file: Path, number: int, line: str) -> MinimalPair:
    where = f"{file.name}, line {number}"
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SourceError(f"{where} is not valid JSON ({error}); mend or remove the line") from error
    if not isinstance(record, dict):
        raise SourceError(f"{where} is not a JSON object; mend or remove the line")
    return _pair(file, number, record.get(HEADER[0]), record.get(HEADER[1]), record.get("UID"))


def _pair(file: Path, number: int, good: object, bad: object, paradigm: object = None) -> MinimalPair:
    where = f"{file.name}, line {number}"
    if not (isinstance(good, str) and good and isinstance(bad, str) and bad):
        raise SourceError(f"{where} lacks sentence_good or sentence_bad, or one is empty; mend or remove the line")
    name = file.name.split(".")[0] if paradigm is None else paradigm
    if not isinstance(name, str) or not name or "/" in name:
        raise SourceError(f"{where}: the UID {name!r} is not a name without '/'; mend the line")
    return MinimalPair(name, good, bad)


def chosen(
    found: dict[str, list[MinimalPair]], paradigms: tuple[str, ...], count: int | None
) -> dict[str, list[MinimalPair]]:
    """The named paradigms (all if none is named) in the order of the files, and the first `count` pairs of each.

    A name may have the wildcards * and ?. Errors: UnknownNameError for one that is the name of none.
    """
    for name in paradigms:
        if not any(fnmatchcase(known, name) for known in found):
            raise UnknownNameError("paradigm", name, found)
    return {
        name: pairs[:count]
        for name, pairs in found.items()
        if not paradigms or any(fnmatchcase(name, wanted) for wanted in paradigms)
    }
