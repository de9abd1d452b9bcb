"""The values a predicate may take over the rows of a table, and how AND, OR and NOT combine them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto


class Truth(Enum):
    """`CONSTANT`: the same for every row, but it is not known what. `WIDE`: true for (nearly) every row by its
    meaning. `MAYBE`: a bare name leaves open whether the row is looked at. `SCOPED`: it chooses rows."""

    TRUE = auto()
    CONSTANT = auto()
    WIDE = auto()
    MAYBE = auto()
    SCOPED = auto()
    FALSE = auto()


NARROWEST = (Truth.FALSE, Truth.SCOPED, Truth.MAYBE, Truth.WIDE, Truth.CONSTANT)
WIDEST = (Truth.TRUE, Truth.CONSTANT, Truth.WIDE, Truth.MAYBE, Truth.SCOPED)


def all_of(truths: Sequence[Truth]) -> Truth:
    """AND: as narrow as the narrowest part."""
    return next((truth for truth in NARROWEST if truth in truths), Truth.TRUE)


def any_of(truths: Sequence[Truth]) -> Truth:
    """OR: as wide as the widest part."""
    return next((truth for truth in WIDEST if truth in truths), Truth.FALSE)


def invert(truth: Truth) -> Truth:
    """NOT of what is no longer an expression."""
    if truth is Truth.TRUE:
        return Truth.FALSE
    if truth is Truth.FALSE:
        return Truth.TRUE
    return Truth.SCOPED if truth is Truth.WIDE else truth
