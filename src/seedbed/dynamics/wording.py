"""How numbers and counts read in a sentence that a person quotes."""

from __future__ import annotations


def number(value: float, unit: str = "", *, signed: bool = False) -> str:
    """Three significant digits, whole numbers from 1,000 on, with the unit after a space."""
    sign = "+" if signed and value > 0 else ""
    digits = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    return sign + digits + (f" {unit}" if unit else "")


def probability(p_value: float) -> str:
    """A p value: "p = 0.031", or "p < 0.001" below that."""
    return f"p = {p_value:.2g}" if p_value >= 0.001 else "p < 0.001"


def counted(count: int, thing: str) -> str:
    """A count with its noun: "1 seed", "12 seeds"."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")
