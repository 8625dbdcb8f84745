"""Tokenizers of every kind for the grammar's sentences, and models whose answers are known."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seedbed.data.grammar.items import ITEM_SETS, question_items
from seedbed.tokenizers.encoder import Encoder, load_encoder
from seedbed.tokenizers.recipes import tokenizer
from seedbed.tokenizers.train import train_tokenizer
from seedbed.workbench import Workbench


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("workbench"))


@pytest.fixture(scope="session")
def sentences(workbench: Workbench) -> list[str]:
    items = [item for name in ITEM_SETS for item in question_items(name, 60, 1, workbench=workbench)]
    return [f"{item.declarative} {task}" for item in items for task in (f"quest {item.question}", "decl .")]


@pytest.fixture(scope="session")
def encoders(sentences: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Encoder]:
    """One of each kind. The sentences hold every word of the grammar, so that "word" knows them all."""
    made = {}
    for kind, recipe in (("byte", tokenizer("byte")), ("word", tokenizer("word")), ("bpe", tokenizer("bpe-512"))):
        out = tmp_path_factory.mktemp(kind)
        train_tokenizer(recipe if kind != "bpe" else tokenizer("bpe", vocab_size=330), iter(sentences), out)
        made[kind] = load_encoder(out)
    return made


@pytest.fixture(params=["byte", "word", "bpe"])
def encoder(request: pytest.FixtureRequest, encoders: dict[str, Encoder]) -> Encoder:
    return encoders[request.param]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The data shared between checkouts, which is never part of the project."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no shared data beside this checkout")
    return folder


class Recurrent(nn.Module):
    """Random weights; the logits depend on every token before. It knows nothing of tries."""

    def __init__(self, vocab_size: int, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        width = 8
        self.embedding = nn.Embedding(vocab_size, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.dropout = nn.Dropout(0.5)
        self.head = nn.Linear(width, vocab_size)
        with torch.no_grad():
            for weight in self.parameters():
                weight.copy_(torch.randn(weight.shape, generator=generator))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.dropout(self.gru(self.embedding(tokens))[0]))


class Attentive(nn.Module):
    """Random weights, one head, and the two methods of a model that reads tries."""

    def __init__(self, vocab_size: int, context: int = 64, seed: int = 0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.embedding = nn.Parameter(torch.randn(vocab_size, 8, generator=generator))
        self.positions = nn.Parameter(torch.randn(context, 8, generator=generator))
        self.mix = nn.Parameter(torch.randn(3, 8, 8, generator=generator))

    def hidden(self, tokens: Tensor, *, positions: Tensor | None = None, visible: Tensor | None = None) -> Tensor:
        length = tokens.shape[1]
        if positions is None or visible is None:
            positions = torch.arange(length)
            visible = torch.ones(length, length, dtype=torch.bool).tril()
        x = self.embedding[tokens] + self.positions[positions]
        query, key, value = (x @ matrix for matrix in self.mix)
        return x + (query @ key.transpose(-1, -2)).masked_fill(~visible, float("-inf")).softmax(-1) @ value

    def logits(self, hidden: Tensor) -> Tensor:
        return hidden @ self.embedding.T

    def forward(self, tokens: Tensor) -> Tensor:
        return self.logits(self.hidden(tokens))


class Recites(nn.Module):
    """Goes on with the given texts, and knows nothing else: the next token of a text that begins as the tokens do."""

    def __init__(self, encoder: Encoder, texts: Iterable[str], sharpness: float = 20.0) -> None:
        super().__init__()
        self.vocab_size = encoder.vocab_size
        self.sharpness = sharpness
        self.next: dict[tuple[int, ...], int] = {}
        for tokens in encoder.encode_batch(list(texts)):
            whole = (encoder.eos_id, *tokens)
            self.next |= {whole[:end]: whole[end] for end in range(1, len(whole))}

    def forward(self, tokens: Tensor) -> Tensor:
        logits = torch.zeros(*tokens.shape, self.vocab_size)
        for row, sequence in enumerate(tokens.tolist()):
            for end in range(1, len(sequence) + 1):
                after = self.next.get(tuple(sequence[:end]))
                if after is not None:
                    logits[row, end - 1, after] = self.sharpness
        return logits


@pytest.fixture(scope="session")
def toys() -> SimpleNamespace:
    """Model classes, as test modules cannot import each other."""
    return SimpleNamespace(Recurrent=Recurrent, Attentive=Attentive, Recites=Recites, naive_logprobs=naive_logprobs)


def naive_logprobs(model: nn.Module, tokens: list[int]) -> np.ndarray:
    """float64[length - 1]: log-probability of every token but the first, one sequence, softmax in float64."""
    with torch.no_grad():
        logits = model(torch.tensor([tokens]))[0].double()
    log_p = logits.log_softmax(-1)
    return log_p[torch.arange(len(tokens) - 1), torch.tensor(tokens[1:])].numpy()
