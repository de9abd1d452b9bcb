"""Card verification values: three or four digits, told only by the column's name."""

from __future__ import annotations

from catalog.detectors.base import DIGITS, Detector, terms
from catalog.model import Label


def value(text: str) -> float:
    return 0.6 if len(text) in (3, 4) and text.isascii() and text.isdecimal() else 0.0


CVV = Detector(
    Label.CVV,
    terms(
        (0.95, "cvv cvv2 cvc cvc2 ccv cardcvv cardcvc cvvcode cardverification cardverificationvalue"),
        (0.7, "csc securitycode cardsecuritycode prufziffer pruefziffer codigoseguridad cardcode kartenprufnummer"),
    ),
    value,
    families=DIGITS,
)
