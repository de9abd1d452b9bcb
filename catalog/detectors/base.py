"""What a detector is: the names and values of one kind of data, as plain data and pure functions.

A detector never decides alone; `catalog.classify` weighs name, value and context of the whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.model import Label
from catalog.names import fold

TEXTUAL = frozenset({Family.TEXT, Family.TEXT_ARRAY, Family.OTHER})
DIGITS = TEXTUAL | {Family.INTEGER, Family.NUMERIC}
OPAQUE_BYTES = TEXTUAL | {Family.BYTEA, Family.UUID}


class Kind(StrEnum):
    """What a table (or the words before a column's term) is about."""

    PERSON = "person"
    ORGANISATION = "organisation"
    THING = "thing"
    PLACE = "place"
    MEDICAL = "medical"
    INFRASTRUCTURE = "infrastructure"


NO_CONTEXT: Mapping[Kind, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Detector:
    """Evidence for one label.

    `names`: term → strength 0..1; from .9 a name convinces even when the values do not fit.
    `value`: a sampled value → 1.0 could hardly be anything else, 0.5 fits, 0 does not, below 0 speaks against.
    `alone`: the least mean value score that convinces without a name; above 1 = values never do.
    `hard`: a few values of 1.0 convince under any name. `context`: added to the name's strength by kind of
    table; a negative one also silences `alone`. `swayed`: the only terms that context moves, empty = all.
    `within`: whether the kind occurs inside longer text.
    """

    label: Label
    names: Mapping[str, float]
    value: Callable[[str], float]
    families: frozenset[Family] = TEXTUAL
    alone: float = 2.0
    hard: bool = False
    context: Mapping[Kind, float] = field(default_factory=lambda: NO_CONTEXT)
    swayed: frozenset[str] = frozenset()
    within: Callable[[str], bool] | None = None


def terms(*weighted: tuple[float, str]) -> Mapping[str, float]:
    """`(0.95, "email e-mail")` pairs as one table; terms are words glued together, accents folded."""
    return MappingProxyType({fold(term).lower(): weight for weight, text in weighted for term in text.split()})


def digits_of(value: str) -> str:
    return "".join(char for char in value if "0" <= char <= "9")


def only(value: str, allowed: str) -> bool:
    """Whether the value is nothing but ASCII digits and the allowed characters."""
    return all("0" <= char <= "9" or char in allowed for char in value)
