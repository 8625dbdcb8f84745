"""Tasks on a Ray cluster, by datatrove's Ray executor.

The cluster is there already (`ray start --head` on one machine, `ray start --address=HEAD:6379` on the others) and is
found by RAY_ADDRESS, or on this machine. Its workers run the same Python environment and see the store's folder.
"""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from datatrove.executor.ray import RayPipelineExecutor
from loguru import logger

from seedbed.data.collect import recorded_failure
from seedbed.errors import SourceError

MEMORY_GIB = 1.5
"""What a task asks the cluster to set aside: the promise for every process that builds."""
POLL_SECONDS = 0.5


class RayExecutor(RayPipelineExecutor):  # type: ignore[misc]  # datatrove has no types
    """datatrove's Ray executor, without its own record of steps' attributes, which not all of them survive."""

    def save_executor_as_json(self, indent: int = 4) -> None:
        """Write nothing: the component's recipe is the record."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        # A worker of the cluster logs to its own files, where nobody looks; errors are left beside the spill.
        self.__dict__.update(state)
        logger.disable("datatrove")


def run_on_ray(steps: list[Any], spill: Path, tasks: int, workers: int) -> None:
    """Run steps as Ray tasks. Errors: SourceError if Ray or a cluster is not there."""
    # Otherwise a call after the end would quietly start a cluster of its own.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = "0"
    try:
        import ray
    except ImportError as error:
        raise SourceError("--executor ray needs Ray, which is not installed: pip install 'seedbed[ray]'") from error
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise SourceError(
            "no Ray cluster answers; start one (ray start --head), name it by RAY_ADDRESS, or leave --executor ray out"
        ) from error
    try:
        _check_room(ray)
        executor = RayExecutor(
            pipeline=steps,
            tasks=tasks,
            workers=workers,
            logging_dir=str(spill / "logs"),
            mem_per_cpu_gb=MEMORY_GIB,
            skip_completed=True,
        )
        _watch(executor, spill)
    finally:
        ray.shutdown()


def _check_room(ray: Any) -> None:
    """A task that no machine of the cluster has room for would wait for ever."""
    needed = {"CPU": 1, "memory": MEMORY_GIB * 2**30}
    for node in ray.nodes():
        if node["Alive"] and all(node["Resources"].get(name, 0) >= amount for name, amount in needed.items()):
            return
    raise SourceError(
        f"no machine of the Ray cluster has 1 CPU and {MEMORY_GIB} GiB of memory to give to a task; start it with more "
        "(ray start --memory=BYTES --num-cpus=N)"
    )


def _watch(executor: RayExecutor, spill: Path) -> None:
    """Wait for all tasks, or for the first that left an error: the others would go on to their end for nothing."""
    with ThreadPoolExecutor(1, thread_name_prefix="ray") as pool:
        running: Future[None] = pool.submit(executor.run)
        while not running.done():
            if recorded_failure(spill) is not None:
                import ray

                ray.shutdown()  # ends this driver's tasks; whatever the executor then says is not asked for
                return
            time.sleep(POLL_SECONDS)
        running.result()
