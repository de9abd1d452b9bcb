"""The values a predicate may take over the rows of a table, and how AND, OR and NOT combine them."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum


class Truth(IntEnum):
    """From narrow to wide. `OTHER` chooses among rows of other relations only, `LINK` joins them with the target.

    `MAYBE`: a bare name leaves open whose column it is. `WIDE`: true for (nearly) every row by its meaning.
    `CONSTANT`: the same for every row, but it is not known what.
    """

    FALSE = 0
    SCOPED = 1
    LINK = 2
    MAYBE = 3
    WIDE = 4
    OTHER = 5
    CONSTANT = 6
    TRUE = 7


def all_of(truths: Iterable[Truth]) -> Truth:
    """AND: as narrow as the narrowest part. A choice among other rows reaches the target through a link."""
    found = set(truths) or {Truth.TRUE}
    if found >= {Truth.LINK, Truth.OTHER}:
        found.add(Truth.SCOPED)
    return min(found)


def any_of(truths: Iterable[Truth]) -> Truth:
    """OR: as wide as the widest part."""
    return max(truths, default=Truth.FALSE)


def invert(truth: Truth) -> Truth:
    """NOT of what is no longer an expression."""
    flipped = {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE, Truth.WIDE: Truth.SCOPED}
    return flipped.get(truth, truth)
