"""Diagnosis: the category of an ICD-10 code, its first three characters."""

from __future__ import annotations

import re
from types import MappingProxyType

from catalog.columntypes import Family
from catalog.maskers.base import Masker

_CODE = re.compile(r"([A-Z][0-9][0-9A-B])(?:\.?[0-9A-Z]{1,4})?", re.ASCII)


def mask_diagnosis(value: str) -> str | None:
    """`E11.9` → `E11`. None for anything that is not one code: prose is hidden whole."""
    found = _CODE.fullmatch(value.strip().upper())
    return found[1] if found else None


DIAGNOSIS = Masker("generalise", MappingProxyType({Family.TEXT: mask_diagnosis}), stable=True)
