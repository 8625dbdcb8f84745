"""What probes and logging cost at the quickstart's settings: their share of each run's wall time.

    python benchmarks/overhead.py [--seeds 1]

Runs pipelines/quickstart.py with fewer seeds in a temporary store and reads what each run says of itself.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    """Run, read, print a table and JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    seeds = parser.parse_args().seeds
    seedbed = str(Path(sys.executable).with_name("seedbed"))
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = (ROOT / "pipelines" / "quickstart.py").read_text()
        (folder / "quickstart.py").write_text(text.replace("seeds=Seeds(3)", f"seeds=Seeds({seeds})"))
        subprocess.run([seedbed, "run", "quickstart.py"], cwd=folder, check=True)
        for path in sorted((folder / "store" / "runs").glob("*/result.json")):
            spent = json.loads(path.read_text())["seconds"]
            whole = sum(spent.values())
            rows.append({"run": path.parent.name, **spent, "share": (spent["probe"] + spent["log"]) / whole})
    print(f"{'run':<44} {'train s':>8} {'probe s':>8} {'log s':>6} {'probes and logging':>19}")
    for row in rows:
        print(f"{row['run']:<44} {row['train']:>8.1f} {row['probe']:>8.2f} {row['log']:>6.2f} {row['share']:>18.1%}")
    print(json.dumps({"benchmark": "overhead", "results": rows}))


if __name__ == "__main__":
    main()
