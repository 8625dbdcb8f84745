"""Question items from files as McCoy et al. (2020) published them: `<declarative> quest <tab> <question>`."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

from seedbed.data.grammar.items import QuestionItem, parse_item
from seedbed.errors import SourceError
from seedbed.workbench import Workbench

TASK_WORD = " quest"


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """(line number, line) of a text file, plain or gzip. Errors: SourceError if it is missing, damaged or not UTF-8."""
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.rstrip("\n")
    except UnicodeDecodeError as error:
        raise SourceError(f"{path.name} is not UTF-8 after line {number}; convert it to UTF-8") from error
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise SourceError(f"{path.name} is a damaged gzip file after line {number}; get it again") from error
    except OSError as error:
        raise SourceError(f"{path.name} is not there or cannot be read; check the location you gave") from error


def read_questions(path: Path, workbench: Workbench) -> list[QuestionItem]:
    """Every question of a file; its declaratives ("decl") are left out. Errors: SourceError, with file and line."""
    items = []
    for number, line in read_lines(path):
        source, tab, question = line.partition("\t")
        if not tab:
            raise SourceError(
                f"{path.name}, line {number}: there is no tab between declarative and question; mend the line"
            )
        if source.endswith(TASK_WORD):
            try:
                items.append(parse_item(source.removesuffix(TASK_WORD), question, workbench=workbench))
            except SourceError as error:
                raise SourceError(f"{path.name}, line {number}: {error}") from error
    if not items:
        raise SourceError(f"{path.name} holds no line whose first column ends in 'quest'; give a file of questions")
    return items


def balanced_sample(items: list[QuestionItem], count: int) -> list[QuestionItem]:
    """At most `count` items, in turn over the kinds of relative clause on the subject, each kind by a sentence hash.

    So the sample does not depend on the order of the file, and a smaller one is the beginning of a larger one.
    """
    by_kind: dict[str, list[QuestionItem]] = {}
    for item in sorted(items, key=lambda item: hashlib.sha256(item.declarative.encode()).digest()):
        by_kind.setdefault(item.subject_rc, []).append(item)
    in_turn = zip_longest(*(by_kind[kind] for kind in sorted(by_kind)))
    return [item for items in in_turn for item in items if item is not None][:count]
