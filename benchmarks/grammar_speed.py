"""Words per second of the grammar reader, on one core: documents with labels, heads and relations, for each grammar.

Run: python benchmarks/grammar_speed.py [NAME ...] [--documents N]

What is timed is the reader as a pipeline runs it, `Grammar(name).steps(workbench)[0].run()`, each document taken and
dropped: texts, labels and gold syntax are made, nothing is written. Time is that of the process (its own CPU time, so
that other programs on the machine do not count), after one block to warm up; reading and compiling the grammar is
given apart.
"""

from __future__ import annotations

import argparse
import time
from itertools import islice

from seedbed.data.readers.grammar import BLOCK
from seedbed.data.recipes import Grammar
from seedbed.workbench import Workbench


def measured(name: str, documents: int) -> tuple[float, int, float]:
    """Seconds to read and compile, words written, seconds to write them."""
    begun = time.process_time()
    (reader,) = Grammar(name, documents=documents + BLOCK).steps(Workbench())
    stream = reader.run()
    next(stream)
    ready = time.process_time() - begun
    for _ in islice(stream, BLOCK - 1):
        pass
    start = time.process_time()
    texts = [document.text for document in stream]
    seconds = time.process_time() - start
    return ready, sum(len(text.split()) for text in texts), seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="grammars; all of the shelf if none is named")
    parser.add_argument("--documents", type=int, default=100_000)
    asked = parser.parse_args()
    names = asked.names or Workbench().shelf_names("data/grammars", ".toml")
    print(f"{'grammar':<16}{'words/document':>16}{'M words/s':>12}{'first document, s':>20}")
    for name in names:
        ready, words, seconds = measured(name, asked.documents)
        print(f"{name:<16}{words / asked.documents:>16.1f}{words / seconds / 1e6:>12.2f}{ready:>20.2f}")


if __name__ == "__main__":
    main()
