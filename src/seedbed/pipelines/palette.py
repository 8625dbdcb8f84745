"""Colours of arms and seeds, for figures and for MLflow's UI."""

from __future__ import annotations

# Okabe and Ito (2008), "Color universal design", black and yellow left out: one is for text, one too light on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#6A3D9A")
DARKEST, LIGHTEST = -0.45, 0.5


def arm_color(index: int) -> str:
    """The colour of the arm at this place in the study."""
    return COLORS[index % len(COLORS)]


def seed_color(index: int, place: int, seeds: int) -> str:
    """A shade of the arm's colour for the seed at this place among so many: dark first, light last."""
    if seeds < 2:
        return arm_color(index)
    share = DARKEST + (LIGHTEST - DARKEST) * place / (seeds - 1)
    channels = [int(arm_color(index)[start : start + 2], 16) for start in (1, 3, 5)]
    target = 255 if share > 0 else 0
    return "#" + "".join(f"{round(channel + (target - channel) * abs(share)):02x}" for channel in channels)
