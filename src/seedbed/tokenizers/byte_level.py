"""The byte-level alphabet: one visible character for each byte, as tokenizer files write their tokens.

Printable characters of Latin-1 stand for their own byte; the other bytes, in order, take the characters from U+0100 on.
The rule is that of GPT-2 (Radford et al. 2019) and of the library's `ByteLevel` parts.
"""

from __future__ import annotations

VISIBLE = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
HIDDEN = tuple(byte for byte in range(256) if byte not in VISIBLE)

CHARACTER_OF_BYTE: tuple[str, ...] = tuple(
    chr(byte) if byte in VISIBLE else chr(0x100 + HIDDEN.index(byte)) for byte in range(256)
)
BYTE_OF_CHARACTER: dict[str, int] = {character: byte for byte, character in enumerate(CHARACTER_OF_BYTE)}


def token_to_bytes(token: str) -> bytes:
    """The bytes that a token of the byte-level alphabet stands for. Errors: KeyError outside the alphabet."""
    return bytes([BYTE_OF_CHARACTER[character] for character in token])
