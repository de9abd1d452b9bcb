"""Payment card numbers: issuer prefix and length (ISO/IEC 7812) and the Luhn check digit."""

from __future__ import annotations

import re

from stdnum import luhn

from catalog.detectors.base import DIGITS, Detector, digits_of, only, terms
from catalog.model import Label

_PREFIXES: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("6011", "6011", (16, 19)),
    ("644", "659", (16, 19)),
    ("622", "622", (16, 17, 18, 19)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("1800", "1800", (15,)),
    ("2131", "2131", (15,)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("50", "50", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("56", "58", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("60", "63", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("67", "69", (12, 13, 14, 15, 16, 17, 18, 19)),
)
_IN_TEXT = re.compile(r"(?<![\w-])\d[\d -]{11,22}\d(?![\w-])", re.ASCII)
_PARCEL = re.compile(
    r"(?:order|ticket|tracking|parcel|shipment|sku|serial|invoice|ref)\w{0,8}\W{0,4}(?:no|nr|number)?\W{0,3}$", re.I
)


def _is_card(digits: str) -> bool:
    known = any(low <= digits[: len(low)] <= high and len(digits) in lengths for low, high, lengths in _PREFIXES)
    return known and len(set(digits)) > 1 and bool(luhn.is_valid(digits))


def value(text: str) -> float:
    """1.0 when prefix, length and check digit agree; .4 for other 12 to 19 digits, which need a name."""
    digits = digits_of(text)
    if not 12 <= len(digits) <= 19 or not only(text, " -"):
        return 0.0
    return 1.0 if _is_card(digits) else 0.4


def within(text: str) -> bool:
    return any(
        _is_card(digits_of(found[0])) and not _PARCEL.search(text[max(0, found.start() - 32) : found.start()])
        for found in _IN_TEXT.finditer(text)
    )


CREDIT_CARD = Detector(
    Label.CREDIT_CARD,
    terms(
        (0.95, "creditcard creditcardnumber creditcardno ccnum ccnumber ccno ccnr cardnumber cardno cardnum cardnr"),
        (0.95, "creditcardnum debitcard debitcardnumber kreditkarte kreditkartennummer kreditkartennr kartennummer"),
        (0.95, "tarjeta tarjetacredito numerotarjeta numtarjeta cartebancaire numerocarte cartecredit cartacredito"),
        (0.95, "cartaocredito numerocartao cardpan primaryaccountnumber creditcardnummer paymentcard карта 卡号"),
        (0.75, "pan cc card"),
    ),
    value,
    families=DIGITS,
    alone=0.85,
    within=within,
)
