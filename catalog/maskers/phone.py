"""Phone: the last two digits; a plus stays, the country code and the length do not."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Digits, Masker

_PUNCTUATION = {ord(char): None for char in "+-–().,;/*#x ext\t\u00a0\u202f"}


def mask_phone(value: str) -> str | None:
    """`+49 170 1234567` → `+*******67`. None below four digits or for anything that is not a number."""
    digits = value.translate(_PUNCTUATION)
    if not digits.isdecimal() or len(digits) < 4:
        return None
    return f"{'+' if value.lstrip().startswith('+') else ''}*******{digits[-2:]}"


_SHAPE = Digits("*******", shown=2, least=4, most=100, skip="+-().,/ ", signed=True)
PHONE = Masker("partial", MappingProxyType({Family.TEXT: mask_phone}), shape=_SHAPE)
