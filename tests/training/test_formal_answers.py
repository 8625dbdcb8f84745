"""Known answers of formal material, with real training and the loss on answers alone (bounds, never digits)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from seedbed.data.formal.recipes import SparseParity
from seedbed.data.formal.word_recipes import Spelling
from seedbed.data.orders import shuffled
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.store import build_token_store, open_tokens
from seedbed.tokenizers.train import train_tokenizer
from seedbed.training.batches import Part, TrainingData
from seedbed.training.recipes import Model, Training
from seedbed.training.trainer import TrainTask, train
from seedbed.workbench import Workbench

pytestmark = pytest.mark.slow


@dataclass
class Answers:
    """Which tokens of the answers of a test are given greedily, after the true beginning: bool[documents] by set."""

    tests: dict
    name: str = "answers"
    found: list = field(default_factory=list)

    def measure(self, model, step):
        scores = {}
        for name, (store, labels) in self.tests.items():
            lengths = np.diff(store.offsets)
            ids = torch.zeros(len(lengths), int(lengths.max()) + 1, dtype=torch.long)
            asked = torch.zeros_like(ids[:, 1:], dtype=torch.bool)
            for row, (begin, end) in enumerate(np.asarray(store.answer_spans)):
                ids[row, 1 : lengths[row] + 1] = torch.from_numpy(
                    store.ids[store.offsets[row] : store.offsets[row + 1]].astype(np.int64)
                )
                asked[row, begin:end] = True
            right = (model(ids[:, :-1]).argmax(-1) == ids[:, 1:]) & asked
            scores[name] = SimpleNamespace(
                exact=(right.sum(1) == asked.sum(1)).numpy(),
                letters=float(right.sum() / asked.sum()),
                construction=np.array([known["construction"] for known in labels]),
            )
        self.found.append((step, scores))
        return SimpleNamespace(scalars={}, items=None)


def learned(folder, recipe, tests, training, seed, steps):
    """What the model answers at some steps."""
    written = {}
    for name, each in {"train": recipe, **tests}.items():
        generator = each.generator(Workbench())
        written[name] = generator(np.arange(generator.documents))
    (folder / "tokenizer").mkdir()
    train_tokenizer(tokenizer("word"), [text for texts, _ in written.values() for text in texts], folder / "tokenizer")
    encoder = load_encoder(folder / "tokenizer")
    stores = {}
    for name, (texts, labels) in written.items():
        (folder / name).mkdir()
        spans = np.array([[known["answer_start"], known["answer_end"]] for known in labels])
        build_token_store(texts, len(texts), encoder, folder / name, answers=spans)
        stores[name] = open_tokens(folder / name)
    store = stores.pop("train")
    sizes = np.array([len(text.encode()) for text in written["train"][0]])
    part = Part(store, np.arange(store.documents), "drills", sizes, answer_spans=store.answer_spans)
    probe = Answers({name: (stores[name], written[name][1]) for name in stores})
    task = TrainTask(
        training=training,
        vocab_size=encoder.vocab_size,
        data=TrainingData([part], shuffled(), training, seed),
        init_seed=seed,
        work_dir=folder / "run",
        probes=[probe],
        probe_steps={"answers": steps},
        log_every=100,
        checkpoint_every=0,
    )
    (folder / "run").mkdir()
    assert train(task).status == "FINISHED"
    return probe.found


@pytest.fixture(autouse=True)
def one_core():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_spelling_carries_over_to_new_words_and_not_to_strings_never_drilled(seed, tmp_path):
    """60 strings of two letters, words of two, 12 strings never drilled (known answer 27)."""
    recipe = Spelling(
        tokens=60, never_drilled=12, spaced=True, dose=0.8, tasks={"spell": 0.8, "mention": 0.2}, documents=20_000
    )
    tests = {split: replace(recipe, split=split, documents=200) for split in ("held-out", "never-drilled")}
    training = Training(
        Model(2, 64, 4, context=16, positions="learned"),
        steps=300,
        batch_size=64,
        learning_rate=3e-3,
        warmup_steps=50,
        loss_on="answer",
    )
    ((_, scores),) = learned(tmp_path, recipe, tests, training, seed, [300])
    assert scores["held-out"].exact.mean() >= 0.98
    assert scores["never-drilled"].exact.mean() <= 0.02
    assert scores["never-drilled"].letters <= 0.33


def test_parities_of_two_bits_are_learned_for_strings_never_seen(tmp_path):
    """The most frequent of three tasks at Zipf rates, by the transformer that all studies train."""
    recipe = SparseParity(3, bits=8, size=2, alpha=1.5, held_out_share=0.2, documents=60_000)
    tests = {"held-out": replace(recipe, alpha=0, split="held-out", documents=300)}
    training = Training(
        Model(2, 64, 4, context=16, positions="learned", init_std=0.1, embedding_init_std=0.5),
        steps=600,
        batch_size=64,
        learning_rate=1e-3,
        warmup_steps=50,
        betas=(0.9, 0.98),
        loss_on="answer",
    )
    (_, before), (_, after) = learned(tmp_path, recipe, tests, training, 0, [0, 600])
    first = after["held-out"].construction == "task-1"
    assert before["held-out"].exact.mean() < 0.6
    assert after["held-out"].exact[first].mean() >= 0.95
