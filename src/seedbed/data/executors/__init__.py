"""Where the tasks of a component's pipeline run: in processes here, on a Ray cluster, or under Slurm.

All three run the same steps and end in the same `Collector`, so which one ran is no part of what was built. Here are
their names alone, for who chooses one and runs none.
"""

from __future__ import annotations

from typing import Literal

Executor = Literal["local", "ray", "slurm"]
EXECUTORS: tuple[Executor, ...] = ("local", "ray", "slurm")
