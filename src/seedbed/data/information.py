"""Shares of languages by information: the bytes that say as much.

The same sentence takes other numbers of bytes in other languages (twice as many in Russian as in English, mostly the
script's). A language's *byte parity* is its bytes over those of a reference language on parallel text. A byte of a
language of parity m counts for 1 / m bytes of the reference, so equal information is equal bytes / m.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seedbed.data.recipes import Component, Mixture
from seedbed.errors import RecipeError, SourceError, UnknownNameError

if TYPE_CHECKING:
    from seedbed.data.parallel import ParallelFiles
    from seedbed.workbench import Workbench


def byte_parity(texts: Mapping[str, Iterable[str]], reference: str) -> dict[str, float]:
    """Bytes of each language over those of the reference, on parallel text; the reference's is 1.

    texts: language -> its texts, item by item in the same order (only their sums matter).
    Errors: UnknownNameError if the reference is not there; SourceError for a language without a byte.
    """
    sizes = {language: sum(len(text.encode("utf-8")) for text in each) for language, each in texts.items()}
    return _over(sizes, reference)


def parity_of(source: ParallelFiles, workbench: Workbench, reference: str) -> dict[str, float]:
    """Byte parity of parallel files, line breaks counted, each file whole.

    Errors: SourceError for a file that is not there or has another number of lines; UnknownNameError as above.
    """
    from seedbed.data.readers.base import numbered_lines

    sizes, lines = {}, {}
    for language, location in source.files.items():
        path = workbench.resolve(location)
        counted = [len(line) for _, _, line in numbered_lines(Path(path))]
        sizes[language], lines[language] = sum(counted), len(counted)
    if len(set(lines.values())) > 1:
        told = ", ".join(f"{language} {count:,}" for language, count in lines.items())
        raise SourceError(f"parity needs as many lines in every language, these have {told}; mend the files")
    return _over(sizes, reference)


def _over(sizes: Mapping[str, int], reference: str) -> dict[str, float]:
    if reference not in sizes:
        raise UnknownNameError("language of the parallel text", reference, sizes)
    for language, size in sizes.items():
        if not size:
            raise SourceError(f"the parallel text has nothing in {language!r}; leave the language out")
    return {language: size / sizes[reference] for language, size in sizes.items()}


def shares_by_information(shares: Mapping[Component, float], parity: Mapping[str, float]) -> dict[Component, float]:
    """Shares of bytes that give these shares of information: b_c = s_c m_c / sum s m, m by the component's language.

    Errors: UnknownNameError for a language that parity does not hold; RecipeError for a parity of 0 or less.
    """
    weights = {component: share * parity_for(component, parity) for component, share in shares.items()}
    total = sum(weights.values())
    return {component: weight / total for component, weight in weights.items()} if total else dict(shares)


def parity_for(component: Component, parity: Mapping[str, float]) -> float:
    """A component's byte parity, by its language. Errors: as `shares_by_information`."""
    if component.language not in parity:
        raise UnknownNameError(f"language in parity (component {component.name!r})", component.language, parity)
    found = parity[component.language]
    if not found > 0:
        raise RecipeError(f"the parity of {component.language!r} is {found}; it is a ratio of bytes, above 0")
    return found


@dataclass(frozen=True)
class BothUnits:
    """One component of a mixture in bytes and in information, requested and achieved.

    Information is in bytes of the reference language; information shares are of the components that have a weight.
    """

    component: str
    requested_bytes: int
    achieved_bytes: int
    requested_share: float
    achieved_share: float
    requested_information: float
    achieved_information: float
    requested_information_share: float
    achieved_information_share: float


def both_units(mixture: Mixture, achieved_bytes: Mapping[str, int]) -> list[BothUnits]:
    """What a mixture asked for and what it got, in both units, by its own weights (`Mixture.matched`).

    achieved_bytes: component's name -> bytes. Errors: RecipeError for a mixture that states no weights.
    """
    weights = None if mixture.matched is None else mixture.matched.weights
    if weights is None:
        raise RecipeError(f"mixture {mixture.name!r} states no weights; make it with by='information'")
    requested = {c.name: round(mixture.total_bytes * share) for c, share in mixture.shares.items()}
    sides = [requested, {name: int(achieved_bytes[name]) for name in requested}]
    totals = [sum(side.values()) for side in sides]
    worth = [{name: size * weights.get(name, 0.0) for name, size in side.items()} for side in sides]
    worths = [sum(side.values()) for side in worth]
    return [
        BothUnits(
            component=name,
            requested_bytes=sides[0][name],
            achieved_bytes=sides[1][name],
            requested_share=sides[0][name] / totals[0],
            achieved_share=sides[1][name] / totals[1],
            requested_information=worth[0][name],
            achieved_information=worth[1][name],
            requested_information_share=worth[0][name] / worths[0],
            achieved_information_share=worth[1][name] / worths[1],
        )
        for name in requested
    ]
