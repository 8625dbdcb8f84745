"""Figures of docs/syntax_onsets.md that the report does not hold, from the store of the full run.

python docs/syntax_onsets_figures.py [STORE]
"""

import sys

import numpy as np
import pyarrow.parquet as pq

from seedbed.dynamics.leads import coupling
from seedbed.dynamics.run_curve import RunCurve
from seedbed.dynamics.seed_transitions import seed_transitions
from seedbed.dynamics.statistics import paired_difference
from seedbed.dynamics.transitions import Detector
from seedbed.pipelines.collect import collect
from seedbed.pipelines.opening import RunOptions, open_study
from seedbed.pipelines.results import RunResult
from seedbed.workbench import Workbench

ATTENTION = "attention-syntax/all/weight"
MARGINS = (
    "agreement/mean/margin_nats",
    "filler-gap/mean/margin_nats",
    "npi/contrast.licensor/margin_nats",
    "npi/contrast.scope/margin_nats",
)
ORDERS = ("unigram", "bigram", "trigram")
COMPONENTS = ("natural", "shuffled")
"""As the strategy probe takes their held-out documents: in turn, so that even ones are of the first."""


def own_text(run: RunResult) -> str:
    """When a run leaves n-grams on held-out text of its own mixture, and by how much at the end."""
    items = pq.read_table(run.item_tables()["strategy"]).to_pandas()
    mine = items[items["document"] % len(COMPONENTS) == COMPONENTS.index(run.factors["mixture"])]
    means = mine.groupby("step").mean(numeric_only=True)
    gain = (means["trigram_nats"] - means["nats"]).to_numpy() / np.log(2)
    steps = means.index.to_numpy()
    ahead = next(int(step) for place, step in enumerate(steps) if (gain[place:] > 0).all())
    nearest = means[[f"{order}_kl_from_model" for order in ORDERS]].to_numpy().argmin(axis=1)
    last = [int(steps[nearest == order].max()) if (nearest == order).any() else None for order in range(2)]
    return (
        f"{run.name}: nearest to unigrams until {last[0]}, to bigrams until {last[1]}; better than trigrams from step "
        f"{ahead} on, by {gain[-1]:.2f} bits a token at the end"
    )


def main(store: str) -> None:
    """Print them."""
    opened = open_study("pipelines/syntax_onsets.py", RunOptions(Workbench(".", store)))
    results = collect(opened.graph, opened.store, "")
    natural, shuffled = (results.of_arm(arm) for arm in COMPONENTS)
    print("On text of its own")
    for run in (*natural, *shuffled):
        print(f"  {own_text(run)}")
    ends = [[run.curves[ATTENTION].last for run in runs] for runs in (natural, shuffled)]
    found = paired_difference(*ends)
    print(f"Attention at the end, shuffled less natural: {found.mean:+.3f} [{found.lower:.3f}, {found.upper:.3f}]")
    own = [run.curves["bits-per-byte/natural"] for run in natural]
    falling = Detector(0.05, sustain=2, falling=True)
    curves = [RunCurve(curve.steps, curve.values) for curve in own]
    print(f"Bits per byte of its own text: {seed_transitions(curves, falling).kinds}")
    print("Attention before the same seed's margins")
    for metric in MARGINS:
        steps = natural[0].curves[metric].steps
        moves = [[run.curves[name].values for run in natural] for name in (ATTENTION, metric)]
        made = coupling(steps, *moves)
        print(f"  {metric}: p {made.p_value:.3f}, peak {made.peak:.2f} at {made.peak_lag_steps} updates")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "store")
