from itertools import product

import pytest
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers import models

from seedbed.tokenizers.byte_level import CHARACTER_OF_BYTE
from seedbed.tokenizers.merges import digit_merges, without_dashes


def in_alphabet(text: str) -> str:
    return "".join(CHARACTER_OF_BYTE[byte] for byte in text.encode())


@pytest.mark.parametrize(("group", "count"), [(2, 10 + 100), (3, 10 + 100 + 1_000)])
def test_every_group_of_digits_is_one_token_by_its_merges_alone(group: int, count: int):
    merges = digit_merges(group)
    names = dict.fromkeys([*"0123456789", *(left + right for left, right in merges)])
    assert len(names) == count
    library = LibraryTokenizer(models.BPE(vocab={name: i for i, name in enumerate(names)}, merges=merges))
    for length in range(1, group + 1):
        for digits in product("0123456789", repeat=length):
            assert library.encode("".join(digits)).tokens == ["".join(digits)]


def test_tokens_with_a_whole_dash_fall_away_and_what_is_built_on_them():
    first, second, third = in_alphabet("—")
    merges = [("a", "b"), (first, second), (first + second, third), (first + second + third, "a"), ("ab", "c")]
    assert without_dashes(merges) == [("a", "b"), (first, second), ("ab", "c")]
