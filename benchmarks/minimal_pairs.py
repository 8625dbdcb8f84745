"""Minimal pairs per second against minicons: same model, same tokenizer, same BLiMP file, same threads, on the CPU.

    python benchmarks/minimal_pairs.py [--blimp FOLDER] [--files 4] [--threads 1] [--repeats 2]

Models are Llamas with random weights in the sizes of the training shelf, with a byte-level BPE tokenizer trained on the
spot; nothing is downloaded. Both sides start from sentences and end with one score per sentence (a sum of
log-probabilities after a beginning-of-sequence token), tokenizing included. minicons is called with one pair at a time,
as its README does, and with larger batches in the order of the file, of which the best one is shown: what it could do
in the hands of someone who tries them all. Scores must agree to 1e-4 nats. Every time is the best of `repeats`, taken
in turns; with one thread it is CPU time, which is wall time on a machine that does nothing else.
Needs minicons: make .venv/.bench
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from transformers.utils import logging

from seedbed.data.grammar.items import agreement_pairs
from seedbed.probes.huggingface import LoadedModel, load_huggingface
from seedbed.probes.pair_files import read_pairs
from seedbed.probes.scoring import Scorer, sentence_requests

try:
    from minicons.scorer import IncrementalLMScorer
except ImportError:
    sys.exit("minicons is not installed: run `make .venv/.bench` first")

# (layers, width, heads, vocabulary), as nano, micro and mini on the training shelf.
SIZES = ((3, 64, 4, 1000), (4, 128, 4, 2000), (6, 256, 8, 4096))
BATCHES = (2, 8, 32, 128)
AGREE_NATS = 1e-4


def pair_sets(folder: Path, files: int) -> dict[str, list[str]]:
    """Sentences by file, good and bad in turn: files at equal distances in BLiMP's alphabet, or our grammar's pairs."""
    if not folder.is_dir():
        print(f"{folder} is not there: using agreement pairs of the grammar instead", file=sys.stderr)
        pairs = agreement_pairs(200, seed=0)
        return {"grammar agreement": [sentence for pair in pairs for sentence in (pair.good, pair.bad)]}
    found = read_pairs(folder)
    names = sorted(found)[:: max(1, len(found) // files)][:files]
    return {name: [sentence for pair in found[name] for sentence in (pair.good, pair.bad)] for name in names}


def save_model(folder: Path, size: tuple[int, int, int, int], texts: list[str]) -> int:
    """Write a random Llama and its tokenizer; the number of its parameters."""
    layers, width, heads, vocab_size = size
    library = Tokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size, special_tokens=["<eos>"], initial_alphabet=alphabet, show_progress=False
    )
    library.train_from_iterator(texts, trainer)
    ends = {"bos_token": "<eos>", "eos_token": "<eos>", "pad_token": "<eos>"}
    PreTrainedTokenizerFast(tokenizer_object=library, **ends).save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=library.get_vocab_size(),
        hidden_size=width,
        intermediate_size=8 * width // 3,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        max_position_embeddings=256,
        tie_word_embeddings=True,
        bos_token_id=0,
        eos_token_id=0,
        pad_token_id=None,
    )
    torch.manual_seed(0)
    model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.parameters())


def by_minicons(scorer: IncrementalLMScorer, sentences: list[str], batch: int) -> list[float]:
    """One sum per sentence."""
    scores: list[float] = []
    for start in range(0, len(sentences), batch):
        some = sentences[start : start + batch]
        scores += scorer.sequence_score(some, reduction=lambda each: each.sum().item(), bos_token=True)
    return scores


def by_seedbed(loaded: LoadedModel, sentences: list[str]) -> np.ndarray:
    """One sum per sentence, from text."""
    return Scorer(sentence_requests(sentences, loaded.encoder), loaded.encoder).score(loaded.model)


def best_seconds(ways: dict[str, Callable[[], object]], repeats: int, clock: Callable[[], float]) -> dict[str, float]:
    """Shortest time of each way, in turns, so that a busy moment of the machine does not fall on one alone."""
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            start = clock()
            way()
            best[name] = min(best[name], clock() - start)
    return best


def measure(loaded: LoadedModel, scorer: IncrementalLMScorer, sentences: list[str], repeats: int) -> dict[str, float]:
    """Pairs per second of both sides, and how far their scores are apart."""
    theirs = by_minicons(scorer, sentences, 32)
    prepared = Scorer(sentence_requests(sentences, loaded.encoder), loaded.encoder)
    apart = float(np.abs(prepared.score(loaded.model) - np.array(theirs)).max())
    ways: dict[str, Callable[[], object]] = {
        "seedbed": lambda: by_seedbed(loaded, sentences),
        "seedbed_prepared": lambda: prepared.score(loaded.model),
    }
    for batch in BATCHES:
        ways[f"minicons_{batch}"] = lambda batch=batch: by_minicons(scorer, sentences, batch)
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    seconds = best_seconds(ways, repeats, clock)
    rates = {name: len(sentences) / 2 / spent for name, spent in seconds.items()}
    best = max(rate for name, rate in rates.items() if name.startswith("minicons"))
    return {
        **{f"{name}_pairs_per_second": rate for name, rate in rates.items()},
        "minicons_best_pairs_per_second": best,
        "times_minicons_pair_by_pair": rates["seedbed"] / rates["minicons_2"],
        "times_minicons_best": rates["seedbed"] / best,
        "scores_apart_nats": apart,
    }


COLUMNS = (
    ("minicons", "minicons_2_pairs_per_second", "10.0f"),
    ("its best", "minicons_best_pairs_per_second", "10.0f"),
    ("seedbed", "seedbed_pairs_per_second", "10.0f"),
    ("prepared", "seedbed_prepared_pairs_per_second", "10.0f"),
    ("times", "times_minicons_pair_by_pair", "7.1f"),
    ("of best", "times_minicons_best", "8.1f"),
)


def main() -> int:
    """Measure every size on every file, print a table and JSON; 1 if scores disagree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blimp", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "blimp")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=2)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.threads)
    warnings.filterwarnings("ignore")
    logging.disable_progress_bar()
    sets = pair_sets(chosen.blimp, chosen.files)
    texts = [sentence for sentences in sets.values() for sentence in sentences]
    results: list[dict[str, float | str]] = []
    print(
        f"{'parameters':<11}{'pairs':<44}" + "".join(f"{name:>{int(form.split('.')[0])}}" for name, _, form in COLUMNS)
    )
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            parameters = save_model(Path(name), size, texts)
            loaded = load_huggingface(Path(name))
            scorer = IncrementalLMScorer(name, "cpu")
            for file, sentences in sets.items():
                found = measure(loaded, scorer, sentences, chosen.repeats)
                results.append({"parameters": parameters, "file": file, **found})
                print(
                    f"{parameters:<11,}{file:<44}" + "".join(f"{found[key]:{form}}" for _, key, form in COLUMNS),
                    flush=True,
                )
    for what in ("times_minicons_pair_by_pair", "times_minicons_best"):
        each = [float(result[what]) for result in results]
        print(f"{what}: {min(each):.1f} to {max(each):.1f}, geometric mean {np.exp(np.mean(np.log(each))):.1f}")
    apart = max(float(result["scores_apart_nats"]) for result in results)
    print(f"scores are at most {apart:.1e} nats apart ({AGREE_NATS:.0e} allowed); {chosen.threads} thread(s)")
    print(json.dumps({"benchmark": "minimal_pairs", "threads": chosen.threads, "results": results}))
    return int(apart > AGREE_NATS)


if __name__ == "__main__":
    raise SystemExit(main())
