"""Card number: the last four digits, well inside what PCI DSS 4.0 §3.4.1 allows to be shown (BIN and last four)."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker


def mask_card(value: str) -> str | None:
    """`**** **** **** 4242`. None unless the value is 12 to 19 digits (ISO/IEC 7812) with spaces or dashes."""
    digits = [char for char in value if char.isdecimal()]
    if not 12 <= len(digits) <= 19 or any(not char.isdecimal() and char not in " -\u00a0" for char in value):
        return None
    return "**** **** **** " + "".join(digits[-4:])


CREDIT_CARD = Masker("partial", MappingProxyType({Family.TEXT: mask_card}))
