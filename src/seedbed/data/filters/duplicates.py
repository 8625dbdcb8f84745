"""Deduplication over all documents of a source: exact by our own keys, near and by sentence with datatrove's blocks.

datatrove's blocks number documents within files; here they get one file in canonical order, so that which document of
a cluster survives depends on the documents alone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document

from seedbed.data.filters.quality import check_words
from seedbed.data.filters.stage import Stage, StageReader, staged
from seedbed.data.readers.conllu import PARSE
from seedbed.workbench import Workbench


def without_duplicates(
    source: list[Any], kind: str, language: str, workbench: Workbench, dropped_to: Any = None
) -> StageReader:
    """The source without duplicates.

    kind: "exact" keeps one of several equal texts; "minhash" one of each cluster of near-duplicates (datatrove's
    MinHash with its settings: word 5-grams, 14 buckets of 8 hashes, so that documents of similarity 0.72 and more are
    found with probability one half and more); "sentence" takes every run of 3 sentences out that stood in an earlier
    document, and a document with it that is then left with fewer than 50 words or 3 sentences.
    Both of datatrove's compare words in lower case, without punctuation and with all numbers alike.
    dropped_to: a datatrove writer of what is dropped.
    Errors: those of the source; RecipeError for a language whose words cannot be cut.
    """
    ways: dict[str, Callable[[Stage, Path], Iterator[Document]]] = {
        "exact": lambda stage, work: _exact(stage, dropped_to),
        "minhash": lambda stage, work: _minhash(stage, work, language, dropped_to),
        "sentence": lambda stage, work: _sentence(stage, work, language, dropped_to),
    }

    if kind != "exact":
        check_words(language)

    def keep(stage: Stage, work: Path) -> tuple[Iterator[Document], Any]:
        total = sum(len(table) for table, _ in stage.tables())
        counted = _Counted(ways[kind](stage, work))
        return iter(counted), lambda: {f"duplicates ({kind})": total - counted.number}

    return staged(source, workbench, keep)


class _Counted:
    """Documents, counted as they go by."""

    def __init__(self, documents: Iterator[Document]) -> None:
        self.documents = documents
        self.number = 0

    def __iter__(self) -> Iterator[Document]:
        for document in self.documents:
            self.number += 1
            yield document


def _exact(stage: Stage, dropped_to: Any) -> Iterator[Document]:
    firsts = np.concatenate([occurrence == 0 for _, occurrence in stage.tables()])
    with dropped_to or contextlib.nullcontext() as writer:
        for document, first in zip(stage.documents(), firsts, strict=True):
            if first:
                yield document
            elif writer is not None:
                document.metadata["filter_reason"] = "duplicate"
                writer.write(document)


def _minhash(stage: Stage, work: Path, language: str, dropped_to: Any) -> Iterator[Document]:
    from datatrove.pipeline.dedup import (
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
        MinhashDedupSignature,
    )
    from datatrove.pipeline.dedup.minhash import MinhashConfig

    config = MinhashConfig(hash_config=_hashes())
    signatures, buckets, clusters = (str(work / name) for name in ("signatures", "buckets", "clusters"))
    MinhashDedupSignature(signatures, config, language=language).run(stage.documents())
    for rank in range(config.num_buckets):
        MinhashDedupBuckets(signatures, buckets, config=config).run(None, rank, config.num_buckets)
    MinhashDedupCluster(buckets, clusters, config=config).run(None)
    yield from MinhashDedupFilter(clusters, exclusion_writer=dropped_to).run(stage.documents())


def _sentence(stage: Stage, work: Path, language: str, dropped_to: Any) -> Iterator[Document]:
    from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
    from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig

    config = SentDedupConfig(hash_config=_hashes())
    signatures, found = str(work / "signatures"), str(work / "found")
    SentenceDedupSignature(signatures, config=config, language=language).run(stage.documents())
    SentenceFindDedups(signatures, found, config=config).run(None)
    texts: list[str] = []

    def noted() -> Iterator[Document]:
        for document in stage.documents():
            texts[:] = [document.text]
            yield document

    filter_ = SentenceDedupFilter(found, config, exclusion_writer=dropped_to, language=language)
    for document in filter_.run(noted()):
        if document.text != texts[0]:
            # What was known of the words was known of another text.
            document.metadata = {key: value for key, value in document.metadata.items() if key not in PARSE}
        yield document


def _hashes() -> Any:
    """SHA-1's first 64 bits: the other choice gives strings to xxhash, which takes bytes alone from release 4 on."""
    from datatrove.utils.hashing import HashConfig

    return HashConfig(precision=64, hash_fc="sha1")
