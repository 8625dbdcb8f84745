import itertools

import numpy as np
import pytest
import torch

from seedbed.errors import SeedbedError
from seedbed.probes.base import Material
from seedbed.probes.baselines import constant_logits
from seedbed.probes.byte_patterns_recipe import BytePatterns
from seedbed.probes.recipes import BitsPerByte, QuestionFormation
from seedbed.probes.words import WordScorer, word_logprobs
from seedbed.tokenizers.encoder import load_encoder
from seedbed.tokenizers.recipes import Tokenizer
from seedbed.tokenizers.train import train_tokenizer

LONGEST_WORD = 3
LETTERS = "xy"


class Spells(torch.nn.Module):
    """Writes words of up to three letters x and y, with one space between them, and ends after a word; at random."""

    def __init__(self, encoder, inner):
        super().__init__()
        self.inner = inner
        self.space, *self.letters = (encoder.encode_batch([character])[0][0] for character in " " + LETTERS)
        self.eos_id = encoder.eos_id

    def forward(self, tokens):
        logits = self.inner(tokens)
        allowed = torch.full_like(logits, float("-inf"))
        for row, sequence in enumerate(tokens.tolist()):
            length = 0
            for at, token in enumerate(sequence):
                length = length + 1 if token in self.letters else 0
                allowed[row, at, [self.space, self.eos_id]] = 0.0
                if length < LONGEST_WORD:
                    allowed[row, at, self.letters] = 0.0
        return logits + allowed


def all_words():
    return ["".join(word) for n in range(LONGEST_WORD + 1) for word in itertools.product(LETTERS, repeat=n)]


def test_over_all_words_the_mass_is_that_of_a_space_after_the_prefix(encoders, toys):
    encoder = encoders["byte"]
    model = Spells(encoder, toys.Recurrent(encoder.vocab_size))
    for prefix in ("x", "xy yx"):
        log_p = word_logprobs(model, encoder, [prefix], all_words())
        tokens = [encoder.eos_id, *encoder.encode_batch([prefix + " "])[0]]
        of_space = toys.naive_logprobs(model.eval(), tokens)[-1]
        assert np.exp(log_p).sum() == pytest.approx(np.exp(of_space), rel=1e-5)
    # Without the boundary, what begins with a word would be counted with it.
    assert np.exp(log_p[0, all_words().index("x")]) < np.exp(of_space) / 2


def test_over_all_words_of_a_word_tokenizer_the_mass_is_all_but_the_end(encoders, toys):
    encoder = encoders["word"]
    model = toys.Recurrent(encoder.vocab_size)
    words = [piece.decode() for piece in encoder.token_bytes if piece]
    log_p = word_logprobs(model, encoder, ["the newt"], words)
    tokens = [encoder.eos_id, *encoder.encode_batch(["the newt"])[0], encoder.eos_id]
    of_end = toys.naive_logprobs(model.eval(), tokens)[-1]
    assert np.exp(log_p).sum() == pytest.approx(1 - np.exp(of_end), rel=1e-5)


@pytest.mark.parametrize("kind", ["byte", "bpe"])
def test_a_word_is_its_tokens_and_whatever_may_begin_after_it(encoders, toys, kind):
    encoder = encoders[kind]
    model = toys.Recurrent(encoder.vocab_size)
    words, prefixes = ["do", "does", "don't", "doesn't"], ["the newt", "my yaks who"]
    found = word_logprobs(model, encoder, prefixes, words)
    model.eval()
    starts = np.flatnonzero(encoder.starts_with_space)
    for (i, prefix), (j, word) in itertools.product(enumerate(prefixes), enumerate(words)):
        head = encoder.encode_batch([prefix])[0]
        whole = encoder.encode_batch([f"{prefix} {word}"])[0]
        tokens = [encoder.eos_id, *whole]
        after = [toys.naive_logprobs(model, [*tokens, int(token)])[-1] for token in starts]
        expected = toys.naive_logprobs(model, tokens)[len(head) :].sum() + np.logaddexp.reduce(after)
        assert found[i, j] == pytest.approx(expected, abs=5e-5)


def test_where_every_token_is_a_word_only_the_prefix_is_read(encoders):
    scorer = WordScorer(encoders["word"], ["the newt"], ["do", "does"])
    assert scorer.longest == ("the newt", 3)
    assert WordScorer(encoders["byte"], ["the newt", "my"], ["do", "does"]).longest == (
        "the newt",
        1 + len("the newt does"),
    )


def test_a_tokenizer_that_joins_words_is_refused():
    class Joins:
        vocab_size, eos_id = 3, 0
        starts_with_space = np.array([True, True, False])

        def encode_batch(self, texts):
            return [[1 + (" " in text)] for text in texts]

        def decode(self, ids):
            raise AssertionError

    with pytest.raises(SeedbedError, match=r"joins the end of 'quest' with the word after it.*splits at spaces"):
        WordScorer(Joins(), ["quest"], ["do"])


def test_a_tokenizer_that_merges_over_spaces_is_refused_before_training_and_others_work(sentences, workbench, tmp_path):
    train_tokenizer(Tokenizer("bpe", vocab_size=600, pieces="none"), iter(sentences), tmp_path)
    joins = load_encoder(tmp_path)
    assert any(b" " in piece[1:-1] for piece in joins.token_bytes)
    material = Material(joins, 200, workbench, {"grammar": sentences[:40]})
    with pytest.raises(SeedbedError, match=r"joins the end of .*pieces='gpt2' or 'whitespace'\), or leave this probe"):
        QuestionFormation(items_per_set=12).prepare(material)
    model = constant_logits(joins.vocab_size)
    for recipe in (BitsPerByte(), BytePatterns()):
        scalars = recipe.prepare(material).measure(model, 0).scalars
        assert scalars[f"{recipe.name}/total"] > 0
    assert scalars["byte-patterns/crossing"] > 0.2
