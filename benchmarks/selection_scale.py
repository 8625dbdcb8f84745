"""Selection from a catalogue of 100 million documents: seconds and memory.

    python benchmarks/selection_scale.py [--documents 100000000] [--share 0.5] [--folder DIR]

The catalogue is made up (random ids, priorities and sizes; the real columns and row groups) and written first. Then one
process opens it, selects a share of its bytes and computes the digest that the record of a run holds: what a run does
before it reads a token. The promise: under a minute and 4 GB for 100 million documents.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

NAME = "made-up"


def write_catalogue(folder: Path, documents: int) -> None:
    """Row groups as a component's writer cuts them, ascending by priority."""
    from seedbed.data.catalogue import CATALOGUE, RECEIPT_KEY
    from seedbed.data.writer import CATALOGUE_SCHEMA, DICTIONARIES, GROUP_ROWS

    generator = np.random.default_rng(0)
    total_bytes = 0
    with pq.ParquetWriter(
        folder / CATALOGUE, CATALOGUE_SCHEMA, compression="zstd", use_dictionary=DICTIONARIES
    ) as writer:
        for start in range(0, documents, GROUP_ROWS):
            rows = min(GROUP_ROWS, documents - start)
            sizes = generator.integers(20, 180, rows)
            total_bytes += int(sizes.sum())
            below = np.uint64(2**64 // (documents // GROUP_ROWS + 1))
            known = {
                "id": generator.integers(0, 2**64, rows, dtype=np.uint64),
                "priority": np.uint64(start // GROUP_ROWS) * below
                + np.sort(generator.integers(0, int(below), rows)).astype(np.uint64),
                "bytes": sizes,
                "words": (sizes // 6).astype(np.int32),
                "source": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), [NAME]).cast(pa.string()),
                "language": pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), ["en"]).cast(pa.string()),
                "file": np.zeros(rows, np.int32),
                "row": np.arange(start, start + rows, dtype=np.int32),
            }
            columns = [known.get(field.name, pa.nulls(rows, field.type)) for field in CATALOGUE_SCHEMA]
            writer.write_table(pa.table([pa.array(column) for column in columns], schema=CATALOGUE_SCHEMA))
        receipt = {
            "name": NAME,
            "documents": documents,
            "total_bytes": total_bytes,
            "heldout_documents": documents // 50,
            "language": "en",
        }
        writer.add_key_value_metadata({RECEIPT_KEY: json.dumps(receipt)})


def select(folder: Path, share: float) -> dict[str, float | int | str]:
    """One selection, in this process."""
    from seedbed.data.catalogue import open_component
    from seedbed.data.recipes import Component, Files, Mixture
    from seedbed.data.selection import select_mixture, selection_digest

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu_start = time.perf_counter(), time.process_time()
    stored = open_component(folder)
    component = Component(NAME, Files("x.txt"))
    mixture = Mixture("m", total_bytes=int(stored.total_bytes * share), shares={component: 1.0})
    chosen = select_mixture(mixture, {NAME: stored})
    selected = time.perf_counter() - start
    digest = selection_digest(chosen, {NAME: stored})
    return {
        "documents": stored.documents,
        "selected": len(chosen[0].rows),
        "seconds to select": round(selected, 1),
        "seconds with the digest": round(time.perf_counter() - start, 1),
        "CPU seconds": round(time.process_time() - cpu_start, 1),
        "peak megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6),
        "megabytes before": round(before * 1024 / 1e6),
        "digest": digest[:12],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000_000)
    parser.add_argument("--share", type=float, default=0.5)
    parser.add_argument("--folder", default=None, help="where there is room for 20 bytes a document")
    parser.add_argument("--select", metavar="FOLDER", help="one selection, in this process")
    given = parser.parse_args()
    if given.select:
        print(json.dumps(select(Path(given.select), given.share)))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        write_catalogue(Path(folder), given.documents)
        command = [sys.executable, __file__, "--share", str(given.share), "--select", folder]
        row = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    for name, value in row.items():
        print(f"{name:<26}{value:>16,}" if not isinstance(value, str) else f"{name:<26}{value:>16}")
    print(json.dumps({"benchmark": "selection_scale", "results": [row]}))


if __name__ == "__main__":
    main()
