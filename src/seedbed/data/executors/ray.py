"""Tasks on a Ray cluster, by datatrove's Ray executor.

The cluster is there already (`ray start --head` on one machine, `ray start --address=HEAD:6379` on the others) and is
found by RAY_ADDRESS, or on this machine. Its workers run the same Python environment and see the store's folder.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections import Counter, deque
from pathlib import Path
from typing import Any

from datatrove.executor.ray import RayPipelineExecutor, RayTaskManager, TimeoutManager
from datatrove.utils.stats import PipelineStats
from loguru import logger

from seedbed.data.collect import recorded_failure
from seedbed.errors import SourceError

MEMORY_GIB = 1.5
"""What a task asks the cluster to set aside: the promise for every process that builds."""
POLL_SECONDS = 0.5
TRIES = 2
BEAT_SECONDS = 2.0
SILENT_SECONDS = 90.0
"""A task of which nothing was heard for so long is taken for dead; datatrove's pool would wait for it for ever."""


class RayExecutor(RayPipelineExecutor):  # type: ignore[misc]  # datatrove has no types
    """datatrove's Ray executor that ends at the first error; its own lets all other tasks go on to their end."""

    def run(self) -> None:
        """Run every task, until one leaves an error. Errors: SourceError for one that fell silent."""
        import ray

        spill = Path(self.logging_dir.path).parent
        reference = ray.put(self)
        memory_bytes = int(self.mem_per_cpu_gb * 2**30)
        options = {"num_cpus": self.cpus_per_task, "num_gpus": 0, "memory": memory_bytes}
        manager = RayTaskManager(1, TimeoutManager())
        waiting = deque(range(self.tasks))
        running: list[Any] = []
        tries: Counter[int] = Counter()
        beats = _Beats(self)
        try:
            while (waiting or running) and recorded_failure(spill) is None:
                while waiting and len(running) < self.workers:
                    running.append(manager.submit_task(reference, [waiting.popleft()], options))
                finished, running = manager.wait(running, num_returns=1, timeout=POLL_SECONDS)
                for task in finished:
                    _, again = manager.task_done(task)
                    # A machine that is lost has its task given to another.
                    for rank in again or ():
                        tries[rank] += 1
                        if tries[rank] < TRIES:
                            waiting.append(rank)
                beats.check()
        finally:
            manager.clean_up()

    def _run_for_rank(self, rank: int, local_rank: int = 0, node_rank: int = -1) -> PipelineStats:
        over = threading.Event()
        beats = threading.Thread(target=_beat, args=(_alive_file(self, rank), over), daemon=True)
        beats.start()
        try:
            return super()._run_for_rank(rank, local_rank, node_rank)
        finally:
            over.set()
            beats.join()

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
        executor.run()
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


class _Beats:
    """When each task that runs was last heard of, by this machine's clock."""

    def __init__(self, executor: RayExecutor) -> None:
        self.executor = executor
        self.heard: dict[int, tuple[int, float]] = {}

    def check(self) -> None:
        """Errors: SourceError for a task that began, did not finish and fell silent."""
        now = time.monotonic()
        for rank in range(self.executor.tasks):
            with contextlib.suppress(FileNotFoundError):
                touched = _alive_file(self.executor, rank).stat().st_mtime_ns
                if self.heard.get(rank, (0, 0.0))[0] != touched:
                    self.heard[rank] = touched, now
        late = [rank for rank, (_, at) in self.heard.items() if now - at > SILENT_SECONDS]
        if late and (silent := self.executor.get_incomplete_ranks(late)):
            raise SourceError(
                f"nothing was heard of tasks {silent} on Ray for {SILENT_SECONDS:g} s (killed, out of memory?); run "
                "the same command again, with fewer --workers"
            )


def _alive_file(executor: RayExecutor, rank: int) -> Path:
    # Beside the folder of logs, which Ray's executor makes when a task is done.
    return Path(executor.logging_dir.path).parent / f"alive-{rank:05d}"


def _beat(place: Path, over: threading.Event) -> None:
    """Touch a file again and again; end the process with the worker that forked it."""
    parent = os.getppid()
    while True:
        # A build that was given up has no folder any more; nobody listens then.
        with contextlib.suppress(OSError):
            place.touch()
        if over.wait(BEAT_SECONDS):
            return
        if os.getppid() != parent:
            os._exit(1)
