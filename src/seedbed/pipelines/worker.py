"""A worker: one process on one core that builds what it is told, one artifact after another.

It is a program of its own (`python -m seedbed.pipelines.worker`), told what to do in JSON lines on standard input and
answering in JSON lines on standard output: no pickle, no inherited state, and a kill of either side leaves the other
able to go on. It loads the pipeline file itself and finds artifacts by fingerprint.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TextIO

from filelock import FileLock, Timeout

from seedbed.errors import RecipeError, SeedbedError
from seedbed.workbench import Workbench

THREAD_LIMITS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
CORE_WAIT_SECONDS = 0.5
SAY_WAITING_SECONDS = 10.0


def cores() -> list[int]:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


@contextmanager
def own_cores(allowed: list[int], wanted: int = 1, on_wait: Callable[[], None] = lambda: None) -> Iterator[list[int]]:
    """Hold a core for as long as a job runs: a run never shares a core, also between two studies on one machine.

    wanted: a job of several processes takes as many as are free at that moment and waits for the first alone.
    on_wait: called as soon as all cores are found taken, and every ten seconds from then on; what it raises ends the
    waiting.
    """
    folder = Path(tempfile.gettempdir()) / "seedbed-cores"
    folder.mkdir(mode=0o777, exist_ok=True)
    held: dict[int, FileLock] = {}
    said = -SAY_WAITING_SECONDS
    try:
        while not held:
            for core in allowed:
                lock = FileLock(folder / f"{core}.lock", mode=0o666)
                # Waiting a moment on each in turn is fair enough and wakes nobody needlessly.
                wait_seconds = CORE_WAIT_SECONDS if core == allowed[-1] and not held else 0
                with suppress(Timeout):
                    lock.acquire(timeout=wait_seconds)
                    held[core] = lock
                if len(held) == wanted:
                    break
            if not held and time.monotonic() - said >= SAY_WAITING_SECONDS:
                said = time.monotonic()
                on_wait()
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, held.keys())
        yield list(held)
    finally:
        for lock in held.values():
            lock.release()


class Worker:
    """Serves jobs of one study until its input ends."""

    def __init__(self, setup: dict[str, Any], answers: TextIO) -> None:
        from seedbed.pipelines.graph import study_graph
        from seedbed.pipelines.jobs import Execution
        from seedbed.pipelines.load import load_study
        from seedbed.pipelines.store import Store

        self.answers = answers
        workbench = Workbench(setup["root"], setup["store"])
        study = load_study(setup["file"], workbench, setup["options"]).study
        self.graph = study_graph(study.smoke() if setup["smoke"] else study, workbench)
        self.artifacts = {artifact.fingerprint: artifact for artifact in self.graph.artifacts()}
        self.store = Store.of(workbench)
        allowed = cores()
        self.execution = Execution(
            workbench,
            setup["device"],
            setup["tasks"],
            setup["executor"],
            # A launcher that is gone is found out by telling it, so that nobody waits for ever for nobody.
            cores=lambda wanted: own_cores(allowed, wanted, lambda: self.say({"event": "waiting"})),
        )

    def say(self, answer: dict[str, Any]) -> None:
        """Send one line to the launcher; a launcher that is gone ends the worker (BrokenPipeError)."""
        self.answers.write(json.dumps(answer) + "\n")
        self.answers.flush()

    def serve(self, jobs: TextIO) -> None:
        """Do jobs as they come: each line holds a fingerprint."""
        self.say({"event": "ready"})
        for line in jobs:
            self.do(json.loads(line)["fingerprint"])

    def do(self, fingerprint: str) -> None:
        """Build one artifact and say how it went; only a fault of the launcher ends the worker."""
        from seedbed.pipelines.jobs import make

        artifact = self.artifacts.get(fingerprint)
        try:
            if artifact is None:
                raise RecipeError("the pipeline file changed while it was being run; run it again")
            built = make(artifact, self.graph, self.store, self.execution, self.say)
            self.say({"event": "done", "fingerprint": fingerprint, "built": built})
        except BrokenPipeError:
            raise
        except SeedbedError as error:
            self.fail(fingerprint, str(error), fault=True)
        except Exception as error:  # one job's fault must not take the others along; the launcher shows it
            self.fail(fingerprint, f"{type(error).__name__}: {error}", fault=False)

    def fail(self, fingerprint: str, reason: str, *, fault: bool) -> None:
        """Report a job that did not work out. fault: a person can mend it, and the reason says how."""
        told = {"fingerprint": fingerprint, "reason": reason, "fault": fault, "traceback": traceback.format_exc()}
        self.say({"event": "failed", **told})


def main() -> int:
    """Read the setup line, then serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints must not mix with the answers
    setup = json.loads(sys.stdin.readline())
    import torch

    torch.set_num_threads(1)
    try:
        Worker(setup, answers).serve(sys.stdin)
    except BrokenPipeError:
        return 1
    except SeedbedError as error:
        answers.write(json.dumps({"event": "broken", "reason": str(error)}) + "\n")
        answers.flush()
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
