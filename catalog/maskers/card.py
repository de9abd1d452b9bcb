"""Card number: the last four digits, well inside what PCI DSS 4.0 §3.4.1 allows to be shown (BIN and last four)."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Digits, Masker

_SEPARATORS = {ord(char): None for char in " -\u00a0"}


def mask_card(value: str) -> str | None:
    """`**** **** **** 4242`. None unless the value is 12 to 19 digits (ISO/IEC 7812) with spaces or dashes."""
    digits = value.translate(_SEPARATORS)
    return f"**** **** **** {digits[-4:]}" if digits.isdecimal() and 12 <= len(digits) <= 19 else None


_SHAPE = Digits("**** **** **** ", shown=4, least=12, most=19, skip=" -")
CREDIT_CARD = Masker("partial", MappingProxyType({Family.TEXT: mask_card}), shape=_SHAPE)
