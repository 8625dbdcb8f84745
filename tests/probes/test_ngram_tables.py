"""N-gram models counted by hand, and as probability distributions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.probes.ngram_tables import STRENGTHS, NgramTables, fitted, histories

EOS = 0


def test_histories_begin_with_the_place_before_the_text() -> None:
    assert histories(np.array([0, 5, 6, 0]), 9).tolist() == [[9, 0], [0, 5], [5, 6]]


def test_probabilities_by_hand() -> None:
    # Two documents over {1, 2}: 1 2 end, 1 1 end.
    tables = NgramTables([np.array([1, 2, 0]), np.array([1, 1, 0])], vocab_size=3, eos_id=EOS)
    unigram = np.array([2 + 1, 3 + 1, 1 + 1]) / 9
    assert tables.unigram == pytest.approx(unigram)
    assert tables.tokens == 6
    found = tables.rows(np.array([[0, 1], [3, 0], [2, 2]]))
    assert found[0] == pytest.approx(np.stack([unigram] * 3))
    after_1 = (np.array([1, 1, 1]) + unigram) / 4  # 1 is followed once by each
    assert found[1, 0] == pytest.approx(after_1)
    after_start_1 = (np.array([0, 1, 1]) + after_1) / 3
    assert found[2, 0] == pytest.approx(after_start_1)
    first = (np.array([0, 2, 0]) + unigram) / 3
    assert found[1, 1] == pytest.approx(first)
    assert found[2, 1] == pytest.approx((np.array([0, 2, 0]) + first) / 3)
    assert found[2, 2] == pytest.approx(found[1, 2])  # 2 2 was never seen
    assert found[1, 2] == pytest.approx((np.array([1, 0, 0]) + unigram) / 2)


@given(st.lists(st.lists(st.integers(1, 6), max_size=12), min_size=1, max_size=6), st.floats(0.1, 10))
def test_every_row_is_a_distribution_without_zeros(texts: list[list[int]], backoff: float) -> None:
    documents = [np.array([*text, EOS], np.int64) for text in texts]
    tables = NgramTables(documents, vocab_size=7, eos_id=EOS, additive=0.5, backoff=(backoff, 1.0))
    every = np.array([[a, b] for a in range(8) for b in range(7)])
    found = tables.rows(every)
    assert found.sum(axis=-1) == pytest.approx(np.ones((3, len(every))))
    assert (found > 0).all()


def test_little_backoff_gives_the_counted_shares() -> None:
    document = np.array([1, 2, 1, 2, 1, 3, EOS])
    tables = NgramTables([document], vocab_size=4, eos_id=EOS, backoff=(1e-9, 1e-9))
    found = tables.rows(np.array([[2, 1]]))
    assert found[2, 0] == pytest.approx([0, 0, 1 / 2, 1 / 2], abs=1e-6)
    assert found[1, 0] == pytest.approx([0, 0, 2 / 3, 1 / 3], abs=1e-6)


def probability(tables: NgramTables, documents: list[np.ndarray], order: int) -> float:
    """Mean log-probability of the tokens, one by one."""
    found = []
    for document in documents:
        whole = np.array([EOS, *document])
        rows = tables.rows(histories(whole, tables.start))[order]
        found += np.log(rows[np.arange(len(document)), document]).tolist()
    return float(np.mean(found))


def test_backing_off_is_chosen_where_other_text_is_most_probable() -> None:
    rng = np.random.default_rng(0)
    chain = rng.dirichlet(np.ones(9), 10)
    documents = []
    for _ in range(60):
        tokens = [1]
        for _ in range(20):
            tokens.append(1 + int(rng.choice(9, p=chain[tokens[-1]])))
        documents.append(np.array([*tokens, EOS]))
    settings = {"vocab_size": 10, "eos_id": EOS}
    counted, aside = documents[:50], documents[50:]
    chosen = NgramTables(counted, **settings).best_backoff(aside, EOS)
    for order in (1, 2):
        scores = []
        for strength in STRENGTHS:
            backoff = (strength, 1.0) if order == 1 else (chosen[0], strength)
            scores.append(probability(NgramTables(counted, **settings, backoff=backoff), aside, order))
        assert STRENGTHS[int(np.argmax(scores))] == chosen[order - 1]
    # A source of order 1 has nothing that trigrams could tell, so that they are mostly bigrams.
    assert chosen[1] > chosen[0]
    assert fitted(documents, **settings, additive=1.0).tokens == sum(map(len, documents))


def test_too_few_documents_to_choose_on_are_refused() -> None:
    with pytest.raises(SourceError, match="3 training documents are too few"):
        fitted([np.array([1, EOS])] * 3, vocab_size=3, eos_id=EOS, additive=1.0)
