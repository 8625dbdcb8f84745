"""Difficulty of a text by itself: pure functions of one document.

Each gives NaN where the text has nothing to measure (no word, or fewer bytes than a window); 0 would be a score.
"""

from __future__ import annotations

import gzip
import math
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from seedbed.data.difficulty.recipes import Difficulty
from seedbed.errors import RecipeError, UnknownNameError

T = TypeVar("T")
NAN = float("nan")
WORD = re.compile(r"\w+(?:['’-]\w+)*")
LETTER = re.compile(r"[^\W\d_]")
SENTENCE_END = re.compile(r"[.!?…]+(?:\s|$)")
MTLD_RATIO = 0.72
GZIP_LEVEL = 6
RAREST = 1e-9
"""Probability of a word that wordfreq does not list; the rarest it lists has 1e-8."""
REMEMBERED_WORDS = 1_000_000


def words(text: str) -> float:
    """Words, as white space separates them."""
    return float(len(text.split()))


def size_bytes(text: str) -> float:
    """UTF-8 bytes."""
    return float(len(text.encode()))


def compression(text: str, window_bytes: int) -> float:
    """Mean of compressed / raw bytes over windows of equal size, gzip at level 6; NaN for a text below one window.

    Windows follow one another; where they do not come out even, a last one ends with the text. Windows of one size are
    the point: the ratio of whole documents falls with their length (prose: 1.35 at 50 bytes, .40 at 50,000), and an
    empty input costs 20 bytes.
    """
    data = text.encode()
    starts = list(range(0, len(data) - window_bytes + 1, window_bytes))
    if not starts:
        return NAN
    if starts[-1] + window_bytes < len(data):
        starts.append(len(data) - window_bytes)
    sizes = [len(gzip.compress(data[at : at + window_bytes], GZIP_LEVEL, mtime=0)) for at in starts]
    return sum(sizes) / (len(sizes) * window_bytes)


def mtld(tokens: Sequence[str]) -> float:
    """Measure of textual lexical diversity, in words: the mean length of runs whose type/token ratio stays >= .72.

    A run ends with the word that takes the ratio below .72; what is left at the end counts as (1 - ratio) / (1 - .72)
    of a run. Forward and backward passes are averaged. One word over and over gives 2.0 (an even number of them).
    Words that are all distinct end no run: then it is their number, which is a lower bound. No words: NaN.
    Source: McCarthy and Jarvis 2010.
    """
    if not tokens:
        return NAN
    return (_mean_run(tokens) + _mean_run(tokens[::-1])) / 2


def _mean_run(tokens: Sequence[str]) -> float:
    runs, length = 0.0, 0
    seen: set[str] = set()
    for token in tokens:
        length += 1
        seen.add(token)
        if len(seen) < MTLD_RATIO * length:
            runs += 1
            length = 0
            seen.clear()
    if length:
        runs += (1 - len(seen) / length) / (1 - MTLD_RATIO)
    return len(tokens) / runs if runs else float(len(tokens))


def tokens_of(text: str) -> list[str]:
    """Words without punctuation, in lower case."""
    return WORD.findall(text.casefold())


def flesch(sentences: int, word_count: int, syllables: int) -> float:
    """Flesch's reading ease, higher = easier: 206.835 - 1.015 words/sentence - 84.6 syllables/word."""
    return 206.835 - 1.015 * word_count / sentences - 84.6 * syllables / word_count


class Readability:
    """Flesch's reading ease of texts, negated so that higher = harder; -121.22 for one word of one syllable.

    Syllables are those at which pyphen's dictionary would part a word, and one more; sentences end in . ! ? or an
    ellipsis before white space. Errors: UnknownNameError for a language without a dictionary.
    """

    def __init__(self, language: str) -> None:
        import pyphen

        found = pyphen.language_fallback(language)
        if found is None:
            raise UnknownNameError("hyphenation dictionary", language, {name[:2] for name in pyphen.LANGUAGES})
        self._dictionary = pyphen.Pyphen(lang=found, left=1, right=1)
        self._known: dict[str, int] = {}

    def syllables(self, word: str) -> int:
        """Syllables of one word, at least 1."""
        count = self._known.get(word)
        if count is None:
            count = len(self._dictionary.positions(word)) + 1
            _remember(self._known, word, count)
        return count

    def __call__(self, text: str) -> float:
        """NaN for a text without a word of letters."""
        found = [token for token in tokens_of(text) if LETTER.search(token)]
        if not found:
            return NAN
        sentences = sum(1 for piece in SENTENCE_END.split(text) if LETTER.search(piece))
        return -flesch(sentences, len(found), sum(map(self.syllables, found)))


class Rarity:
    """-ln p of a text's words, p being their share of a language's text as wordfreq has it.

    mean: per word, else the sum. Words are wordfreq's own tokens. Errors: UnknownNameError for a language it does not
    have, RecipeError for one whose words it cannot part without a further library.
    """

    def __init__(self, language: str, *, mean: bool) -> None:
        from wordfreq import available_languages, word_frequency
        from wordfreq.tokens import tokenize

        if language not in available_languages():
            raise UnknownNameError("word list of wordfreq", language, available_languages())
        self._language, self._mean = language, mean
        self._tokenize: Callable[..., Any] = tokenize
        self._frequency: Callable[..., Any] = word_frequency
        self._known: dict[str, tuple[float, int]] = {}
        try:
            tokenize("一", language)
        except ImportError as error:
            raise RecipeError(
                f"wordfreq cannot part words of {language!r} here ({error}); measure compression or surprisal instead"
            ) from error

    def __call__(self, text: str) -> float:
        """NaN for a text without words."""
        nats, count = 0.0, 0
        for word in text.split():
            known = self._known.get(word)
            if known is None:
                found = self._tokenize(word, self._language)
                known = sum(map(self._nats, found)), len(found)
                _remember(self._known, word, known)
            nats += known[0]
            count += known[1]
        if not count:
            return NAN
        return nats / count if self._mean else nats

    def _nats(self, token: str) -> float:
        return -math.log(max(self._frequency(token, self._language), RAREST))


def _remember(known: dict[str, T], word: str, value: T) -> None:
    if len(known) >= REMEMBERED_WORDS:
        known.clear()
    known[word] = value


def text_measure(recipe: Difficulty) -> Callable[[str], float] | None:
    """The function of one text that a recipe stands for; None where a text alone does not say it."""
    made: dict[str, Callable[[], Callable[[str], float]]] = {
        "words": lambda: words,
        "bytes": lambda: size_bytes,
        "rarity": lambda: Rarity(recipe.language, mean=True),
        "rarity_sum": lambda: Rarity(recipe.language, mean=False),
        "compression": lambda: lambda text: compression(text, recipe.window_bytes),
        "mtld": lambda: lambda text: mtld(tokens_of(text)),
        "readability": lambda: Readability(recipe.language),
    }
    return made[recipe.measure]() if recipe.measure in made else None
