"""Which checkpoints of a run stay: none, some steps, or a window around the onset of something.

Keeping checkpoints changes nothing in a run but what lies beside it, so it is no part of what the run is: weights and
metrics are the same with and without. A detector that decides while a run goes on may look at its past only. What stays
is a function of the steps and metrics so far, so that a run that was killed and taken up again keeps the same set.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pydantic import Field, model_validator

from seedbed.errors import RecipeError, UnknownNameError
from seedbed.recipes import recipe

SMOKE_EVERY = 4
SMOKE_BEFORE = 12


@recipe(version=1)
class OnsetWindow:
    """Keep the checkpoints around the onset of a metric: those just before it, and a few after it was noticed.

    While the run goes, the newest `before` checkpoints are held, `spacing_steps` updates apart. Whenever the metric is
    measured (a *look*) the detector asks whether there was an onset, of the past alone; the first time it says yes,
    everything held stays, and so do the next `after` checkpoints. State one of two detectors:

    threshold: the metric lies at it or above (falling: or below) at `sustain` looks in a row; the onset is the first.
    departure: over the last `window` looks the metric rose (falling: fell) by at least this much more than the straight
    line through the `window` looks before foretells, (v3 - v2) - (v2 - v1) (t3 - t2) / (t2 - t1); the onset is t2.

    from_step: looks before it do not count (a loss that falls fastest at first would be an onset). At most before +
    after checkpoints stay, and one more is on disk while the run goes: each of 12 bytes a parameter.
    """

    metric: str = Field(min_length=3, pattern="/")
    spacing_steps: int = Field(ge=1)
    threshold: float | None = Field(default=None, allow_inf_nan=False)
    departure: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    falling: bool = False
    sustain: int = Field(default=3, ge=1)
    window: int = Field(default=2, ge=1)
    from_step: int = Field(default=0, ge=0)
    before: int = Field(default=8, ge=1)
    after: int = Field(default=2, ge=0)

    @model_validator(mode="after")
    def _one_detector(self) -> OnsetWindow:
        if (self.threshold is None) == (self.departure is None):
            raise ValueError("state one detector: threshold= (a level that is held) or departure= (a bend)")
        return self

    @property
    def looks_back(self) -> int:
        """How many looks lie between noticing an onset and the last look before it."""
        return self.sustain if self.threshold is not None else self.window

    def check(self, looks: Sequence[int]) -> None:
        """Make sure that the window can hold what lies before an onset. looks: steps at which the metric is measured.

        Errors: RecipeError where the detector can never speak, or where an onset would be noticed so late that no
        checkpoint before it is still held.
        """
        counted = [step for step in looks if step >= self.from_step]
        needed = self.sustain if self.threshold is not None else 2 * self.window + 1
        if len(counted) < needed:
            raise RecipeError(
                f"the detector needs {needed} looks at {self.metric} and this run has {len(counted)}; lower sustain or "
                "window, or give the study more probe_points"
            )
        back = self.looks_back
        lag = max((b - a for a, b in zip(counted, counted[back:], strict=False)), default=0)
        if (self.before - 1) * self.spacing_steps < lag:
            raise RecipeError(
                f"an onset of {self.metric} is noticed up to {lag} steps late, and {self.before} checkpoints "
                f"{self.spacing_steps} steps apart reach back {(self.before - 1) * self.spacing_steps}; raise before "
                "or spacing_steps"
            )

    def smoke(self) -> OnsetWindow:
        """The same for a study in miniature, whose few steps are all held."""
        return replace(self, spacing_steps=1, before=SMOKE_BEFORE, from_step=0, sustain=1, window=1)


@recipe(version=1)
class Keep:
    """Which checkpoints stay in a run's folder when it has ended; without a word none does.

    every: one every so many updates. steps: at these. onset: around an onset (see `OnsetWindow`). Each holds weights,
    optimizer and sums, so a branch starts from it at once: 12 bytes a parameter.
    """

    every: int | None = Field(default=None, ge=1)
    steps: tuple[int, ...] = ()
    onset: OnsetWindow | None = None

    @model_validator(mode="after")
    def _after_an_update(self) -> Keep:
        if any(step < 1 for step in self.steps):
            raise ValueError("a checkpoint is kept after an update: steps begin at 1 (step 0 is the initialisation)")
        return self

    def smoke(self) -> Keep:
        """The same for a study in miniature: a list of steps becomes every few."""
        every = SMOKE_EVERY if self.every or self.steps else None
        return Keep(every, onset=self.onset.smoke() if self.onset else None)


NONE = Keep()


@dataclass(frozen=True)
class FoundOnset:
    """An onset that a detector noticed: its metric, where it lies, and at which look it was noticed."""

    metric: str
    onset_step: int
    noticed_step: int


class Keeper:
    """Decides, step by step, which checkpoints are held; told of every metric and of every checkpoint written."""

    def __init__(self, keep: Keep, state: Mapping[str, Any] | None = None) -> None:
        self._keep = keep
        self._onset = keep.onset
        self._looks: list[tuple[int, float]] = []
        self._ring: list[int] = []
        self._kept: list[int] = []
        self._left = self._onset.after if self._onset else 0
        self.found: FoundOnset | None = None
        # A run that goes on under another wish keeps what that wish says from here on.
        if state is not None and state["keep"] == _plain(keep):
            self._looks = [(int(step), float(value)) for step, value in state["looks"]]
            self._ring, self._kept, self._left = list(state["ring"]), list(state["kept"]), state["left"]
            self.found = FoundOnset(**state["found"]) if state["found"] else None

    def state(self) -> dict[str, Any]:
        """Everything known so far, as JSON values."""
        return {
            "keep": _plain(self._keep),
            "looks": self._looks,
            "ring": self._ring,
            "kept": self._kept,
            "left": self._left,
            "found": asdict(self.found) if self.found else None,
        }

    @property
    def held(self) -> frozenset[int]:
        """Steps whose checkpoints must be on disk now."""
        return frozenset(self._kept) | frozenset(self._ring)

    @property
    def kept(self) -> list[int]:
        """Steps whose checkpoints stay for good, as far as is known; sorted."""
        return sorted(set(self._kept))

    def due(self, step: int) -> bool:
        """Whether a checkpoint is to be written after this many updates."""
        return self._stated(step) or self._for_onset(step)

    def see(self, step: int, metrics: Mapping[str, float]) -> None:
        """Look at what was measured at a step. Errors: UnknownNameError where its probe gives no such metric."""
        onset = self._onset
        if onset is None or self.found is not None or step < onset.from_step:
            return
        if onset.metric not in metrics:
            family = onset.metric.partition("/")[0]
            of_family = [name for name in metrics if name.partition("/")[0] == family]
            # A training loss may be of a slice that no token of these updates was in.
            if family != "train" and of_family:
                raise UnknownNameError("metric of this run", onset.metric, of_family)
            return
        self._looks.append((step, float(metrics[onset.metric])))
        self._looks = self._looks[-max(onset.sustain, 2 * onset.window + 1) :]
        at = _threshold_onset(onset, self._looks) if onset.threshold is not None else _bend(onset, self._looks)
        if at is not None:
            self.found = FoundOnset(onset.metric, at, step)
            self._kept += self._ring
            self._ring = []

    def wrote(self, step: int) -> None:
        """A checkpoint was written (about to be, and will hold this state): note whether and how long it stays."""
        if self._for_onset(step) and self._onset is not None:
            if self.found is None:
                self._ring = [*self._ring, step][-self._onset.before :]
            else:
                self._kept.append(step)
                self._left -= 1
        if self._stated(step):
            self._kept.append(step)

    def _stated(self, step: int) -> bool:
        every = self._keep.every
        return step in self._keep.steps or (every is not None and step % every == 0)

    def _for_onset(self, step: int) -> bool:
        onset = self._onset
        if onset is None or step % onset.spacing_steps:
            return False
        return self.found is None or self._left > 0


def _plain(keep: Keep) -> dict[str, Any]:
    plain = asdict(keep)
    plain["steps"] = list(keep.steps)
    return plain


def _threshold_onset(onset: OnsetWindow, looks: Sequence[tuple[int, float]]) -> int | None:
    """The first of the last `sustain` looks, if all lie past the threshold; a value equal to it is past it."""
    last = looks[-onset.sustain :]
    assert onset.threshold is not None
    sign = -1 if onset.falling else 1
    held = len(last) == onset.sustain and all(sign * value >= sign * onset.threshold for _, value in last)
    return last[0][0] if held else None


def _bend(onset: OnsetWindow, looks: Sequence[tuple[int, float]]) -> int | None:
    """Where the last window begins, if over it the metric departs far enough from the line through the one before."""
    if len(looks) < 2 * onset.window + 1:
        return None
    (t1, v1), (t2, v2), (t3, v3) = looks[-1 - 2 * onset.window], looks[-1 - onset.window], looks[-1]
    departure = (v3 - v2) - (v2 - v1) * (t3 - t2) / (t2 - t1)
    assert onset.departure is not None
    past = math.isfinite(departure) and (-departure if onset.falling else departure) >= onset.departure
    return t2 if past else None
