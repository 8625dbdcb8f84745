"""Probabilities of byte strings, against sums over everything that a small vocabulary can write."""

from itertools import product
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbed.errors import SourceError
from seedbed.probes.byte_prefix import BytePrefixScorer, PrefixPaths, PrefixQuery, split_at, token_bytes


class Toy:
    """A vocabulary of given pieces; token 0 ends a document."""

    def __init__(self, *pieces: bytes) -> None:
        self.token_bytes = [b"", *pieces]
        self.vocab_size = len(self.token_bytes)
        self.eos_id = 0
        self.starts_with_space = np.zeros(self.vocab_size, dtype=np.bool_)

    def encode_batch(self, texts):
        raise AssertionError("no text is encoded here")

    def decode(self, ids):
        return b"".join(self.token_bytes[token] for token in ids).decode()


def brute_force(model, encoder, context, prefix):
    """The sum over every sequence of len(prefix) tokens, each with the probabilities of what follows summed to one.

    Sequences of as many tokens as there are bytes decide whether the text begins with them; after an end of document
    nothing counts.
    """
    total = 0.0
    for tokens in product(range(encoder.vocab_size), repeat=len(prefix)):
        written = b""
        for token in tokens:
            if token == encoder.eos_id:
                break
            written += encoder.token_bytes[token]
        if written.startswith(prefix):
            total += np.exp(model_logprob(model, [*context, *tokens], len(context)))
    return total


def model_logprob(model, tokens, first):
    with torch.no_grad():
        log_p = model(torch.tensor([tokens]))[0].double().log_softmax(-1)
    return sum(float(log_p[place - 1, tokens[place]]) for place in range(first, len(tokens)))


VOCABULARIES = [
    Toy(b"a", b"b"),
    Toy(b"a", b"b", b"ab", b"ba", b"aba"),
    Toy(b"\xe2", b"\x80", b"\x94", b"\xe2\x80", b"\xe2\x80\x94", b" "),
]


@pytest.mark.parametrize("encoder", VOCABULARIES, ids=["bytes", "merges", "dash"])
@pytest.mark.parametrize("kind", ["Recurrent", "Attentive"])
def test_against_brute_force(toys: SimpleNamespace, encoder, kind):
    model = getattr(toys, kind)(encoder.vocab_size)
    model.eval()
    alphabet = sorted({bytes([byte]) for piece in encoder.token_bytes for byte in piece})
    prefixes = [b"".join(letters) for size in (1, 2, 3) for letters in product(alphabet, repeat=size)]
    prefixes = prefixes[:: max(1, len(prefixes) // 12)]
    queries = [PrefixQuery((0, *context), prefix) for context in ((), (2,), (1, 1, 2)) for prefix in prefixes]
    found = np.exp(BytePrefixScorer(queries, encoder).log_probabilities(model))
    expected = [brute_force(model, encoder, query.context, query.prefix) for query in queries]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-9)


def test_one_of_all_bytes_or_the_end_comes_next(toys: SimpleNamespace):
    encoder = VOCABULARIES[1]
    model = toys.Recurrent(encoder.vocab_size)
    found = np.exp(
        BytePrefixScorer([PrefixQuery((0, 3), b"a"), PrefixQuery((0, 3), b"b")], encoder).log_probabilities(model)
    )
    model.eval()
    assert found.sum() == pytest.approx(1 - np.exp(model_logprob(model, [0, 3, 0], 2)), rel=1e-5)


def test_given_bytes_are_a_condition_not_a_choice(toys: SimpleNamespace):
    encoder = VOCABULARIES[1]
    model = toys.Recurrent(encoder.vocab_size)
    queries = [PrefixQuery((0,), prefix, given) for prefix, given in ((b"a", b"ab"), (b"aba", b""), (b"ab", b""))]
    conditional, whole, condition = BytePrefixScorer(queries, encoder).log_probabilities(model)
    assert conditional == pytest.approx(whole - condition, abs=1e-5)


@settings(max_examples=60)
@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=6, unique=True), st.data())
def test_every_segmentation_has_exactly_one_path(pieces, data):
    """Of any sequence of tokens whose bytes begin with the prefix, one beginning is a path, and only one."""
    encoder = Toy(*pieces)
    tokens = data.draw(st.lists(st.integers(1, len(pieces)), min_size=1, max_size=6))
    written = b"".join(encoder.token_bytes[token] for token in tokens)
    prefix = written[: data.draw(st.integers(1, len(written)))]
    paths = PrefixPaths(encoder.token_bytes).of(prefix)
    assert len(set(paths)) == len(paths)
    assert sum(tuple(tokens[: len(path)]) == path for path in paths) == 1


def test_what_no_token_writes_is_impossible(toys: SimpleNamespace):
    encoder = VOCABULARIES[0]
    assert PrefixPaths(encoder.token_bytes).of(b"ac") == []
    assert PrefixPaths(encoder.token_bytes).of(b"") == [()]
    [found] = BytePrefixScorer([PrefixQuery((0,), b"c")], encoder).log_probabilities(toys.Recurrent(3))
    assert found == -np.inf


def test_too_many_ways_are_refused():
    every = [b"a" * length for length in range(1, 20)]
    with pytest.raises(SourceError, match="ask for fewer bytes"):
        PrefixPaths([b"", *every]).of(b"a" * 19)


def test_tokenizers_without_bytes_are_refused(encoders):
    with pytest.raises(SourceError, match="use kind 'bpe' or 'byte'"):
        token_bytes(encoders["word"])
    with pytest.raises(SourceError, match="use one of ours, or a fast one"):
        token_bytes(SimpleNamespace())


def test_a_context_is_split_where_what_follows_changes_its_tokens(encoders):
    left = "the newt doe"
    whole, rest = split_at(encoders["byte"], left, ["s", "\u2014and"])
    assert (len(whole), rest) == (len(left), b"")
    whole, rest = split_at(encoders["bpe"], left, ["s", "\u2014and"])
    assert encoders["bpe"].decode(whole) + rest.decode() == left
    longer = encoders["bpe"].encode(left + "s")
    assert whole == longer[: len(whole)]
    assert rest and split_at(encoders["bpe"], "the newt", [" does", "\u2014and"])[1] == b""
