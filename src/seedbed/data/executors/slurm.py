"""Tasks under Slurm, by datatrove's Slurm executor: one job array, waited for.

Partition, account, time and memory are Slurm's own to choose, through the variables that `sbatch` reads
(SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT, SBATCH_MEM_PER_CPU, ...). The nodes see the store's folder and this
Python environment under the same paths.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from datatrove.executor.slurm import SlurmPipelineExecutor
from loguru import logger

from seedbed.data.collect import recorded_failure, unfinished
from seedbed.errors import SourceError

MEMORY_GIB = 2
POLL_SECONDS = 1.0
GRACE_SECONDS = 10.0
"""For what a finished job wrote to become visible here: shared file systems take their time."""
SILENT_POLLS = 60
"""So often in a row may the controller leave a question without an answer."""


class SlurmExecutor(SlurmPipelineExecutor):  # type: ignore[misc]  # datatrove has no types
    """datatrove's Slurm executor that leaves partition and time to Slurm and starts no job to add up statistics."""

    def save_executor_as_json(self, indent: int = 4) -> None:
        """Write nothing: the component's recipe is the record, and not all steps' attributes survive datatrove's."""

    def launch_merge_stats(self) -> None:
        """Start nothing: whoever waits for the tasks adds up what they counted."""

    def get_sbatch_args(self, max_array: int = 1) -> dict[str, Any]:
        """The directives of the job script, without those that are Slurm's defaults to give."""
        given: dict[str, Any] = super().get_sbatch_args(max_array)
        return {name: value for name, value in given.items() if name not in ("partition", "time", "qos")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        logger.disable("datatrove")


def run_under_slurm(steps: list[Any], spill: Path, tasks: int, workers: int) -> None:
    """Run steps as a Slurm job array and wait for it. Errors: SourceError if Slurm is not there or refuses the job."""
    if shutil.which("sbatch") is None:
        raise SourceError("--executor slurm needs Slurm's commands and there is no sbatch here; run it on a login node")
    executor = SlurmExecutor(
        pipeline=steps,
        tasks=tasks,
        workers=workers,
        time="",
        partition="",
        mem_per_cpu_gb=MEMORY_GIB,
        job_name="seedbed",
        env_command=f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH",
        logging_dir=str(spill / "logs"),
        mail_user=None,
        skip_completed=True,
    )
    try:
        with _ended_in_order():
            _launch(executor, spill)
            _wait(executor.job_id, spill, tasks)
    finally:
        if executor.job_id:
            subprocess.run(["scancel", "--quiet", executor.job_id], check=False, capture_output=True)


def _launch(executor: SlurmExecutor, spill: Path) -> None:
    said = spill / "sbatch.err"
    try:
        with _standard_error_into(said):
            executor.launch_job()
    except (subprocess.CalledProcessError, OSError) as error:
        reason = (said.read_text().strip().splitlines() or [str(error)])[-1].removeprefix("sbatch: ")
        raise SourceError(
            f"Slurm takes no job ({reason}); see sinfo, and set SBATCH_PARTITION, SBATCH_ACCOUNT or "
            "SBATCH_MEM_PER_CPU where it needs them"
        ) from error


@contextmanager
def _standard_error_into(place: Path) -> Iterator[None]:
    """What `sbatch` says goes into a file; datatrove starts it with this process's own standard error."""
    kept = os.dup(2)
    try:
        with place.open("wb") as file:
            os.dup2(file.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _wait(job: str, spill: Path, tasks: int) -> None:
    """Until every task is done, one has left an error, or no task is in the queue any more."""
    silent, gone_at = 0, None
    while unfinished(spill, tasks) and recorded_failure(spill) is None:
        time.sleep(POLL_SECONDS)
        asked = subprocess.run(
            ["squeue", "--noheader", "--array", "--format=%T", f"--jobs={job}"],
            check=False,
            capture_output=True,
            text=True,
        )
        unknown = "Invalid job id" in asked.stderr
        if asked.returncode and not unknown:
            silent += 1
            if silent > SILENT_POLLS:
                raise SourceError(f"Slurm stopped answering ({asked.stderr.strip()[:120]}); run the same command again")
            continue
        silent = 0
        if asked.stdout.strip():
            gone_at = None
        elif gone_at is None:
            gone_at = time.monotonic()
        elif time.monotonic() - gone_at > GRACE_SECONDS:
            raise SourceError(
                f"tasks {unfinished(spill, tasks)} ended under Slurm without a word{_last_words(spill)}; see that its "
                "nodes have seedbed and see the store's folder, and run the same command again"
            )


def _last_words(spill: Path) -> str:
    """The last line of a task's output, where there is one: killed for memory or time, Slurm says so there."""
    for place in sorted((spill / "logs" / "slurm_logs").glob("*.out")):
        lines = [line for line in place.read_text(errors="replace").splitlines() if "error" in line.lower()]
        if lines:
            # srun adds, before or after, that a task has ended, which is known.
            telling = [line for line in lines if not line.startswith("srun:")] or lines
            return f" ({telling[-1][:200]})"
    return ""


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """While jobs are in the queue: SIGTERM, with which a launcher ends its workers, ends them in order, as ^C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
