"""Words and runs of characters as numbered buckets: the same text gives the same buckets on every machine.

The hash mixes with 32-bit multiplications that wrap around (after Steele, Lea and Flood's finalisers);
it is no protection of anything, only a spread.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Buckets = NDArray[np.int64]
_STEP, _MIX = np.uint32(0x9E3779B1), np.uint32(0x85EBCA6B)
_SHIFT, _LAST = np.uint32(15), np.uint32(13)


def grams(text: str, buckets: int, *, sizes: tuple[int, ...]) -> Buckets:
    """The buckets (0 to `buckets` - 1, a power of two) of every run of `sizes` characters, in order of size."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    mixed = np.zeros(len(codes), np.uint32)
    found: list[NDArray[np.uint32]] = []
    for size in range(1, min(sizes[-1], len(codes)) + 1):
        mixed = (mixed[: len(codes) - size + 1] ^ codes[size - 1 :]) * _STEP
        mixed ^= mixed >> _SHIFT
        if size in sizes:
            found.append((mixed + np.uint32(size)) * _MIX)
    if not found:
        return np.zeros(0, np.int64)
    whole = np.concatenate(found)
    return (whole ^ (whole >> _LAST)).astype(np.int64) & (buckets - 1)


def words(found: Iterable[str], buckets: int) -> Buckets:
    """The bucket of each word."""
    return np.array([_word(word) & (buckets - 1) for word in found], np.int64)


def _word(word: str) -> int:
    mixed = (zlib.crc32(word.encode("utf-8", "surrogatepass")) * 0x85EBCA6B) & 0xFFFFFFFF
    return mixed ^ (mixed >> 13)
