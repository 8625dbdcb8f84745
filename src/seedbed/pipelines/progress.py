"""What a person sees while a study is built: what is being made, which run, tokens/s, time left.

On a terminal one live line per run; elsewhere (a log, CI) plain lines, seldom enough to be read.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from seedbed.pipelines.store import Artifact

QUIET_SECONDS = 10.0
VERBS = {
    "component": "building",
    "tokenizer": "training",
    "tokens": "tokenizing",
    "difficulty": "measuring",
    "run": "running",
}


class StudyProgress:
    """Shows events of the launcher.

    costs: core seconds by fingerprint, as planned; only their proportions matter, since the time left is what has
    passed, times the cost that is left over the cost that is done.
    """

    def __init__(self, console: Console, costs: Mapping[str, float], workers: int) -> None:
        self.console = console
        self.costs = costs
        self.workers = workers
        self.total = sum(costs.values())
        self.done_cost = 0.0
        self.shares: dict[str, float] = {}
        self.started = time.monotonic()
        self.spoke: dict[str, float] = {}
        self.waited: set[str] = set()
        self.bars: dict[str, TaskID] = {}
        self.count = 0
        self.number = len(costs)
        self.progress = Progress(
            TextColumn("{task.description:<44}"),
            BarColumn(bar_width=18),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.overall = self.progress.add_task(f"{self.number} things to make", total=1.0, note="")

    def __enter__(self) -> StudyProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def seconds_left(self) -> float | None:
        """Estimated from the cost done so far; None while too little is done to say."""
        under_way = sum(self.costs.get(key, 0.0) * share for key, share in self.shares.items())
        done = self.done_cost + under_way
        passed = time.monotonic() - self.started
        if self.total <= 0 or done < 0.02 * self.total:
            return None
        return passed * (self.total - done) / done

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Show one event."""
        artifact: Artifact = event["artifact"]
        key = artifact.fingerprint
        kind = event["event"]
        if kind == "start":
            self.bars[key] = self.progress.add_task(f"{VERBS[artifact.kind]} {artifact.name}", total=1.0, note="")
            if artifact.kind != "run":
                self._say(f"{VERBS[artifact.kind]} {artifact.label}")
        elif kind in ("done", "failed"):
            self._end(artifact, event)
        elif kind == "again":
            self._say(f"{artifact.label}: its worker died; trying once more")
        elif kind == "waiting" and key not in self.waited:
            self.waited.add(key)
            self._say(f"{artifact.label}: waiting for a core that another study holds")
        elif kind == "progress":
            self._advance(artifact, event)

    def _advance(self, artifact: Artifact, event: Mapping[str, Any]) -> None:
        key = artifact.fingerprint
        share = event["step"] / max(event["steps"], 1)
        self.shares[key] = share
        note = f"step {event['step']}/{event['steps']}  {event['tokens_per_second']:,.0f} tokens/s"
        if key in self.bars:
            self.progress.update(self.bars[key], completed=share, note=note)
        self._overall()
        if not self.console.is_terminal and time.monotonic() - self.spoke.get(key, 0.0) > QUIET_SECONDS:
            self.spoke[key] = time.monotonic()
            self._say(f"run {artifact.name}: {note}{self._left()}")

    def _left(self) -> str:
        left = self.seconds_left()
        return "" if left is None else f"  about {clock(left)} left"

    def _end(self, artifact: Artifact, event: Mapping[str, Any]) -> None:
        key = artifact.fingerprint
        self.count += 1
        self.done_cost += self.costs.get(key, 0.0)
        self.shares.pop(key, None)
        if key in self.bars:
            self.progress.remove_task(self.bars.pop(key))
        self._overall()
        if event["event"] == "failed":
            self._say(f"failed: {artifact.label}: {event['reason']}")
        elif artifact.kind == "run":
            self._say(f"finished run {artifact.name} ({self.count}/{self.number}){self._left()}")

    def _overall(self) -> None:
        share = (self.done_cost + sum(self.costs.get(k, 0.0) * s for k, s in self.shares.items())) / (self.total or 1)
        self.progress.update(
            self.overall,
            completed=share,
            description=f"{self.count}/{self.number} made",
            note=self._left().strip(),
        )

    def _say(self, line: str) -> None:
        self.progress.console.print(line, highlight=False, markup=False, soft_wrap=True)


def clock(seconds: float) -> str:
    """`75` -> `1 min 15 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
