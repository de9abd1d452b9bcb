"""Passport numbers (ICAO 9303: up to nine characters), told by the column's name."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Z0-9 -]{6,12}", re.ASCII | re.IGNORECASE)


def value(text: str) -> float:
    return 0.6 if _SHAPE.fullmatch(text) and len(digits_of(text)) >= 3 else 0.0


PASSPORT = Detector(
    Label.PASSPORT,
    terms(
        (0.95, "passport passportnumber passportno passportnum passportnr passportid"),
        (0.95, "passnummer reisepass reisepassnr"),
        (0.95, "reisepassnummer pasaporte numeropasaporte passeport numeropasseport passaporto passaporte paspoort"),
        (0.95, "paspoortnummer passi paszport traveldocument 護照 护照 护照号 パスポート паспорт 여권번호"),
        (0.7, "pptno ppno passnr"),
    ),
    value,
    families=DIGITS,
)
