"""Postal code: the first two characters, which name a region of many people in every country that we know of."""

from __future__ import annotations

from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker


def mask_postcode(value: str) -> str | None:
    """`10115` → `10***`. None below four characters, above ten, or without a digit: that is no postal code."""
    code = value.strip()
    if not 4 <= len(code) <= 10 or not any(char.isdecimal() for char in code):
        return None
    return code[:2] + "***"


POSTCODE = Masker("generalise", MappingProxyType({Family.TEXT: mask_postcode}))
