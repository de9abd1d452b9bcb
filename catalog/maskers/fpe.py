"""Format-preserving encryption of identifiers: same length, same kinds of characters, reversible with the key.

Only what is an identifier through and through; less than a million possible values are refused by `catalog.ff1`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from catalog.ff1 import SmallDomain
from catalog.maskers.card import mask_card
from catalog.maskers.iban import mask_iban
from catalog.maskers.phone import mask_phone
from catalog.maskers.shapes import bare, grouped, iban, luhn_digit
from catalog.maskkey import Keyed
from catalog.model import Label

_BIN = 6
_SUBSCRIBER = 9  # last digits of a phone number; what stands before is country and network
_LONGEST = 64
_NUMERALS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WHOLE = re.compile(r"(-?)([1-9][0-9]{5,17})", re.ASCII)


def _encrypted(keyed: Keyed, label: Label, text: str) -> str | None:
    """Digits stay digits; with a letter among them, all are letters and digits."""
    radix = 10 if text.isdecimal() else 36
    if not text.isascii() or not text.isalnum() or len(text) > _LONGEST:
        return None
    try:
        numerals = keyed.encrypt([int(char, 36) for char in text], radix=radix, use=label)
    except SmallDomain:
        return None
    return "".join(_NUMERALS[numeral] for numeral in numerals)


def _identifier(keyed: Keyed, label: Label, value: str) -> str | None:
    secret = _encrypted(keyed, label, bare(value))
    return None if secret is None else grouped(secret, value.strip())


def _card(keyed: Keyed, label: Label, value: str) -> str | None:
    """The issuer (BIN) stays, the check digit is made right again."""
    if mask_card(value) is None:
        return None
    digits = bare(value)
    account = _encrypted(keyed, label, digits[_BIN:-1])
    if account is None:
        return None
    body = digits[:_BIN] + account
    return grouped(body + luhn_digit(body), value.strip())


def _iban(keyed: Keyed, label: Label, value: str) -> str | None:
    """The country stays, the check digits are made right again."""
    compact = bare(value)
    account = _encrypted(keyed, label, compact[4:]) if mask_iban(value) else None
    return None if account is None else grouped(iban(compact[:2], account), value.strip())


def _phone(keyed: Keyed, label: Label, value: str) -> str | None:
    digits = bare(value)
    if mask_phone(value) is None or not digits.isdecimal():
        return None
    secret = _encrypted(keyed, label, digits[-_SUBSCRIBER:])
    return None if secret is None else grouped(digits[:-_SUBSCRIBER] + secret, value.strip())


TEXTS: Mapping[Label, Callable[[Keyed, Label, str], str | None]] = MappingProxyType(
    {
        Label.PHONE: _phone,
        Label.SSN: _identifier,
        Label.NATIONAL_ID: _identifier,
        Label.PASSPORT: _identifier,
        Label.DRIVER_LICENSE: _identifier,
        Label.CREDIT_CARD: _card,
        Label.IBAN: _iban,
        Label.BANK_ACCOUNT: _identifier,
        Label.MRN: _identifier,
        Label.HEALTH_ID: _identifier,
    }
)


def whole_number(keyed: Keyed, label: Label, value: str, *, below: int) -> str | None:
    """A whole number of as many digits, smaller than `below`: encrypted again until it is one (cycle walking)."""
    found = _WHOLE.fullmatch(value)
    if not found or int(found[2]) >= below:
        return None
    secret = _encrypted(keyed, label, found[2])
    while secret is not None and (secret[0] == "0" or int(secret) >= below):
        secret = _encrypted(keyed, label, secret)
    return None if secret is None else found[1] + secret
