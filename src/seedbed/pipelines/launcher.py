"""The local launcher: fills the cores with jobs, one thread each, parents before children.

Two runs side by side on one thread each train faster than one run on two threads, and never wait at a barrier for a
core that another program took. So every worker process is held to one thread and one core, as many as there are cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seedbed.pipelines.store import KINDS, Artifact
from seedbed.pipelines.worker import THREAD_LIMITS

POLL_SECONDS = 1.0
ENDING_SECONDS = 5.0
TRIES = 2
"""A worker that dies (out of memory, killed) has its job tried once more: runs go on from their checkpoint."""


@dataclass
class Outcome:
    """What became of the jobs."""

    built: list[Artifact] = field(default_factory=list)
    reused: list[Artifact] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """Reason by artifact label."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Label of what failed, by the label of what was not begun because of it."""
    faults: set[str] = field(default_factory=set)
    """Labels of failures that a person can mend, with the mend in the reason."""
    tracebacks: dict[str, str] = field(default_factory=dict)


class WorkerProcess:
    """The launcher's end of one worker."""

    def __init__(self, number: int, setup: Mapping[str, Any], events: queue.Queue[tuple[int, dict[str, Any]]]) -> None:
        self.number = number
        self.job: Artifact | None = None
        self.ready = False
        limits = dict.fromkeys(THREAD_LIMITS, "1") | {"TOKENIZERS_PARALLELISM": "false", "PYTHONHASHSEED": "0"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "seedbed.pipelines.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **limits},
            start_new_session=True,  # ^C reaches the launcher alone, which ends the workers in order
        )
        self.errors: list[str] = []
        self.send(dict(setup))
        threading.Thread(target=self._read, args=(events,), daemon=True).start()
        threading.Thread(target=self._drain, daemon=True).start()

    def send(self, message: dict[str, Any]) -> None:
        """Write one line to the worker; a dead worker is noticed by its reader."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()

    def _read(self, events: queue.Queue[tuple[int, dict[str, Any]]]) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            events.put((self.number, json.loads(line)))
        events.put((self.number, {"event": "exit", "code": self.process.wait()}))

    def _drain(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.errors = [*self.errors[-40:], line.rstrip()]

    def end(self, force: bool = False) -> None:
        """End the worker with whatever it started."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL if force else signal.SIGTERM)


class Launcher:
    """Builds artifacts in worker processes.

    setup: what a worker needs to load the study (see `Worker`). on_event: told of every start, progress and end.
    on_poll: called about once a second, for whoever follows along.
    """

    def __init__(
        self,
        setup: Mapping[str, Any],
        count: int,
        on_event: Callable[[dict[str, Any]], None],
        on_poll: Callable[[], None],
    ) -> None:
        self.setup = setup
        self.count = count
        self.on_event = on_event
        self.on_poll = on_poll
        self.events: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()
        self.workers: dict[int, WorkerProcess] = {}
        self.outcome = Outcome()
        self.tries: dict[str, int] = {}
        self.started = 0
        self.polled = 0.0

    def build(self, artifacts: Sequence[Artifact], costs: Mapping[str, float]) -> Outcome:
        """Build artifacts; those not listed are taken to be there. costs: by fingerprint, the dearest run first."""
        rank = {kind: number for number, kind in enumerate(KINDS)}
        waiting = sorted(artifacts, key=lambda a: (rank[a.kind], -costs.get(a.fingerprint, 0.0)))
        pending = {a.fingerprint for a in waiting}
        try:
            for _ in range(min(self.count, len(waiting))):
                self._start_worker()
            while pending:
                self._assign(waiting, pending)
                if not pending:
                    break
                self._handle(pending, waiting)
        finally:
            self._end_workers()
        return self.outcome

    def _start_worker(self) -> None:
        self.workers[self.started] = WorkerProcess(self.started, self.setup, self.events)
        self.started += 1

    def _assign(self, waiting: list[Artifact], pending: set[str]) -> None:
        failed = True
        while failed:  # a failure can leave out children, which can leave out theirs
            failed = False
            for artifact in list(waiting):
                parents = [parent.label for parent in artifact.parents.values()]
                lost = [label for label in parents if label in self.outcome.failed or label in self.outcome.left_out]
                if lost:
                    waiting.remove(artifact)
                    pending.discard(artifact.fingerprint)
                    self.outcome.left_out[artifact.label] = self.outcome.left_out.get(lost[0], lost[0])
                    failed = True
        for worker in self.workers.values():
            if worker.job is not None or not worker.ready:
                continue
            ready = next((a for a in waiting if self._may_begin(a, waiting, pending)), None)
            if ready is None:
                return
            waiting.remove(ready)
            worker.job = ready
            self.on_event({"event": "start", "artifact": ready})
            worker.send({"fingerprint": ready.fingerprint})

    def _may_begin(self, artifact: Artifact, waiting: list[Artifact], pending: set[str]) -> bool:
        if any(parent.fingerprint in pending for parent in artifact.parents.values()):
            return False
        # Runs begin when every input of the study is there, so that a fault in one is told before hours of training.
        under_way = [worker.job for worker in self.workers.values() if worker.job is not None]
        return artifact.kind != "run" or all(other.kind == "run" for other in (*waiting, *under_way))

    def _handle(self, pending: set[str], waiting: list[Artifact]) -> None:
        try:
            number, event = self.events.get(timeout=POLL_SECONDS)
        except queue.Empty:
            return
        finally:
            if time.monotonic() - self.polled > POLL_SECONDS:
                self.on_poll()
                self.polled = time.monotonic()
        worker = self.workers.get(number)
        if worker is None:
            return
        if event["event"] == "ready":
            worker.ready = True
        elif event["event"] == "broken":
            self._give_up(event["reason"], pending, waiting)
        elif event["event"] == "exit":
            self._worker_gone(worker, event["code"], pending, waiting)
        elif worker.job is not None:
            worker_fault = worker.job.label
            self._of_job(worker, worker.job, event, pending)
            if event["event"] == "failed" and event["fault"]:
                self._stop_for(worker_fault, pending, waiting)

    def _of_job(self, worker: WorkerProcess, job: Artifact, event: dict[str, Any], pending: set[str]) -> None:
        if event["event"] == "done":
            worker.job = None
            pending.discard(job.fingerprint)
            (self.outcome.built if event["built"] else self.outcome.reused).append(job)
            self.on_event({"event": "done", "artifact": job, "built": event["built"]})
        elif event["event"] == "failed":
            worker.job = None
            self.outcome.tracebacks[job.label] = event["traceback"]
            if event["fault"]:
                self.outcome.faults.add(job.label)
            self._fail(job, event["reason"], pending)
        else:
            self.on_event({**event, "artifact": job})

    def _stop_for(self, fault: str, pending: set[str], waiting: list[Artifact]) -> None:
        """Begin nothing more: whoever mends the fault would otherwise wait for, and keep, half a study."""
        for artifact in waiting:
            pending.discard(artifact.fingerprint)
            self.outcome.left_out[artifact.label] = fault
        waiting.clear()

    def _worker_gone(self, worker: WorkerProcess, code: int, pending: set[str], waiting: list[Artifact]) -> None:
        del self.workers[worker.number]
        if worker.job is not None:
            self._job_lost(worker.job, code, worker, pending, waiting)
        elif not worker.ready and pending:
            reason = worker.errors[-1] if worker.errors else f"a worker ended with code {code}"
            self._give_up(reason, pending, waiting)

    def _give_up(self, reason: str, pending: set[str], waiting: list[Artifact]) -> None:
        """Fail what has not begun: the study cannot be loaded by a worker, so no other would fare better."""
        for artifact in waiting:
            self._fail(artifact, reason, pending)
        waiting.clear()

    def _job_lost(
        self, job: Artifact, code: int, worker: WorkerProcess, pending: set[str], waiting: list[Artifact]
    ) -> None:
        self.tries[job.fingerprint] = self.tries.get(job.fingerprint, 0) + 1
        if self.tries[job.fingerprint] < TRIES:
            waiting.insert(0, job)
            self.on_event({"event": "again", "artifact": job})
        else:
            how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
            last = f" ({worker.errors[-1]})" if worker.errors else ""
            reason = f"its worker {how}{last}; run the same command to go on from the last checkpoint"
            self._fail(job, reason, pending)
        self._start_worker()

    def _fail(self, artifact: Artifact, reason: str, pending: set[str]) -> None:
        pending.discard(artifact.fingerprint)
        self.outcome.failed[artifact.label] = reason
        self.on_event({"event": "failed", "artifact": artifact, "reason": reason})

    def _end_workers(self) -> None:
        for worker in self.workers.values():
            worker.end()
        for worker in self.workers.values():
            try:
                worker.process.wait(timeout=ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                worker.end(force=True)
                worker.process.wait()
