from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.parts import parts_digest, parts_of, shuffled_parts

texts = st.text("ab.?! \n", max_size=40)


def test_sentences_and_lines():
    assert parts_of("One. Two?  Three!\nFour", "sentences") == ["One.", "Two?", "Three!", "Four"]
    assert parts_of("a = 1\n\n    b = 2\n", "lines") == ["a = 1", "    b = 2"]
    assert parts_of("", "lines") == []


@pytest.mark.parametrize("units", ["sentences", "lines"])
@given(text=texts, seed=st.integers(0, 99))
def test_a_shuffled_text_keeps_its_parts_its_length_and_what_stands_between(units, text, seed):
    found = shuffled_parts(text, units, seed)
    assert len(found) == len(text)
    assert Counter(parts_of(found, units)) == Counter(parts_of(text, units))
    assert parts_digest([found], units) == parts_digest([text], units)
    assert shuffled_parts(text, units, seed) == found


def test_the_permutation_is_the_text_s_own():
    lines = [str(number) for number in range(8)]
    found = [shuffled_parts("\n".join([*lines, f"end {i}"]), "lines", 0).splitlines() for i in range(600)]
    firsts = Counter(each[0] for each in found if each[0] in lines)
    assert set(firsts) == set(lines)
    assert max(firsts.values()) < 2 * min(firsts.values())
    text = "\n".join(lines)
    assert len({shuffled_parts(text, "lines", seed) for seed in range(5)}) == 5
    assert shuffled_parts("one line", "lines", 3) == "one line"


def test_the_digest_is_of_the_multiset():
    assert parts_digest(["a\nb", "a"], "lines") == parts_digest(["a", "b\na"], "lines")
    assert parts_digest(["a\nb", "a"], "lines") != parts_digest(["a\nb"], "lines")
