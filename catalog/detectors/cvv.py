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
        (0.95, "ccsecuritycode cardsecuritycode cardsecuritynumber cardsecurity ccsecurity creditcardsecuritycode"),
        (0.95, "cardverificationcode cardverificationnumber ccverification ccverificationcode ccverificationnumber"),
        (
            0.95,
            "cardvalidationcode cardvalidationvalue cardvalidationnumber cvnumber cvcode cvvalue cvn cvn2 cav2 icvv",
        ),
        (0.95, "cvvnumber cvcnumber cardcvvnumber cryptogramme codigocvv codecvv codigoseguridadtarjeta"),
        (0.7, "csc securitycode verificationvalue validationcode cryptogram"),
        (0.7, "prufziffer pruefziffer codigoseguridad codeseguridad codicesicurezza"),
        (
            0.7,
            "codesecurite codigoseguranca cardcode kartenprufnummer",
        ),
    ),
    value,
    families=DIGITS,
)
