"""Three small word lists as Bloom filters: given names, family names, common English words.

A member is always found; about one other word in a hundred is taken for a member, which the tagger has learned with.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from zlib import crc32

BITS = 18
SIZE = (1 << BITS) // 8  # bytes of one filter
GIVEN, FAMILY = range(2)


def _places(word: str) -> tuple[int, int, int]:
    data = word.encode("utf-8", "replace")
    return tuple(crc32(data, seed) & ((1 << BITS) - 1) for seed in (1, 77_777, 9_999_991))  # type: ignore[return-value]


def filled(words: Iterable[str]) -> bytes:
    """A filter that holds these words."""
    bits = bytearray(SIZE)
    for word in words:
        for place in _places(word):
            bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


@lru_cache(maxsize=1)
def _filters() -> bytes:
    return (files("catalog.prose") / "models" / "lexicon.bin").read_bytes()


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Frequent English words: a capital letter makes none of them a name."""
    return frozenset((files("catalog.prose") / "models" / "common.txt").read_text("utf-8").split())


def known(word: str) -> str:
    """Which lists hold the folded word, as three letters."""
    bits, places = _filters(), _places(word)
    given, family = (
        all(bits[base + (place >> 3)] >> (place & 7) & 1 for place in places) for base in (GIVEN * SIZE, FAMILY * SIZE)
    )
    return ("g" if given else "-") + ("f" if family else "-") + ("c" if word in common_words() else "-")
