import numpy as np
import pytest
import torch

from seedbed.data.orders import Order
from seedbed.tokenizers.store import TokenStore
from seedbed.training.batches import Part

EOS = 0


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class InOrder(Order):
    """The documents as the parts have them, each epoch; as short as an order can be."""

    name = "in-order"

    def permutation(self, documents, seed, epoch=0, *, take=None, step=0):
        return np.arange(len(documents))[:take]


def token_store(documents, vocab_size=50, dtype=np.uint16):
    """A store in memory. documents: lists of ids without the end of document."""
    ids = np.array([token for document in documents for token in (*document, EOS)], dtype=dtype)
    offsets = np.cumsum([0] + [len(document) + 1 for document in documents])
    return TokenStore(ids, offsets, EOS, vocab_size)


@pytest.fixture
def make_part():
    def make(documents, rows=None, source="one", bytes_per_document=None, answer_spans=None, **columns):
        rows = np.arange(len(documents)) if rows is None else np.array(rows, dtype=np.int64)
        counts = bytes_per_document or [3 * len(document) for document in documents]
        return Part(token_store(documents), rows, source, np.array(counts, dtype=np.int64), answer_spans, **columns)

    return make
