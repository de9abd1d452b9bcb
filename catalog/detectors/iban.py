"""International bank account numbers (ISO 13616) by their mod-97 check digits."""

from __future__ import annotations

import re

from stdnum.iso7064 import mod_97_10

from catalog.detectors.base import Detector, terms
from catalog.model import Label

_COMPACT = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", re.ASCII)
_IN_TEXT = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?:[A-Z0-9]{11,30}|[A-Z0-9 ]{13,37})(?!\w)", re.ASCII)


def _is_iban(text: str) -> bool:
    compact = text.replace(" ", "").replace("-", "").upper()
    return bool(_COMPACT.fullmatch(compact)) and bool(mod_97_10.is_valid(compact[4:] + compact[:4]))


def value(text: str) -> float:
    """1.0 when the check digits agree; .3 for the bare shape, which needs a name."""
    if _is_iban(text):
        return 1.0
    return 0.3 if _COMPACT.fullmatch(text.replace(" ", "").upper()) else 0.0


def within(text: str) -> bool:
    return any(_is_iban(found[0]) or _grown(found[0]) for found in _IN_TEXT.finditer(text))


def _grown(found: str) -> bool:
    """An IBAN in groups of four, when following capitals were taken along with it."""
    groups = found.split(" ")[:9]
    return any(_is_iban("".join(groups[:count])) for count in range(4, len(groups) + 1))


IBAN = Detector(
    Label.IBAN,
    terms((0.95, "iban ibannumber ibanno ibannr ibancode kontoiban bankiban accountiban")),
    value,
    alone=0.6,
    hard=True,
    within=within,
)
