"""Formal sources of symbols and numbers: brackets, arithmetic, parity, random strings, skip-trigrams.

Each is a recipe that stands in a component: `Component("brackets", Dyck(2, depths=(1, 2, 3), documents=50_000))`.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import KW_ONLY
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from seedbed.data.formal.base import FormalSource, Generator, Shares, Split
from seedbed.recipes import recipe

if TYPE_CHECKING:
    from seedbed.workbench import Workbench

LONGEST_DYCK = 512
MOST_DIGITS = 12


def _held_out_are_there(what: str, held_out: Collection[int], values: Collection[int]) -> None:
    for value in held_out:
        if value not in values:
            there = ", ".join(map(str, values))
            raise ValueError(f"held_out_{what} names {value}, which {what} ({there}) does not have; add it there")


@recipe(version=1)
class Dyck(FormalSource):
    """Balanced brackets of several kinds, drawn uniformly from all shapes of a length and a depth.

    kinds: kinds of brackets; each opening one is drawn uniformly. depths: greatest number of brackets open at once,
    with shares. lengths: brackets in a document, even, with shares; every length is combined with every depth.
    order: which bracket a closing one closes: "nested" the last that is open (center embedding without words),
    "cross-serial" the first. The two are matched: document i of both has the same shape and the same opening brackets.
    held_out_depths, held_out_lengths: no "train" document has one of these, every "held-out" document has.
    """

    kinds: int = Field(default=2, ge=1, le=1_000)
    _: KW_ONLY
    depths: Shares = Field(kw_only=True, default=(1, 2, 3, 4), validate_default=True)
    lengths: Shares = Field(kw_only=True, default=(8, 12, 16, 20), validate_default=True)
    order: Literal["nested", "cross-serial"] = "nested"
    held_out_depths: tuple[int, ...] = ()
    held_out_lengths: tuple[int, ...] = ()
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _shapes_exist(self) -> Dyck:
        for length in self.lengths:
            if length % 2 or not 2 <= length <= LONGEST_DYCK:
                raise ValueError(
                    f"no balanced string of {length} brackets is written; lengths are even, from 2 to {LONGEST_DYCK}"
                )
            if (deepest := max(self.depths)) * 2 > length or min(self.depths) < 1:
                raise ValueError(
                    f"a string of {length} brackets has a depth from 1 to {length // 2}, and depths asks for {deepest} "
                    f"and {min(self.depths)}; leave out that length or depth, or make two sources"
                )
        _held_out_are_there("depths", self.held_out_depths, self.depths)
        _held_out_are_there("lengths", self.held_out_lengths, self.lengths)
        if self.split == "train" and not (
            set(self.depths) - set(self.held_out_depths) and set(self.lengths) - set(self.held_out_lengths)
        ):
            raise ValueError("every depth or every length is held out, so nothing is left to train on; hold out fewer")
        if self.split == "held-out" and not (self.held_out_depths or self.held_out_lengths):
            raise ValueError("nothing is held out; name held_out_depths or held_out_lengths, as the train split does")
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.dyck import DyckDraws

        return DyckDraws(self)


@recipe(version=1)
class ModularArithmetic(FormalSource):
    """`a o b = c` modulo p, every pair of a split once; the answer is c (Power et al. 2022).

    p: the modulus (a prime, for "/"). operation: "/" divides in the field, so b is never 0. train_share: of all pairs,
    exact to a pair; a smaller share lies inside a larger one. mirrored: "together" keeps (a, b) and (b, a) on one side
    of the split, "free" splits ordered pairs, so that a learner of commutativity answers some held-out ones early
    (their documents say "mirror in train"). documents: None for every pair of the split; fewer are taken in the split's
    order.
    """

    p: int = Field(ge=2, le=2_000)
    operation: Literal["+", "-", "*", "/"] = "+"
    _: KW_ONLY
    train_share: float = Field(kw_only=True, default=0.4, gt=0, le=1)
    mirrored: Literal["together", "free"] = "together"
    documents: int | None = Field(kw_only=True, default=None, ge=1)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _can_be_divided(self) -> ModularArithmetic:
        if self.operation == "/" and any(self.p % factor == 0 for factor in range(2, math.isqrt(self.p) + 1)):
            raise ValueError(f"division needs a prime modulus and {self.p} is none; take 97 or 113, for example")
        pairs = self.p * (self.p - (self.operation == "/"))
        if self.split == "held-out" and round(self.train_share * pairs) == pairs:
            raise ValueError("train_share leaves no pair for the held-out split; lower it")
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents. Errors: RecipeError if the split holds fewer pairs than `documents`."""
        from seedbed.data.formal.arithmetic import ModularDraws

        return ModularDraws(self)


@recipe(version=1)
class Addition(FormalSource):
    """`123 + 45 = 168`: sums of whole numbers without grouping of digits; the answer is the sum.

    digits: digits of each operand (no leading zeros), drawn for each by itself, with shares. Carries are labelled:
    how many ("carries 2") and the longest run of them ("chain 2"). carries: with shares, the same for all numbers of
    digits; None takes sums as they come. held_out_digits: no "train" document has an operand
    of so many digits. held_out_share: of the pairs of every other length, kept out of "train" by a hash of the pair,
    whichever operand stands first. The "held-out" split holds both, labelled "held-out length" and "held-out pair".
    """

    _: KW_ONLY
    digits: Shares = Field(kw_only=True, default=(1, 2, 3), validate_default=True)
    carries: Shares | None = None
    held_out_digits: tuple[int, ...] = ()
    held_out_share: float = Field(kw_only=True, default=0.05, ge=0, lt=1)
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _operands_exist(self) -> Addition:
        if not all(1 <= digits <= MOST_DIGITS for digits in self.digits):
            raise ValueError(f"operands have from 1 to {MOST_DIGITS} digits; change digits")
        if self.carries is not None and not all(0 <= carry <= min(self.digits) for carry in self.carries):
            raise ValueError(
                f"numbers of {min(self.digits)} digits carry from 0 to {min(self.digits)} times, and carries asks for "
                f"{', '.join(map(str, self.carries))}; leave some out, or take longer numbers"
            )
        _held_out_are_there("digits", self.held_out_digits, self.digits)
        if not set(self.digits) - set(self.held_out_digits) and self.split == "train":
            raise ValueError("every number of digits is held out, so nothing is left to train on; hold out fewer")
        if self.split == "held-out" and not (self.held_out_digits or self.held_out_share):
            raise ValueError("nothing is held out; name held_out_digits or a held_out_share, as the train split does")
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.addition import AdditionDraws

        return AdditionDraws(self)


@recipe(version=1)
class SparseParity(FormalSource):
    """`task-3 : 0 1 1 0 = 1`: the parity of a task's own subset of bits, tasks at Zipf rates (Michaud et al. 2023).

    tasks: how many, each with another subset of `size` of the `bits`. alpha: task i has p_i ~ i ** -alpha of the
    documents, exactly counted; 0 gives equal rates. held_out_share: of all bit strings, kept out of "train" by a hash.
    """

    tasks: int = Field(default=8, ge=1, le=100_000)
    _: KW_ONLY
    bits: int = Field(kw_only=True, default=16, ge=1, le=256)
    size: int = Field(kw_only=True, default=3, ge=1)
    alpha: float = Field(kw_only=True, default=1.5, ge=0)
    held_out_share: float = Field(kw_only=True, default=0.05, ge=0, lt=1)
    documents: int = Field(kw_only=True, default=50_000, ge=1, le=2**40)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _subsets_exist(self) -> SparseParity:
        subsets = math.comb(self.bits, self.size)
        if subsets < self.tasks:
            raise ValueError(
                f"{self.bits} bits have {subsets} subsets of size {self.size}, fewer than {self.tasks} tasks; "
                "take more bits or fewer tasks"
            )
        _something_held_out(self.split, self.held_out_share)
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.parity import SparseParityDraws

        return SparseParityDraws(self)


@recipe(version=1)
class CompositeParity(FormalSource):
    """Parities of disjoint groups of bits (atoms) and of their union (the composite), each at a stated count.

    Switches before the bits say what is asked: `on off off : 0 1 ... = 1` the first atom, `on on on : ...` the
    composite. bits: in all; those that no atom has are noise. atom_examples, composite_examples: documents of each
    atom, and of the composite. unrelated: the control for "merely hard": the atoms that are trained share no bit with
    the composite, which is as large as before. held_out_share: of all bit strings, kept out of "train" by a hash.
    """

    atoms: int = Field(default=4, ge=2, le=64)
    _: KW_ONLY
    atom_bits: int = Field(kw_only=True, default=4, ge=1)
    bits: int = Field(kw_only=True, default=64, ge=2, le=256)
    atom_examples: int = Field(kw_only=True, default=10_000, ge=0)
    composite_examples: int = Field(kw_only=True, default=10_000, ge=0)
    unrelated: bool = False
    held_out_share: float = Field(kw_only=True, default=0.05, ge=0, lt=1)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _atoms_fit(self) -> CompositeParity:
        needed = self.atoms * self.atom_bits * (1 + self.unrelated)
        if needed > self.bits:
            raise ValueError(f"{needed} bits are needed so that none is shared, and there are {self.bits}; raise bits")
        if not self.atom_examples + self.composite_examples:
            raise ValueError("no document is asked for; set atom_examples or composite_examples")
        _something_held_out(self.split, self.held_out_share)
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.parity import CompositeParityDraws

        return CompositeParityDraws(self)


def _something_held_out(split: Split, share: float) -> None:
    if split == "held-out" and not share:
        raise ValueError("nothing is held out; give a held_out_share, as the train split does")


@recipe(version=1)
class RandomStrings(FormalSource):
    """Words drawn independently and uniformly: nothing to learn but the strings themselves (Morris et al. 2025).

    vocabulary: different words. length: words in a document. With a word tokenizer a document holds
    length x log2(vocabulary) bits, which `information_bits` gives for all of them.
    """

    vocabulary: int = Field(default=2_048, ge=2, le=2**20)
    length: int = Field(default=64, ge=1, le=65_536)
    _: KW_ONLY
    documents: int = Field(kw_only=True, default=10_000, ge=1, le=2**40)
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @property
    def information_bits(self) -> float:
        """Bits in all documents: documents x length x log2(vocabulary)."""
        return self.documents * self.length * math.log2(self.vocabulary)

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.strings import RandomStringDraws

        return RandomStringDraws(self)


@recipe(version=1)
class SkipTrigrams(FormalSource):
    """`... A ... B C`: the word after B depends on which A stood before, at some distance, among random words.

    triggers: words A, one in each document. cues: words B, shared by all triggers; each trigger has its own answer C
    after each cue. So (A, C) and (B, C) do not tell the answer, and a trigger's answer after another cue is the crossed
    answer, which metadata names. gaps: words between A and B, with shares. held_out_gaps: as in `Dyck`. before: random
    words before A. fillers: different random words.
    """

    triggers: int = Field(default=16, ge=1)
    _: KW_ONLY
    cues: int = Field(kw_only=True, default=2, ge=1)
    gaps: Shares = Field(kw_only=True, default=(1, 2, 4, 8), validate_default=True)
    held_out_gaps: tuple[int, ...] = ()
    before: int = Field(kw_only=True, default=2, ge=0)
    fillers: int = Field(kw_only=True, default=64, ge=1)
    documents: int = Field(kw_only=True, default=20_000, ge=1, le=2**40)
    split: Split = "train"
    seed: int = Field(kw_only=True, default=0, ge=0, lt=2**63)

    @model_validator(mode="after")
    def _gaps_exist(self) -> SkipTrigrams:
        if min(self.gaps) < 0:
            raise ValueError("a gap is a number of words, 0 or more; change gaps")
        _held_out_are_there("gaps", self.held_out_gaps, self.gaps)
        if self.split == "train" and not set(self.gaps) - set(self.held_out_gaps):
            raise ValueError("every gap is held out, so nothing is left to train on; hold out fewer")
        if self.split == "held-out" and not self.held_out_gaps:
            raise ValueError("nothing is held out; name held_out_gaps, as the train split does")
        return self

    def generator(self, workbench: Workbench) -> Generator:
        """What writes the documents."""
        from seedbed.data.formal.strings import SkipTrigramDraws

        return SkipTrigramDraws(self)
