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


def grams(text: str, buckets: int, *, sizes: tuple[int, ...]) -> Buckets:
    """The buckets (0 to `buckets` - 1, a power of two) of every run of `sizes` characters, in order of size."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    return np.concatenate([_runs(codes, size) for size in sizes]).astype(np.int64) & (buckets - 1)


def _runs(codes: NDArray[np.uint32], size: int) -> NDArray[np.uint32]:
    count = len(codes) - size + 1
    if count <= 0:
        return np.zeros(0, np.uint32)
    mixed = np.full(count, size, np.uint32)
    for offset in range(size):
        mixed = (mixed ^ codes[offset : offset + count]) * _STEP
        mixed ^= mixed >> np.uint32(15)
    mixed = mixed * _MIX
    return mixed ^ (mixed >> np.uint32(13))


def words(found: Iterable[str], buckets: int) -> Buckets:
    """The bucket of each word."""
    return np.array([_word(word) & (buckets - 1) for word in found], np.int64)


def _word(word: str) -> int:
    mixed = (zlib.crc32(word.encode("utf-8", "surrogatepass")) * 0x85EBCA6B) & 0xFFFFFFFF
    return mixed ^ (mixed >> 13)
