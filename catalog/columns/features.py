"""A column as numbers: hashed words and letters of its name, table, siblings and values, and measured evidence.

Two parts. *Sparse*: buckets of runs of letters, in four blocks beside each other. *Dense*: what rules, shapes and
checks measured, as means and spreads over at most 12 values. No value can be read back from either.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalog import rules
from catalog.columns import shapes
from catalog.columns.hashing import Buckets, grams, words
from catalog.columns.view import Prepared
from catalog.columntypes import Family
from catalog.detectors import DETECTORS
from catalog.detectors.base import Kind
from catalog.model import Label
from catalog.names import fold, pieces, word_set

SAMPLES = 12
NAME, VALUES, TABLE, SIBLINGS = 4096, 2048, 1024, 1024
_VALUES_AT, _TABLE_AT, _SIBLINGS_AT = NAME, NAME + VALUES, NAME + VALUES + TABLE
WIDTH = NAME + VALUES + TABLE + SIBLINGS
MAX_SIBLINGS = 64
_FAMILIES, _KINDS = tuple(Family), tuple(Kind)
_SIGNS = ("veto word", "property word", "flag word", "neutral term", "nameless", "name length", "ends in a number")
_SPREAD = ("values", "distinct", "in sequence", "common start")
DENSE_NAMES = (
    *(f"name says {detector.label}" for detector in DETECTORS),
    *(f"name is about {kind}" for kind in _KINDS),
    *(f"table is about {kind}" for kind in _KINDS),
    *_SIGNS,
    *(f"type {family}" for family in _FAMILIES),
    *_SPREAD,
    *shapes.NAMES,
    *(f"spread of {name}" for name in shapes.NAMES),
)
"""What each number of the dense part measures."""

Dense = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hashed:
    """Buckets of the sparse part and their weights. A bucket that is there twice counts with both weights."""

    buckets: Buckets
    weights: Dense


@dataclass(frozen=True, slots=True)
class Features:
    """One column: hashed parts of its name, of its values and of what stands around it, and the dense numbers."""

    name: Hashed
    values: Hashed
    context: Hashed
    dense: Dense


def encode(table: str, columns: Sequence[Prepared]) -> list[Features]:
    """The features of every column of one table or result. Their order is that of `columns`."""
    context = _context(table, [column.name for column in columns])
    return [_encode(column, context) for column in columns]


def _encode(prepared: Prepared, context: Hashed) -> Features:
    seen = rules.spread_out(prepared.column.values, SAMPLES)
    return Features(_name(prepared), _values(seen), context, dense=_dense(prepared, seen))


def plain_words(name: str) -> str:
    """`custFirstName` → ` cust first name `: one spelling for all case styles."""
    return f" {' '.join(pieces(name))} "


def _weighted(*parts: Buckets, at: int = 0) -> Hashed:
    """Each part weighs as much as the others, however many buckets it has."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return _EMPTY
    weights = [np.full(len(part), 1 / math.sqrt(len(part)), np.float32) for part in filled]
    return Hashed(np.concatenate(filled) + at, np.concatenate(weights))


_EMPTY = Hashed(np.zeros(0, np.int64), np.zeros(0, np.float32))


def _name(prepared: Prepared) -> Hashed:
    text, column = plain_words(prepared.name), prepared.column
    found = list(dict.fromkeys((*column.words, *column.full)))
    pairs = ["_".join(pair) for pair in dict.fromkeys((*pairwise(column.words), *pairwise(column.full)))]
    return _weighted(grams(text, NAME, sizes=(2, 3, 4)), words([*found, *pairs, f"={text}"], NAME))


def _values(seen: Sequence[str]) -> Hashed:
    text = fold("\n".join(value[:40] for value in seen)).lower().translate(_DIGITS_ALIKE)
    if not text:
        return _weighted()
    return _weighted(grams(f"\n{text}\n", VALUES, sizes=(3,)), at=_VALUES_AT)


_DIGITS_ALIKE = {ord(digit): "0" for digit in "123456789"}


def _context(table: str, names: Sequence[str]) -> Hashed:
    around = {word for name in names[:MAX_SIBLINGS] for word in pieces(name)}
    own = _weighted(grams(plain_words(table), TABLE, sizes=(3, 4)), words(pieces(table), TABLE), at=_TABLE_AT)
    others = _weighted(words(sorted(around), SIBLINGS), at=_SIBLINGS_AT)
    return Hashed(np.concatenate([own.buckets, others.buckets]), np.concatenate([own.weights, others.weights]))


def _dense(prepared: Prepared, seen: Sequence[str]) -> Dense:
    column = prepared.column
    own = rules.own_kinds(column)
    numbers = [
        *rules.name_strengths(column),
        *(float(kind in own) for kind in _KINDS),
        *(float(kind in column.kinds) for kind in _KINDS),
        *_name_signs(prepared),
        *(float(family is column.family) for family in _FAMILIES),
        *_spreads(seen),
    ]
    return np.concatenate([np.array(numbers, np.float32), _moments(column, seen)])


def _moments(column: rules.Column, seen: Sequence[str]) -> Dense:
    if not seen:
        return np.zeros(2 * len(shapes.NAMES), np.float32)
    measured = [shapes.describe(value) for value in seen]
    checks = _checks(column, seen)
    table = np.concatenate([np.array(measured, np.float64), np.array(checks, np.float64).T], axis=1)
    mean = table.sum(0) / len(table)
    spread = np.sqrt(np.maximum((table * table).sum(0) / len(table) - mean * mean, 0)) if len(table) > 1 else 0 * mean
    return np.concatenate([mean, spread]).astype(np.float32)


def _checks(column: rules.Column, seen: Sequence[str]) -> list[Sequence[float]]:
    nothing = [0.0] * len(seen)
    numeric = any(map(_DIGIT.search, seen))
    return [
        rules.scores_of(column, place, seen)
        if column.family in detector.families and (numeric or detector.label not in _OF_DIGITS)
        else nothing
        for place, detector in enumerate(DETECTORS)
    ]


_DIGIT = re.compile("[0-9]")
_OF_DIGITS = frozenset(
    {Label.CREDIT_CARD, Label.CVV, Label.SSN, Label.NATIONAL_ID, Label.PASSPORT, Label.DRIVER_LICENSE, Label.MRN}
    | {Label.HEALTH_ID, Label.BANK_ACCOUNT, Label.PHONE, Label.POSTCODE}
)
"""Labels that no value without a digit fits."""


def _name_signs(prepared: Prepared) -> list[float]:
    name = prepared.name
    return [
        *map(float, rules.signs(prepared.column)),
        float(is_nameless(name)),
        min(len(name), 40) / 20,
        float(name[-1:].isdecimal()),
    ]


def is_nameless(name: str) -> bool:
    """Whether a name tells nothing: `col_3`, `?column?`, `c1`, `max`, `coalesce`."""
    return all(len(word) < 2 or word in _OPAQUE or word.isdecimal() for word in pieces(name))


_OPAQUE = word_set(
    "col column field fld attr attribute f1 kol spalte colonne columna campo var val value expr exp data item res",
    "result coalesce max min case substr substring concat upper lower trim cast nullif to char count sum unnest row",
    "string agg unnamed",
)


def _spreads(seen: Sequence[str]) -> list[float]:
    if not seen:
        return [0.0] * 4
    start = _common_start(seen) if len(seen) > 1 else 0
    return [math.log1p(len(seen)) / 3, len(set(seen)) / len(seen), _sequence(seen), min(start, 12) / 6]


def _sequence(seen: Sequence[str]) -> float:
    """Whether whole numbers go up one after the other, as counters do."""
    if len(seen) < 3 or not all(value.isascii() and value.isdecimal() and len(value) < 19 for value in seen):
        return 0.0
    numbers = [int(value) for value in seen]
    ups = sum(later > earlier for earlier, later in pairwise(numbers))
    return ups / (len(numbers) - 1)


def _common_start(seen: Sequence[str]) -> int:
    low, high = min(seen), max(seen)
    return next((place for place, char in enumerate(low) if char != high[place : place + 1]), len(low))
