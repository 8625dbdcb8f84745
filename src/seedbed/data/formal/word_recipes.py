"""Formal sources of words: planted facts, spelling drills, skills with prerequisites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from seedbed.data.formal.base import FormalSource, Generator, Split, WordShares, shares_of
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.workbench import Workbench

LETTER_TASKS = ("spell", "contains", "count", "insert", "delete", "substitute", "swap")
WORD_TASKS = ("insert word", "delete word", "substitute word", "swap words")
MENTION = "mention"
SPELLING_TASKS = (*LETTER_TASKS, *WORD_TASKS, MENTION)
DRILL_TASKS = (
    "count",
    "spell",
    "contains",
    "first letter",
    "last letter",
    "insert",
    "delete",
    "substitute",
    "swap",
    MENTION,
)
"""The tasks of `LetterDrills`."""
MOST_WORDS = 1_000_000


@recipe(version=1)
class Facts(FormalSource):
    """Facts about people who do not exist, each stated so many times: `Facts("people", repeats={1: 50, 100: 5})`.

    name: a file of the shelf `data/facts`: names, relations with their values, and wordings. repeats: how often -> how
    many facts; 0 for facts that are never stated, the control. Instead of it, facts and documents: so many facts share
    the documents at rates r ** -alpha of their rank, exactly counted. Each fact is stated in all training wordings in
    turn. The answer is the value; documents that name it before the subject say "value first". split: "held-out" asks
    every fact once in every wording that the file holds out; metadata `repeats` is how often training states it.
    """

    name: str
    _: KW_ONLY
    repeats: Mapping[int, int] | None = None
    facts: int | None = Field(kw_only=True, default=None, ge=1, le=10**6)
    documents: int | None = Field(kw_only=True, default=None, ge=1, le=2**40)
    alpha: float = Field(kw_only=True, default=1.0, ge=0)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _one_way_to_count(self) -> Facts:
        if (self.repeats is None) == (self.facts is None or self.documents is None):
            raise ValueError("say how often each fact is stated: either repeats={...}, or facts and documents")
        if self.repeats is not None:
            if self.facts is not None or self.documents is not None:
                raise ValueError("repeats say how many facts and documents there are; leave out facts and documents")
            if any(times < 0 or facts < 1 for times, facts in self.repeats.items()) or not any(self.repeats):
                raise ValueError("repeats are {how often: how many facts}, one of them stated at least once; mend them")
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError for a faulty file, or one with too few names."""
        from seedbed.data.formal.facts import FactDraws, load_facts

        return FactDraws(self, load_facts(self.name, workbench))

    def content(self, workbench: Workbench) -> Mapping[str, str]:
        """The digest of the file."""
        from seedbed.data.formal.facts import load_facts

        return {"facts_sha256": load_facts(self.name, workbench).digest}


@recipe(version=1)
class Spelling(FormalSource):
    """Letter drills: `spell cat : c a t`, contains, count, insert, delete, substitute, swap; all exact.

    vocabulary: "random" for made-up words, or a language ("en") for its most frequent words (wordfreq). Made-up words
    are `word_tokens` of `tokens` random strings of `token_letters` letters; `never_drilled` of these strings stand in
    no word that is ever spelled. spaced: write a word's strings apart, so that a word tokenizer has a token for each.
    words: how many there are (None: all that the strings make, or 1,000 of a language). dose: share of the words ever
    drilled; a smaller dose lies inside a larger one. tasks: with shares of the documents. Letter tasks are about the
    first such letter, "count" about all; the tasks on words do the same to a row of words. "mention" only names a word,
    drilled or not, so that no token is new in a test. split: "held-out" drills the words left out by the dose,
    "never-drilled" words of never-drilled strings, which cannot be known.
    """

    vocabulary: str = Field(default="random", pattern=r"^[a-z]{2,8}$")
    _: KW_ONLY
    words: int | None = Field(kw_only=True, default=None, ge=1, le=MOST_WORDS)
    tokens: int = Field(kw_only=True, default=60, ge=1)
    token_letters: int = Field(kw_only=True, default=2, ge=1, le=8)
    word_tokens: int = Field(kw_only=True, default=2, ge=1, le=8)
    never_drilled: int = Field(kw_only=True, default=0, ge=0)
    alphabet: str = Field(kw_only=True, default="abcdefghijklmnopqrstuvwxyz", min_length=2)
    spaced: bool = False
    dose: float = Field(kw_only=True, default=0.9, gt=0, le=1)
    tasks: WordShares = Field(kw_only=True, default=("spell",), validate_default=True)
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Literal["train", "held-out", "never-drilled"] = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _words_exist(self) -> Spelling:
        if unknown := sorted(set(self.tasks) - set(SPELLING_TASKS)):
            raise ValueError(f"no spelling task is called {unknown[0]!r}; there are {', '.join(SPELLING_TASKS)}")
        if set(self.tasks) == {MENTION} and self.split != "train":
            raise ValueError("a test only mentions no words; name a task beside 'mention'")
        if len(set(self.alphabet)) < len(self.alphabet) or not self.alphabet.isalpha():
            raise ValueError("an alphabet holds letters, each once; change alphabet")
        if self.vocabulary != "random":
            if self.never_drilled or self.spaced or self.split == "never-drilled":
                raise ValueError("never_drilled and spaced are about made-up words; leave them out, or take 'random'")
        elif self.tokens > len(self.alphabet) ** self.token_letters:
            raise ValueError(
                f"there are fewer than {self.tokens} strings of {self.token_letters} letters; lower tokens"
            )
        elif self.never_drilled >= self.tokens:
            raise ValueError("no string is left to be drilled; lower never_drilled")
        elif (self.words or 0) > self.drillable:
            raise ValueError(f"the strings make {self.drillable} words, fewer than {self.words}; lower words")
        elif self.words is None and self.drillable > MOST_WORDS:
            raise ValueError(f"the strings make {self.drillable} words; say how many of them in words=")
        elif self.split == "never-drilled" and not self.never_drilled:
            raise ValueError("never_drilled is 0; say how many strings are never drilled, as the train split does")
        return self

    @property
    def drillable(self) -> int:
        """How many words the strings that may be drilled make."""
        return int((self.tokens - self.never_drilled) ** self.word_tokens)

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError for a language without a word list, or with too few words."""
        from seedbed.data.formal.spelling import SpellingDraws

        return SpellingDraws(self)

    def content(self, workbench: Workbench) -> Mapping[str, str]:
        """The digest of a language's words."""
        from seedbed.data.formal.spelling import frequent_words, words_digest

        return {} if self.vocabulary == "random" else {"words_sha256": words_digest(frequent_words(self))}


@recipe(version=2)
class LetterDrills(FormalSource):
    """Letter drills on real words: `count r strawberry : 3`, spell, first letter, insert, ...; some words held out.

    language: of the word list (wordfreq). words: how many, equally many of each band. bands: ranks at which the bands
    of frequency end: (2_000, 20_000) are the 2,000 most frequent words, and those after them up to rank 20,000.
    lengths: shortest and longest word, in letters. held_out_share: of the words, kept out of "train": the same share in
    every band and length. always_drilled, always_held_out: words that stand on one side whatever is drawn, beside the
    others. tasks: with shares of the documents. "count" asks for a letter that is there not at all, once, or more
    often, in turn as far as the word allows; absent letters are as frequent as letters are in the words. Edits are at
    the first such letter. "mention" names three words of either side at rates (rank among all words) ** -alpha, so that
    tokenizers and models meet all words, as often as frequent words are met. answers: "dealt" gives every question the
    answer of another one of its task: the control from which nothing can be learnt but how answers look. split:
    "train" and "seen" ask about the drilled words, in other draws, "held-out" about the others.
    """

    language: str = Field(default="en", pattern=r"^[a-z]{2,8}$")
    _: KW_ONLY
    words: int = Field(kw_only=True, default=1_200, ge=1, le=MOST_WORDS)
    bands: tuple[int, ...] = Field(kw_only=True, default=(2_000, 8_000, 20_000), min_length=1)
    lengths: tuple[int, int] = (5, 10)
    held_out_share: float = Field(kw_only=True, default=0.2, ge=0, lt=1)
    always_drilled: tuple[str, ...] = ()
    always_held_out: tuple[str, ...] = ()
    alphabet: str = Field(kw_only=True, default="abcdefghijklmnopqrstuvwxyz", min_length=2)
    tasks: WordShares = Field(kw_only=True, default=("count",), validate_default=True)
    alpha: float = Field(kw_only=True, default=1.0, ge=0)
    answers: Literal["true", "dealt"] = "true"
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Literal["train", "seen", "held-out"] = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _words_exist(self) -> LetterDrills:
        if unknown := sorted(set(self.tasks) - set(DRILL_TASKS)):
            raise ValueError(f"no letter drill is called {unknown[0]!r}; there are {', '.join(DRILL_TASKS)}")
        if set(self.tasks) == {MENTION} and self.split != "train":
            raise ValueError("a test only mentions no words; name a task beside 'mention'")
        if any(one >= other for one, other in zip((0, *self.bands), self.bands, strict=False)):
            raise ValueError(f"bands are ranks that rise from above 0, these are {self.bands}; put them in order")
        if not 2 <= self.lengths[0] <= self.lengths[1]:
            raise ValueError(f"lengths are (shortest, longest) of two letters or more, these are {self.lengths}")
        named = (*self.always_drilled, *self.always_held_out)
        if len(set(named)) < len(named):
            twice = next(word for word in named if named.count(word) > 1)
            raise ValueError(f"{twice!r} is named twice in always_drilled and always_held_out; name it once")
        if len(set(self.alphabet)) < len(self.alphabet) or not self.alphabet.isalpha():
            raise ValueError("an alphabet holds letters, each once; change alphabet")
        return self

    @property
    def spaced(self) -> bool:
        """Words are written in one piece."""
        return False

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError for a language without a word list, or with too few words."""
        from seedbed.data.formal.letters import LetterDraws

        return LetterDraws(self)

    def content(self, workbench: Workbench) -> Mapping[str, str]:
        """The digest of the words and their ranks."""
        from seedbed.data.formal.letters import drills_digest

        return {"words_sha256": drills_digest(self)}


@recipe(version=1)
class Skills(FormalSource):
    """Skills at Zipf rates with a graph of prerequisites, both read from `data/skills/NAME.toml`.

    A skill without needs is a table of its own from symbols to symbols, drawn at random; one with needs is their
    composition, first to last: `both 17 = 42`. The answer is the result. symbols: how many there are. alpha: the skill
    of rank i has p_i ~ i ** -alpha of the documents, exactly counted. ranks: "file" takes the order of the file,
    "shallow first" makes prerequisites the frequent ones, "deep first" the rare ones. The catalogue's embedding depth,
    and `difficulty`, are a skill's depth in the graph (1: needs nothing), so that an order by it respects the graph,
    and the reverse of it violates it. held_out_share: of the inputs of each skill, kept out of "train".
    """

    name: str
    _: KW_ONLY
    symbols: int = Field(kw_only=True, default=32, ge=2, le=100_000)
    alpha: float = Field(kw_only=True, default=1.0, ge=0)
    ranks: Literal["file", "shallow first", "deep first"] = "file"
    held_out_share: float = Field(kw_only=True, default=0.1, ge=0, lt=1)
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _inputs_are_left(self) -> Skills:
        held = round(self.held_out_share * self.symbols)
        if (self.split == "held-out" and not held) or held == self.symbols:
            raise ValueError(
                f"held_out_share keeps {held} of {self.symbols} inputs out of training, which leaves none on one side "
                "of the split; change it, or take more symbols"
            )
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError for a faulty file."""
        from seedbed.data.formal.skills import SkillDraws, load_skills

        return SkillDraws(self, load_skills(self.name, workbench))

    def content(self, workbench: Workbench) -> Mapping[str, str]:
        """The digest of the graph."""
        from seedbed.data.formal.skills import load_skills

        return {"graph_sha256": load_skills(self.name, workbench).digest}


def letter_tasks(recipe: LetterDrills) -> dict[str, float]:
    """Tasks with shares, in order of their names; a test has no mentions."""
    shares = shares_of(recipe.tasks)
    return {task: share for task, share in shares.items() if task != MENTION or recipe.split == "train"}


def spelling_tasks(recipe: Spelling) -> dict[str, float]:
    """Tasks with shares, in order of their names; a test has no mentions."""
    shares = shares_of(recipe.tasks)
    return {task: share for task, share in shares.items() if task != MENTION or recipe.split == "train"}
