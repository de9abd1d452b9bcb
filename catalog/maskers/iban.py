"""IBAN (ISO 13616): the country and the last two characters."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker


def mask_iban(value: str) -> str | None:
    """`DE** **** **** **00`. None unless it has the shape of an IBAN: two letters, two digits, 11 to 30 more."""
    compact = "".join(char for char in value if char not in " -\u00a0").upper()
    shaped = compact.isascii() and compact.isalnum() and compact[:2].isalpha() and compact[2:4].isdecimal()
    if not shaped or not 15 <= len(compact) <= 34:
        return None
    return f"{compact[:2]}** **** **** **{compact[-2:]}"


IBAN = Masker("partial", MappingProxyType({Family.TEXT: mask_iban}))
