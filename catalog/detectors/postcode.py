"""Postal codes, told by the column's name: their values look like any other short code."""

from __future__ import annotations

import re

from catalog.detectors.base import DIGITS, Detector, Kind, terms
from catalog.model import Label

_SHAPE = re.compile(r"[A-Za-z]{0,2}[A-Za-z0-9]{1,8}[ -]?[A-Za-z0-9]{0,5}", re.ASCII)


def value(text: str) -> float:
    return 0.6 if 3 <= len(text) <= 10 and _SHAPE.fullmatch(text) and any(map(str.isdecimal, text)) else 0.0


POSTCODE = Detector(
    Label.POSTCODE,
    terms(
        (0.9, "zip zipcode zip5 zip4 zipplus4 postalcode postcode postalzip plz postleitzahl codigopostal codpostal"),
        (0.9, "codepostal codicepostale cep postnr postnummer kodpocztowy postalnumber pincode pinno"),
        (0.9, "postinumero eircode"),
        (0.9, "postkode postkod iranyitoszam kodepos postalcd postcd"),
        (0.9, "郵便番号 邮编 邮政编码 индекс 우편번호 psc"),
        (0.75, "postal"),
        (0.25, "cp kod"),
    ),
    value,
    families=DIGITS,
    context={Kind.PERSON: 0.4},
)
