from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.designs import bytes_of, languages, mixtures, repeated
from seedbed.data.information import both_units
from seedbed.data.recipes import Component, Grammar, PythonStdlib
from seedbed.data.selection import select_mixture
from seedbed.errors import RecipeError, UnknownNameError

TEXT, MORE, CODE = (
    Component("text", Grammar("english"), language="en"),
    Component("more", "a.de.jsonl", language="de"),
    Component("code", PythonStdlib()),
)
PARITY = {"en": 1.0, "de": 1.25}


def held(mixture) -> dict[str, float]:
    return {component.name: mixture.total_bytes * share for component, share in mixture.shares.items()}


@given(st.floats(0.01, 0.95), st.integers(10_000, 10**9))
def test_competitive_fixes_the_total_and_additive_the_language(share, total):
    base = {TEXT: 0.75, MORE: 0.25}
    (one,) = mixtures(base, added=CODE, shares=[share], design="competitive", total_bytes=total)
    assert one.total_bytes == total
    assert held(one) == pytest.approx(
        {"text": 0.75 * (1 - share) * total, "more": 0.25 * (1 - share) * total, "code": share * total}
    )
    assert (one.steps_times, one.matched) == (1.0, None)
    (other,) = mixtures(base, added=CODE, shares=[share], design="additive", total_bytes=total)
    assert held(other) == pytest.approx(
        {"text": 0.75 * total, "more": 0.25 * total, "code": total * share / (1 - share)}, rel=1e-3
    )
    assert other.steps_times == pytest.approx(other.total_bytes / total, rel=1e-3)
    assert other.matched == bytes_of(base)


def test_a_grid_by_one_word_with_names_that_say_it():
    made = mixtures({TEXT: 1}, added=CODE, shares=(0, 0.1, 0.25, 0.5), design="competitive", total_bytes=1000)
    assert [mixture.name for mixture in made] == [
        "base",
        "code-10%-competitive",
        "code-25%-competitive",
        "code-50%-competitive",
    ]
    assert made[0].shares == {TEXT: 1}
    control = mixtures({TEXT: 1}, added=CODE, shares=(0.125,), design="additive", total_bytes=1000, against=["base"])
    assert (control[0].name, control[0].against) == ("code-12.5%-additive", ("base",))


def test_repeated_text_is_the_base_read_as_often_as_the_additive_arm_is_long():
    mixture = repeated({TEXT: 1}, share=0.5, total_bytes=1000)
    assert (mixture.name, mixture.total_bytes, mixture.steps_times) == ("base-repeated-50%", 1000, 2.0)
    assert mixture.matched.counted == "held"


def test_additive_arms_achieve_what_they_ask(build, jsonl):
    text = Component("t", jsonl("t.jsonl", [f"{i:05d} " * 10 for i in range(900)]), heldout_share=0)
    code = Component("c", jsonl("c.jsonl", [f"{i:05d}=" * 5 for i in range(900)]), heldout_share=0)
    stored = {component.name: build(component)[0] for component in (text, code)}
    made = mixtures({text: 1}, added=code, shares=(0, 0.1, 0.25), design="additive", total_bytes=40_000)
    for mixture in made:
        parts = {part.component_name: part for part in select_mixture(mixture, stored)}
        assert 0 <= parts["t"].achieved_bytes - 40_000 < 60 + 1
        if "c" in parts:
            share = parts["c"].achieved_bytes / sum(part.achieved_bytes for part in parts.values())
            assert share == pytest.approx(mixture.shares[code], abs=0.002)
    # The language is the same documents in every arm.
    rows = [
        tuple(part.rows) for mixture in made for part in select_mixture(mixture, stored) if part.component_name == "t"
    ]
    assert len({row[:600] for row in rows}) == 1


def test_information_takes_more_bytes_of_a_longer_language():
    mixture = languages("half", {TEXT: 0.5, MORE: 0.5}, by="information", total_bytes=1000, parity=PARITY)
    assert mixture.total_bytes == 1125
    assert held(mixture) == pytest.approx({"text": 500, "more": 625})
    assert mixture.matched.weights == {"text": 1.0, "more": 0.8}
    plain = languages("half", {TEXT: 0.5, MORE: 0.5}, by="bytes", total_bytes=1000)
    assert held(plain) == {"text": 500, "more": 500}
    rows = {row.component: row for row in both_units(mixture, {"text": 510, "more": 630})}
    assert (rows["more"].requested_bytes, rows["more"].requested_information) == (625, 500)
    assert rows["more"].achieved_information_share == pytest.approx(504 / 1014)
    assert rows["more"].requested_share == pytest.approx(625 / 1125)


@pytest.mark.parametrize(
    ("write", "mend"),
    [
        (
            lambda: mixtures({TEXT: 1}, added=CODE, shares=[0.1], design="additve", total_bytes=9),
            "did you mean 'additive'",
        ),
        (
            lambda: mixtures({TEXT: 1}, added=CODE, shares=[1], design="additive", total_bytes=9),
            "1 is no share for design 'additive'",
        ),
        (
            lambda: mixtures({TEXT: 1}, added=CODE, shares=[-0.1], design="competitive", total_bytes=9),
            "-0.1 is no share",
        ),
        (lambda: mixtures({TEXT: 0.9}, added=CODE, shares=[0], design="competitive", total_bytes=9), "sum to 0.9"),
        (lambda: repeated({TEXT: 1}, share=1, total_bytes=9), "between 0 and 1"),
        (lambda: languages("m", {TEXT: 1}, by="information", total_bytes=9), "needs parity="),
        (lambda: languages("m", {TEXT: 1}, by="content", total_bytes=9), "'bytes' or by 'information'"),
        (lambda: languages("m", {TEXT: 0.5}, by="information", total_bytes=9, parity=PARITY), "sum to 0.5"),
        (
            lambda: languages("m", {TEXT: 1}, by="information", total_bytes=9, parity={"en": 0}),
            "a ratio of bytes, above 0",
        ),
        (
            lambda: both_units(
                mixtures({TEXT: 1}, added=CODE, shares=[0], design="competitive", total_bytes=9)[0], {"text": 9}
            ),
            "by='information'",
        ),
    ],
)
def test_a_wrong_choice_is_refused_in_one_line_with_the_mend(write, mend):
    with pytest.raises(RecipeError, match=mend) as error:
        write()
    assert "\n" not in str(error.value)


def test_a_language_without_parity_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"\(component 'more'\) is called 'de'; did you mean 'deu'"):
        languages("m", {MORE: 1}, by="information", total_bytes=9, parity={"deu": 1.2})
