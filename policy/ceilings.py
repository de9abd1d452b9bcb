"""How much may pass under a rule: amounts of a measure in a period, as `@ceiling` writes them.

A ceiling belongs to the permit that carries it and counts what that permit allowed one person by one agent (or one
person alone), whichever resource it came from. Counting is the server's; here is only what the words mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from policy.problems import nearest

Measure = Literal["rows", "bytes", "cells", "statements", "time", "probes"]
Period = Literal["session", "day"]

MEASURES: Mapping[Measure, str] = {
    "rows": "rows returned",
    "bytes": "bytes of cells returned, after masking",
    "cells": "different masked values returned",
    "statements": "statements run",
    "time": "time that statements ran",
    "probes": "values that a column that stays hidden was compared with, counted for each column",
}
PERIODS: tuple[Period, ...] = ("session", "day")

_ENTRY = re.compile(r"([0-9]{1,12}) ?([A-Za-z]*)\s+([A-Za-z_]+)\s*/\s*([A-Za-z_]+)")
_SIZES = {"": 1, "kB": 1000, "MB": 1000**2, "GB": 1000**3}
_TIMES = {"s": 1000, "m": 60_000, "h": 3_600_000}
_FORM = 'write an amount, a measure and a period, such as "10000 rows/day", "64 MB bytes/session" or "30m time/day"'


@dataclass(frozen=True, slots=True)
class Ceiling:
    """At most `amount` of `measure` in `period`: milliseconds for `time`, a plain count for anything else.

    `rule` and `place` ("file:line") say which permit carries it, `raised_by` the groups that may allow as much again;
    they are set where a decision is made.
    """

    measure: Measure
    period: Period
    amount: int
    rule: str = ""
    place: str = ""
    raised_by: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """As a sentence needs it: "10000 rows a day", "30 minutes a session"."""
        return f"{told(self.measure, self.amount)} a {self.period}"


def told(measure: Measure, amount: int) -> str:
    """An amount for people."""
    if measure != "time":
        return f"{amount} {measure}"
    seconds = amount / 1000
    return f"{seconds / 60:g} minutes" if amount and amount % 60_000 == 0 else f"{seconds:g} seconds"


def read_ceilings(text: str) -> tuple[Ceiling, ...]:
    """The comma list of an annotation. Raises ValueError with a plain message."""
    found = [_entry(part.strip()) for part in text.split(",")]
    for index, ceiling in enumerate(found):
        if any((c.measure, c.period) == (ceiling.measure, ceiling.period) for c in found[:index]):
            raise ValueError(f"{ceiling.measure}/{ceiling.period} stands twice")
    return tuple(found)


def _entry(text: str) -> Ceiling:
    match = _ENTRY.fullmatch(text)
    if not match:
        raise ValueError(_FORM)
    number, unit, measure, period = match.groups()
    amount = int(number) * _unit(unit, _known(measure, tuple(MEASURES), "measure"))
    if not amount:
        raise ValueError("a ceiling of nothing is a forbid; write one")
    return Ceiling(cast(Measure, measure), cast(Period, _known(period, PERIODS, "period")), amount)


def _known(word: str, known: tuple[str, ...], kind: str) -> str:
    if word in known:
        return word
    meant = nearest(word, known)
    hint = f"did you mean {meant!r}?" if meant else f"there are {', '.join(known)}"
    raise ValueError(f"there is no {kind} {word!r}; {hint}")


def _unit(unit: str, measure: str) -> int:
    units = {"time": _TIMES, "bytes": _SIZES}.get(measure, {"": 1})
    if unit not in units:
        raise ValueError(f"{measure} cannot be counted in {unit!r}; {_FORM}" if unit else f"time needs a unit; {_FORM}")
    return units[unit]
