"""US social security numbers: area never 000, 666 or 9xx, group never 00, serial never 0000 (SSA, 2011 rules)."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, terms
from catalog.model import Label

_DASHED = re.compile(r"(\d{3})[- ](\d{2})[- ](\d{4})", re.ASCII)
_PLAIN = re.compile(r"(\d{3})(\d{2})(\d{4})", re.ASCII)
_IN_TEXT = re.compile(r"(?<![\w-])(\d{3})-(\d{2})-(\d{4})(?![\w-])", re.ASCII)
_STOCK = re.compile(r"(?:sku|part|item|order|ticket|serial|model|ref)\w{0,8}\W{0,4}(?:no|nr|number)?\W{0,3}$", re.I)


def _allowed(found: re.Match[str]) -> bool:
    area, group, serial = found.groups()
    return area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"


def value(text: str) -> float:
    """1.0 with separators and within the rules; .4 for bare digits or a masked rest, which need a name."""
    if dashed := _DASHED.fullmatch(text):
        return 1.0 if _allowed(dashed) else 0.1
    if plain := _PLAIN.fullmatch(text):
        return 0.4 if _allowed(plain) else 0.1
    return 0.0


def within(text: str) -> bool:
    return any(
        _allowed(found) and not _STOCK.search(text[max(0, found.start() - 32) : found.start()])
        for found in _IN_TEXT.finditer(text)
    )


SSN = Detector(
    Label.SSN,
    terms(
        (0.95, "ssn socialsecurity socialsecuritynumber socialsecurityno socialsec socsec ssnum"),
        (0.95, "ssnumber ssnno socsecnum"),
    ),
    value,
    families=DIGITS,
    alone=0.9,
    within=within,
)
