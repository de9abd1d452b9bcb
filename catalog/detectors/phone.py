"""Telephone numbers, in E.164 or national writing, checked by the numbering plans of libphonenumber."""

from __future__ import annotations

import re

import phonenumbers

from catalog.detectors.base import DIGITS, Detector, digits_of, terms
from catalog.model import Label

_SHAPE = re.compile(r"\+?[\d\s().\-–/]{6,28}(?:\s?(?:x|ext\.?|#)\s?\d{1,6})?", re.ASCII | re.IGNORECASE)
_NANP = re.compile(r"(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?: ?x\d{1,6})?", re.ASCII)
_DATE = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ T].{0,30})?|\d{1,2}[-./]\d{1,2}[-./]\d{4}", re.ASCII)
_LOOKALIKE = re.compile(r"\d{3}-\d{2}-\d{4}|\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|\d+\.\d+", re.ASCII)
_INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00)[1-9][\d ().\-/]{6,20}\d", re.ASCII)
_GROUPED = re.compile(r"(?<![\w-])(?:\(\d{3}\) ?|\d{3}[-.])\d{3}[-. ]\d{4}(?![\w-])", re.ASCII)
_OTHER_NUMBER = re.compile(
    r"(?:sku|part|order|ticket|tracking|invoice|serial|ref)\W{0,3}(?:no|nr|number)?\W{0,3}$", re.I
)


def value(text: str) -> float:
    """1.0 for a number that is valid with its country code; down to .3 for bare digits, which need a name."""
    digits = digits_of(text.split("x", 1)[0])
    if not 6 <= len(digits) <= 15 or not _SHAPE.fullmatch(text):
        return 0.0
    if _DATE.fullmatch(text) or _LOOKALIKE.fullmatch(text):
        return 0.0
    if text.startswith("+"):
        return _international(text)
    if _NANP.fullmatch(text):
        return 0.8
    grouped = len(digits) < len(text)
    return (0.6 if text[0] in "0(" else 0.5) if grouped else (0.4 if 9 <= len(digits) <= 13 else 0.3)


def _international(text: str) -> float:
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return 0.5
    if phonenumbers.is_valid_number(number):
        return 1.0
    return 0.85 if phonenumbers.is_possible_number(number) else 0.6


def within(text: str) -> bool:
    if any(_international(found[0]) == 1.0 for found in _INTERNATIONAL.finditer(text)):
        return True
    return any(
        not _OTHER_NUMBER.search(text[max(0, found.start() - 24) : found.start()]) for found in _GROUPED.finditer(text)
    )


PHONE = Detector(
    Label.PHONE,
    terms(
        (0.95, "phone phonenumber phoneno phonenum phonenr tel telephone telephonenumber telefon"),
        (0.95, "telefonnummer telefonnr"),
        (0.95, "mobile mobilenumber mobileno mobilephone mobil mobilnummer mobiltelefon handy handynr handynummer"),
        (0.95, "rufnummer cellphone cellnumber cellno msisdn whatsapp fax faxnumber telefax telefono celular movil"),
        (0.95, "telefone telemovel gsm numerotelephone numtel notel telefoon telefoonnummer tlf tlfnr puhelin"),
        (0.95, "homephone workphone telno phno callernumber smsnumber numeromovil cellulare 電話 電話番号"),
        (0.95, "电话 手机 телефон 전화"),
        (0.6, "cell contactno contactnumber contactnum emergencycontact portable tfno landline caller callerid"),
    ),
    value,
    families=DIGITS,
    alone=0.75,
    within=within,
)
