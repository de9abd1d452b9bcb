"""Three word lists as Bloom filters: given names, family names, words of a dictionary; and a list of common words.

A member is always found; about one other word in a hundred is taken for a member, which the tagger has learned with.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from zlib import crc32

BITS = (19, 19, 20)
"""Of the filters in their order: given names, family names, words."""
STARTS = (0, 1 << 16, 1 << 17)
"""Bytes before each filter."""


def _hashes(word: str) -> tuple[int, int, int]:
    data = word.encode("utf-8", "replace")
    return crc32(data, 1), crc32(data, 77_777), crc32(data, 9_999_991)


def filled(words: Iterable[str], bits: int) -> bytes:
    """A filter of 2^`bits` bits that holds these words."""
    filter_ = bytearray((1 << bits) // 8)
    for word in words:
        for value in _hashes(word):
            place = value & ((1 << bits) - 1)
            filter_[place >> 3] |= 1 << (place & 7)
    return bytes(filter_)


@lru_cache(maxsize=1)
def _filters() -> bytes:
    return (files("catalog.prose") / "models" / "lexicon.bin").read_bytes()


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Frequent English words: a capital letter makes none of them a name."""
    return frozenset((files("catalog.prose") / "models" / "common.txt").read_text("utf-8").split())


def known(word: str) -> str:
    """Which lists hold the folded word, as letters: given, family, `c` common or `d` in a dictionary."""
    hashes = _hashes(word)
    given, family, listed = (_holds(number, hashes) for number in range(3))
    return (
        ("g" if given else "-") + ("f" if family else "-") + ("c" if word in common_words() else "d" if listed else "-")
    )


def _holds(number: int, hashes: tuple[int, int, int]) -> bool:
    filters, mask, start = _filters(), (1 << BITS[number]) - 1, STARTS[number]
    return all(filters[start + ((value & mask) >> 3)] >> (value & 7) & 1 for value in hashes)
