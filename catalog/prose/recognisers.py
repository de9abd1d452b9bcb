"""Numbers, dates and codes in prose that the words before them explain: a number after `call`, a date after `born`.

Beside hard evidence (`catalog.sweep`) and names (`catalog.prose.tagger`). RE2 only; every look-around is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog.detectors import phone
from catalog.detectors.base import digits_of
from catalog.model import Label
from catalog.sweep import exact

NEAR = 36
_MAYBE = re.compile(r"[0-9:=]")
_BETWEEN = "number|numbers|no|nr|num|code|id|ids|card|is|was|are|of|on|at|my|his|her|ist|war|es|est|è"
_GAP = rf"""(?: (?:{_BETWEEN})\b|[ \t:#=.,(\-"'º°]){{0,8}}"""
_DATE = (
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ]{1,2}\d{1,2}[-/. ]{1,2}(?:\d{4}|\d{2})\b"
    r"|\d{1,2}(?:st|nd|rd|th|er|\.)?[ -](?:de )?\pL{3,10}\.?,?[ -](?:de )?\d{4}"
    r"|\pL{3,10}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
)
_CODE = r"[A-Z0-9][A-Z0-9\-]{4,17}[A-Z0-9]"


@dataclass(frozen=True, slots=True)
class Keyed:
    """A value of this form after one of these words."""

    label: Label
    words: str
    form: str

    @property
    def exact(self) -> str:
        return rf"(?i)(?:^|[^\pL\pN])(?:{self.words}){_GAP}(?P<v>{self.form})"


KEYED: tuple[Keyed, ...] = (
    Keyed(
        Label.DOB,
        r"dob|d\.o\.b\.?|born|birth ?da(?:te|y)|date of birth|birth|geboren|geburtsdatum|geb\.|né|née|né\(e\)|"
        r"nacid[oa]|fecha de "
        r"nacimiento|nat[oa]|nascid[oa]|data di nascita|geboortedatum|ur\.",
        _DATE,
    ),
    Keyed(
        Label.MRN,
        r"mrn|medical record|chart|patient (?:id|no|number)|hospital (?:id|no)|fallnummer|aktennummer",
        r"[A-Z]{0,4}[- ]?\d[\d\-]{3,12}",
    ),
    Keyed(
        Label.HEALTH_ID,
        r"member|insurance|medicare|medicaid|nhs|policy holder|health|versicherten(?:nummer)?|krankenkasse|ahv|"
        r"subscriber",
        r"[A-Z]{0,4}[- ]?\d[A-Z\d\-]{1,4}[ -]?[A-Z\d]{3,6}(?:[ -]?[A-Z\d]{2,4}){0,2}",
    ),
    Keyed(Label.PASSPORT, r"passport|reisepass|pasaporte|passeport|passaporto|paspoort", r"[A-Z]{0,3}\d[A-Z\d]{5,9}"),
    Keyed(
        Label.DRIVER_LICENSE,
        r"driv(?:er'?s?|ing) licen[cs]e|licen[cs]e|führerschein|dl",
        r"[A-Z]{0,5}[- ]?\d[A-Z\d\-]{4,18}",
    ),
    Keyed(
        Label.NATIONAL_ID,
        r"national (?:id|insurance)|identity card|id card|nino|ni|dni|nie|cpf|aadhaar|pesel|bsn|personnummer|"
        r"codice fiscale|curp|"
        r"steuer-?(?:id|nummer)|tax id|tin|ausweis|personalausweis|nir|nif|cedula|cédula",
        r"[A-Z]{0,6}[- ]?\d[A-Z\d.\-]{5,18}(?: ?[A-Z\d]{1,6}){0,3}",
    ),
    Keyed(
        Label.BANK_ACCOUNT,
        r"bank account|account|acct|a/c|konto(?:nummer)?|cuenta|compte|conto|rekening|routing|sort code|iban|blz",
        r"\d[\d \-]{5,20}\d",
    ),
    Keyed(Label.CVV, r"cvv2?|cvc2?|security code|prüfziffer", r"\d{3,4}\b"),
    Keyed(Label.SSN, r"ssn|social security|soc(?:ial)? sec\.?", r"\d{3}[- ]?\d{2}[- ]?\d{4}"),
    Keyed(
        Label.IP, r"client ip|ip address of|her ip|his ip|my ip|login from|logged in from", r"\d{1,3}(?:\.\d{1,3}){3}"
    ),
)
PASSWORD_WORDS = r"password|passwd|passwort|passphrase|passcode|kennwort|contrase(?:ñ|n)a|senha|pin|pwd"
_PASSWORD = (
    rf"(?i)(?:{PASSWORD_WORDS})"
    r"(?: (?:is|was|to|ist|es|set|now|been|has|reset|changed|new|it|with|for|the|account|vpn|my)){0,5}[ :=]{1,3}"
    r"[\"'`“]?(?P<v>[^\s\"'`”]{4,64})"
)
NUMBER = re.compile(r"(?:\+|00)?[(0-9][0-9 ().\-/]{6,20}[0-9]")
"""What may be a telephone number. Text is folded before: digits are ASCII."""
_PHONE_WORDS_TEXT = """
phone tel call cell mobile fax whatsapp reach ring rang text sms contact dial telefon handy mobil móvil téléphone
anruf rückruf llam appel telefone celular ligar chiama bel nummer number callback @
"""
PHONE_WORDS = tuple(_PHONE_WORDS_TEXT.split())
_OTHER_WORDS_TEXT = """
order ticket invoice tracking parcel shipment sku part serial build version case claim ref po # article item isbn
batch lot bestell auftrag rechnung pedido factura commande facture account acct konto id
"""
_OTHER_WORDS = tuple(_OTHER_WORDS_TEXT.split())


def explained(text: str) -> Iterator[tuple[int, int, Label, float]]:
    """All of it with how sure it is. Text without digits and marks of assignment is answered at once."""
    if _MAYBE.search(text):
        yield from ((start, end, label, 0.9) for start, end, label in keyed(text))
        yield from ((start, end, label, 0.8) for start, end, label in telephones(text))


def keyed(text: str) -> Iterator[tuple[int, int, Label]]:
    """Values that a word before them names."""
    for rule in KEYED:
        for found in exact(rule.exact).finditer(text):
            start, end = found.span(1)
            if any("0" <= char <= "9" for char in found[1]):
                yield start, end, rule.label
    for found in exact(_PASSWORD).finditer(text):
        start, end = found.span(1)
        value = text[start:end].rstrip(".,;:!?)")
        mixed = sum(
            map(any, zip(*((c.isdigit(), c.isupper(), c.islower(), not c.isalnum()) for c in value), strict=True))
        )
        if mixed >= 2 and value[0] not in "<[{$*" and not (value.istitle() and value.isalpha()):
            yield start, start + len(value), Label.PASSWORD


def telephones(text: str) -> Iterator[tuple[int, int, Label]]:
    """Numbers written like telephone numbers, unless a word before them says that they are something else."""
    for found in NUMBER.finditer(text):
        start, end = found.span()
        value = found[0]
        if (start and (text[start - 1].isalnum() or text[start - 1] in "-_./#")) or text[end : end + 1].isalnum():
            continue
        if _is_phone(value, text[max(0, start - NEAR) : start].lower()):
            yield start + (len(value) - len(value.lstrip())), end, Label.PHONE


def _is_phone(value: str, before: str) -> bool:
    digits = digits_of(value)
    if not 7 <= len(digits) <= 15:
        return False
    fit = phone.value(value)
    if fit < 0.3:
        return False
    told = max(map(before.rfind, PHONE_WORDS))
    if max(map(before.rfind, _OTHER_WORDS)) > told:
        return False
    return told >= 0 or fit >= 0.8 or (fit >= 0.6 and len(digits) >= 9)
