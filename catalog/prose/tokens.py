"""Words of a text and what the tagger sees of each: hashes of its spelling, its shape and its neighbours."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from catalog.names import fold
from catalog.prose.lexicon import known

BITS = 18
BUCKETS = 1 << BITS
TOKEN = re.compile(r"[^\W_]+|[^\s\w]|_|\n")
Traits = tuple[int, ...]
Matrix = npt.NDArray[Any]

WORD, SHAPE, PREFIX3, PREFIX2, SUFFIX4, SUFFIX3, SUFFIX2, CASE, KNOWN = range(9)
# (offset, trait) pairs; those of one tuple are seen together
_SINGLE = (
    *(((0, trait),) for trait in range(9)),
    *(((offset, trait),) for offset in (-1, 1) for trait in (WORD, SHAPE, SUFFIX3, CASE, KNOWN)),
    *(((offset, trait),) for offset in (-2, 2) for trait in (WORD, CASE, KNOWN)),
    *(((offset, WORD),) for offset in (-3, 3)),
)
_JOINED = (
    ((-1, WORD), (0, CASE)),
    ((1, WORD), (0, CASE)),
    ((-2, WORD), (-1, WORD)),
    ((-2, WORD), (-1, WORD), (0, CASE)),
    ((1, WORD), (2, WORD)),
    ((-1, WORD), (1, WORD)),
    ((-1, CASE), (0, CASE), (1, CASE)),
    ((0, CASE), (1, CASE), (2, CASE)),
    ((-2, CASE), (-1, CASE), (0, CASE)),
    ((0, KNOWN), (1, KNOWN)),
    ((-1, KNOWN), (0, KNOWN)),
    ((-1, KNOWN), (0, KNOWN), (1, KNOWN)),
    ((-1, WORD), (0, KNOWN)),
    ((1, WORD), (0, KNOWN)),
    ((-1, SHAPE), (0, SHAPE), (1, SHAPE)),
)
TEMPLATES = _SINGLE + _JOINED
REACH = GAP = 3
_NOTHING: Traits = (0,) * 9
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def tokens(text: str) -> list[tuple[int, int]]:
    """Spans of the words, numbers and marks of a text."""
    return [found.span() for found in TOKEN.finditer(text)]


@lru_cache(maxsize=65536)
def traits(word: str) -> Traits:
    """Hashes of one word. A pure function remembered, because words come again and again."""
    lower = fold(word).lower()
    case = _case(word)
    listed = f"{known(lower)}{case}" if word[0].isalpha() else case
    parts = (lower, _shape(word), lower[:3], lower[:2], lower[-4:], lower[-3:], lower[-2:], case, listed)
    return tuple(crc32(f"{number}{part}".encode("utf-8", "replace")) for number, part in enumerate(parts))


def anonymous(word: str, noise: int) -> Traits:
    """The word as one never seen, spelt by `noise`: used in training, so that context and shape must do."""
    plain = traits(word)
    strange = crc32(f"{KNOWN}---{_case(word)}".encode())
    hidden = {number: (noise * (number + 1) * 2654435761) & 0xFFFFFFFF for number in (WORD, PREFIX3, SUFFIX4, SUFFIX3)}
    return tuple(hidden.get(number, each) for number, each in enumerate((*plain[:KNOWN], strange)))


def _case(word: str) -> str:
    if word.isdecimal():
        return f"9{min(len(word), 6)}"
    if not word[0].isalpha():
        return word if not word.isalnum() else "9a"
    if len(word) == 1:
        return "X" if word.isupper() else "x"
    if word.isupper():
        return f"XX{min(len(word), 4)}"
    if word[0].isupper():
        return "Xx" if word[1:].islower() else "XxX"
    return "xx" if word.islower() else "w"


def _shape(word: str) -> str:
    kinds = ["X" if char.isupper() else "x" if char.isalpha() else "9" if char.isdecimal() else char for char in word]
    return "".join(kinds[:2]) + "".join(sorted(set(kinds[2:]))) + str(min(len(word), 9))


def features(rows: list[Traits]) -> Matrix:
    """For every token the buckets of its features (tokens x templates)."""
    table = np.array([_NOTHING] * REACH + rows + [_NOTHING] * REACH, dtype=np.uint64)
    count = len(rows)
    columns = []
    for number, template in enumerate(TEMPLATES):
        mixed = np.full(count, number + 1, dtype=np.uint64)
        for offset, trait in template:
            mixed = (mixed ^ table[REACH + offset : REACH + offset + count, trait]) * _PRIME
            mixed ^= mixed >> np.uint64(29)
        columns.append((mixed * _PRIME) >> np.uint64(64 - BITS))
    return np.stack(columns, axis=1).astype(np.int32)


def features_of_many(texts: list[list[Traits]]) -> Matrix:
    """The features of several texts, with GAP rows that mean nothing between one and the next."""
    rows: list[Traits] = []
    for number, text in enumerate(texts):
        rows += [_NOTHING] * GAP if number else ()
        rows += text
    return features(rows)
