"""IBAN (ISO 13616): the country and the last two characters."""

from __future__ import annotations

import re
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_SEPARATORS = {ord(char): None for char in " -\u00a0"}
_SHAPE = re.compile(r"([A-Z]{2})[0-9]{2}[0-9A-Z]{9,28}([0-9A-Z]{2})", re.ASCII)


def mask_iban(value: str) -> str | None:
    """`DE** **** **** **00`. None unless it has the shape of an IBAN: two letters, two digits, 11 to 30 more."""
    found = _SHAPE.fullmatch(value.translate(_SEPARATORS).upper())
    return f"{found[1]}** **** **** **{found[2]}" if found else None


IBAN = Masker("partial", MappingProxyType({Family.TEXT: mask_iban}))
