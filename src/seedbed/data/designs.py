"""Families of mixtures by one word: code (or anything) for text or on top of it, languages by bytes or by content.

*Competitive*: the total is fixed, and what is added takes the place of language. *Additive*: language is fixed, and
what is added comes on top, in steps of its own. Both are needed: the first confounds more code with less text, the
second with more training. (Petty et al. 2024; the names as in their later text.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from seedbed.data.information import parity_for, shares_by_information
from seedbed.data.matched import Matched
from seedbed.data.recipes import Component, Mixture, nearest_choice
from seedbed.errors import RecipeError

Design = Literal["competitive", "additive"]
LARGEST_SHARE = 0.99
"""Of an additive arm: at a share s it holds 1 / (1 - s) times the base's bytes, and takes as many times the steps."""


def mixtures(
    base: Mapping[Component, float],
    *,
    added: Component,
    shares: Sequence[float],
    design: Design,
    total_bytes: int,
    against: Sequence[str] = (),
) -> list[Mixture]:
    """One mixture per share of `added`; a share of 0 is the base alone and is called "base".

    base: the language's components and their shares among themselves. shares: of all bytes of an arm, in [0, 1) when
    additive. total_bytes: of the base alone. An arm of share s holds, when competitive, total_bytes in all, (1 - s) of
    them base; when additive, total_bytes of base and s / (1 - s) as many of `added`, in 1 / (1 - s) times the steps,
    and is compared by the bytes of base that were seen. Names: "code-25%-additive". against: see `Mixture`.
    Errors: RecipeError for a share or design that there is not.
    """
    _known(design)
    made = []
    for share in shares:
        if not 0 <= share <= (1 if design == "competitive" else LARGEST_SHARE):
            raise RecipeError(f"{share:g} is no share for design {design!r}; give numbers from 0 to below 1")
        if share == 0:
            made.append(Mixture("base", total_bytes=total_bytes, shares=base, against=tuple(against)))
            continue
        grown = 1.0 if design == "competitive" else 1 / (1 - share)
        parts = {component: part * (1 - share) for component, part in base.items()}
        made.append(
            Mixture(
                f"{added.name}-{share * 100:.3g}%-{design}",
                total_bytes=round(total_bytes * grown),
                shares=_summing_to_one({**parts, added: share}),
                matched=None if design == "competitive" else bytes_of(base),
                against=tuple(against),
                steps_times=grown,
            )
        )
    return made


def repeated(
    base: Mapping[Component, float], *, share: float, total_bytes: int, against: Sequence[str] = ()
) -> Mixture:
    """The additive arms' control: the base alone, its own bytes read again until as much is seen as at this share.

    It is compared by the bytes that the mixture holds, which are the base's. Errors: RecipeError for a share of 1.
    """
    if not 0 < share <= LARGEST_SHARE:
        raise RecipeError(f"{share:g} is no share of an additive arm; give a number between 0 and 1")
    held = bytes_of(base)
    return Mixture(
        f"base-repeated-{share * 100:.3g}%",
        total_bytes=total_bytes,
        shares=base,
        matched=Matched(held.what, counted="held", weights=held.weights),
        against=tuple(against),
        steps_times=1 / (1 - share),
    )


def bytes_of(base: Mapping[Component, float]) -> Matched:
    """What additive arms have in common: the bytes of these components."""
    names = [component.name for component in base]
    return Matched(f"bytes of {' and '.join(names)}", weights=dict.fromkeys(names, 1.0))


def languages(
    name: str,
    shares: Mapping[Component, float],
    *,
    by: Literal["bytes", "information"],
    total_bytes: int,
    parity: Mapping[str, float] | None = None,
    against: Sequence[str] = (),
) -> Mixture:
    """A mixture of languages whose shares are of bytes, or of information.

    total_bytes: in all; by "information", worth so many bytes of the reference language, so that arms of other
    languages hold as much content in other numbers of bytes, and are compared by that. parity: language tag -> bytes
    over the reference's on parallel text (`information.parity_of`), needed by "information" alone.
    Errors: RecipeError for shares that do not sum to 1, or parity that is missing; UnknownNameError for a language.
    """
    if by == "bytes":
        return Mixture(name, total_bytes=total_bytes, shares=shares, against=tuple(against))
    if by != "information":
        raise RecipeError(f"languages are shared by 'bytes' or by 'information', not by {by!r}")
    if parity is None:
        raise RecipeError(
            "by='information' needs parity={language: bytes over the reference's}; measure it on parallel text"
        )
    Mixture(name, total_bytes=total_bytes, shares=shares)  # refuses what is no mixture
    needed = sum(share * parity_for(component, parity) for component, share in shares.items())
    weights = {component.name: 1 / parity_for(component, parity) for component in shares}
    return Mixture(
        name,
        total_bytes=round(total_bytes * needed),
        shares=_summing_to_one(shares_by_information(shares, parity)),
        matched=Matched("information", weights=weights),
        against=tuple(against),
        steps_times=needed,
    )


def _known(design: str) -> None:
    try:
        nearest_choice("competitive", "additive")(design)
    except ValueError as error:
        raise RecipeError(f"design {design!r}: {error}") from error


def _summing_to_one(shares: Mapping[Component, float]) -> dict[Component, float]:
    total = sum(shares.values())
    return {component: share / total for component, share in shares.items()}
