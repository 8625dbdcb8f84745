"""How soon the commands answer: `seedbed --help`, and `seedbed plan` and `seedbed run` of a finished 100-run study.

    python benchmarks/startup.py [--rounds 7]

The study is really run first, in a temporary workbench: 5 mixtures x 2 tokenizers x 10 seeds of a tiny model.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STUDY = '''
"""A hundred tiny runs."""
from seedbed import Component, Grammar, Mixture, Seeds, Study, model, tokenizer

one = Component("one", Grammar("english", task="copy", subject="plain", documents=2_000))
two = Component("two", Grammar("english", task="question", documents=2_000))
study = Study(
    name="hundred",
    mixtures=[Mixture(f"dose-{n}", total_bytes=40_000, shares={one: n / 10, two: 1 - n / 10}) for n in (1, 3, 5, 7, 9)],
    tokenizers=[tokenizer("bpe", vocab_size=400), tokenizer("byte")],
    models=[model("nano", steps=2, batch_size=4, warmup_steps=0, layers=1, width=16, heads=2)],
    seeds=Seeds(10),
)
'''


def seconds(command: list[str], folder: Path) -> float:
    """Wall time of a command as a whole process."""
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Time the commands and print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    seedbed = [str(Path(sys.executable).with_name("seedbed"))]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hundred.py").write_text(STUDY)
        first = seconds([*seedbed, "run", "hundred.py", "--no-tracking"], folder)
        commands = {
            "seedbed --help": [*seedbed, "--help"],
            "seedbed plan, 100 runs finished": [*seedbed, "plan", "hundred.py"],
            "seedbed run, 100 runs finished": [*seedbed, "run", "hundred.py", "--no-tracking"],
        }
        taken = {what: [seconds(command, folder) for _ in range(rounds)] for what, command in commands.items()}
    print(f"{'command':<36} {'median s':>9} {'min':>6} {'max':>6}")
    print(f"{'seedbed run, the 100 runs':<36} {first:>9.2f}")
    rows = []
    for what, values in taken.items():
        row = {"command": what, "median_s": statistics.median(values), "min_s": min(values), "max_s": max(values)}
        rows.append(row)
        print(f"{what:<36} {row['median_s']:>9.2f} {row['min_s']:>6.2f} {row['max_s']:>6.2f}")
    print(json.dumps({"benchmark": "startup", "first_run_s": first, "results": rows}))


if __name__ == "__main__":
    main()
