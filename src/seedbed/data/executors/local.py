"""Tasks in processes of this machine: datatrove's local executor, each task in a process of its own.

datatrove's own pool waits for ever for a task whose process was killed; here that is an error of one line.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from copy import deepcopy
from pathlib import Path
from typing import Any

import multiprocess  # type: ignore[import-untyped]  # the library's wheel has no types
import multiprocess.connection  # type: ignore[import-untyped]
from datatrove.executor.local import LocalPipelineExecutor

from seedbed.data.collect import recorded_failure
from seedbed.errors import SeedbedError, SourceError

# Loaded once, in the process that all tasks' processes are forked from.
PRELOADED = ["seedbed.data.executors.local", "seedbed.data.readers.tabular", "seedbed.data.readers.text"]


class LocalExecutor(LocalPipelineExecutor):  # type: ignore[misc]  # datatrove has no types
    """datatrove's local executor; with one worker everything stays in this process."""

    pipeline: list[Any]

    def save_executor_as_json(self, indent: int = 4) -> None:
        """Write nothing: the component's recipe is the record, and not all steps' attributes survive datatrove's."""

    def run(self) -> None:
        """Run every task. Errors: whatever the first failing task raises; SourceError for one that was killed."""
        if self.workers == 1:
            steps = self.pipeline
            for rank in range(self.tasks):
                self.pipeline = deepcopy(steps)
                self._run_for_rank(rank)
        else:
            self._run_in_processes()

    def _run_in_processes(self) -> None:
        context = multiprocess.get_context(self.start_method)
        context.set_forkserver_preload(PRELOADED)
        waiting = deque(range(self.tasks))
        running: dict[int, Any] = {}
        try:
            while waiting or running:
                while waiting and len(running) < self.workers:
                    process = context.Process(target=_run_task, args=(self, waiting.popleft(), dict(os.environ)))
                    process.start()
                    running[process.sentinel] = process
                for sentinel in multiprocess.connection.wait(list(running)):
                    process = running.pop(sentinel)
                    process.join()
                    if process.exitcode:
                        raise self._reason(process.exitcode)
        finally:
            for process in running.values():
                process.kill()
                process.join()

    def _reason(self, code: int) -> Exception:
        failure = recorded_failure(Path(self.logging_dir.path).parent)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        return failure or SourceError(
            f"a process that read documents {how} (out of memory?); run the same command again, with fewer --workers"
        )


def _run_task(executor: LocalExecutor, rank: int, environment: dict[str, str]) -> None:
    """A task's process: it ends with its parent, and leaves an error to be found rather than printed.

    environment: of the parent as it is now; the server that forks this process was started some time ago.
    """
    os.environ.update(environment)
    parent = multiprocess.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        executor._run_for_rank(rank)
    except (SeedbedError, OSError, KeyboardInterrupt):
        raise SystemExit(1) from None


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def run_here(steps: list[Any], spill: Path, tasks: int, workers: int) -> None:
    """Run steps in this process (one worker) or in as many as there are workers."""
    LocalExecutor(pipeline=steps, tasks=tasks, workers=workers, logging_dir=str(spill / "logs")).run()
