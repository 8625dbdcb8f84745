import pytest
from tokenizers import pre_tokenizers

from seedbed.tokenizers.byte_level import BYTE_OF_CHARACTER, CHARACTER_OF_BYTE, token_to_bytes


def test_one_character_per_byte():
    assert len(CHARACTER_OF_BYTE) == len(set(CHARACTER_OF_BYTE)) == len(BYTE_OF_CHARACTER) == 256
    assert set(CHARACTER_OF_BYTE) == set(pre_tokenizers.ByteLevel.alphabet())


def test_the_library_writes_the_same_characters():
    library = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    # Every byte that UTF-8 uses occurs in the first bytes and continuations of these characters.
    points = (*range(0x1000), *range(0x1000, 0x110000, 0x3FF))
    text = "".join(chr(point) for point in points if not 0xD800 <= point < 0xE000)
    ((written, _),) = library.pre_tokenize_str(text)
    assert token_to_bytes(written) == text.encode()
    assert len(set(text.encode())) == 256 - 13  # C0, C1 and F5 to FF never occur in UTF-8


def test_outside_the_alphabet():
    with pytest.raises(KeyError):
        token_to_bytes(" ")
