"""Tokens written per second with and without the cache of keys and values: one core, one model, the same tokens.

    python benchmarks/generation_speed.py [--rows 32] [--new 128] [--repeats 3]

Models have random weights in the sizes of the training shelf. Prompts of 1 to 32 tokens are continued greedily for
`--new` tokens; no document ends. Both ways must write the same tokens, or nothing is shown. Times are CPU seconds of
this process, the best of `--repeats`, taken in turns.
"""

from __future__ import annotations

import argparse
import sys
import time

import torch

from seedbed.training.generation import Continuation, generate
from seedbed.training.model import Transformer
from seedbed.training.recipes import training

VOCAB = 1_000
SIZES = ("nano", "micro")
LONGEST_PROMPT = 32


def written(model: Transformer, prompts: list[list[int]], new: int, cached: bool) -> tuple[list[Continuation], float]:
    """What is written, and the CPU seconds that took."""
    start = time.process_time()
    found = generate(model, prompts, eos_id=VOCAB, max_new_tokens=new, cached=cached)  # VOCAB is no token: no end
    return found, time.process_time() - start


def main() -> None:
    """Print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    lengths = torch.randint(1, LONGEST_PROMPT + 1, (asked.rows,), generator=generator).tolist()
    prompts = [torch.randint(VOCAB, (length,), generator=generator).tolist() for length in lengths]
    print("| model | rows | new tokens each | cached, tokens/s | uncached, tokens/s | ratio |")
    print("|---|---|---|---|---|---|")
    for name in SIZES:
        recipe = training(name, context=LONGEST_PROMPT + asked.new, init_std=0.2)
        model = Transformer(recipe.model, VOCAB, init_seed=0)
        best = {True: float("inf"), False: float("inf")}
        texts: dict[bool, list[Continuation]] = {}
        for _ in range(asked.repeats):
            for cached in (True, False):
                texts[cached], seconds = written(model, prompts, asked.new, cached)
                best[cached] = min(best[cached], seconds)
        if texts[True] != texts[False]:
            sys.exit(f"{name}: cached and uncached text differ; nothing can be compared")
        total = asked.rows * asked.new
        fast, slow = total / best[True], total / best[False]
        print(f"| {name} | {asked.rows} | {asked.new} | {fast:,.0f} | {slow:,.0f} | {fast / slow:.1f} |")


if __name__ == "__main__":
    main()
