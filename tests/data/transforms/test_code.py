from __future__ import annotations

from collections import Counter

from datatrove.data import Document
from hypothesis import given
from hypothesis import strategies as st

from seedbed.data.transforms.code import PAIRS, TOKEN, BracketDycker, CodeShuffler, matched_brackets

CODE = st.text(alphabet="ab1_ (){}[]:.\n\té", max_size=80)


def of(block, text):
    return block.transformed(Document(text=text, id="0")).text


@given(CODE)
def test_shuffled_lines_have_the_same_tokens_and_indentation(text):
    new = of(CodeShuffler(), text)
    old_lines, new_lines = text.split("\n"), new.split("\n")
    assert len(old_lines) == len(new_lines)
    for old, changed in zip(old_lines, new_lines, strict=True):
        assert Counter(TOKEN.findall(old)) == Counter(TOKEN.findall(changed))
        indent = len(old) - len(old.lstrip())
        assert changed[:indent] == old[:indent]


def test_shuffling_is_by_text_and_seed_and_counted():
    text = "\n".join(f"    x{n} = f(a, b) + g[c]" for n in range(50))
    block = CodeShuffler()
    new = of(block, text)
    assert new == of(CodeShuffler(), text) != of(CodeShuffler(seed=1), text)
    stats = {label: counter.total for label, counter in block.stats.stats.items()}
    assert stats["tokens"] == 50 * 13
    assert stats["moved"] > 0.8 * stats["tokens"]
    assert len(new) == len(text) + stats["spaces_added"]


def balanced(text: str) -> bool:
    stack = []
    for sign in text:
        if sign in PAIRS:
            stack.append(PAIRS[sign])
        elif sign in PAIRS.values() and (not stack or stack.pop() != sign):
            return False
    return not stack


@given(CODE)
def test_a_bracket_twin_is_balanced_of_equal_bytes_and_keeps_the_codes_own(text):
    new = of(BracketDycker(), text)
    assert set(new) <= set("()[]{} \n\t")
    assert len(new.encode()) == len(text.encode())
    assert balanced(new)
    assert [line == "" for line in new.split("\n")] == [line == "" for line in text.split("\n")]
    own, unmatched = matched_brackets(text)
    assert len(own) + unmatched == sum(sign in "()[]{}" for sign in text)
    if text.isascii():
        assert all(new[place] == text[place] for place in own)


def test_the_rule_by_example():
    assert matched_brackets("f(a[1)]") == ({1, 5}, 2)
    block = BracketDycker()
    new = of(block, "    foo(bar, [x])\n")
    assert (new[:4], new[6:8], new[12:]) == ("    ", " (", " [ ])\n")
    assert balanced(new[4:6])
    assert balanced(new[8:12])
    assert {label: c.total for label, c in block.stats.stats.items() if label != "changed"} == {
        "matched": 2,
        "unmatched": 0,
        "filled": 1 + 2,
    }


@given(CODE)
def test_a_twin_of_a_twin_is_itself(text):
    once = of(BracketDycker(), text)
    assert of(BracketDycker(), once) == once
