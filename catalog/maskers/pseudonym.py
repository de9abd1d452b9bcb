"""Pseudonyms: a made-up value of the same kind, the same one for the same value within a scope.

Where a kind has a range that no real value can be in, the pseudonym is taken from there: `.example` (RFC 2606), +999
(ITU-T E.164, not assigned), cards of the unassigned country 999 (ISO/IEC 7812-1), IBANs of bank 0000…, SSNs of the
areas 900 to 999 with groups 00 to 49, 240.0.0.0/4 (RFC 1112) and 2001:db8::/32 (RFC 3849). Names, addresses and
tokens carry a mark that only the key can make. `catalog.recognise` knows them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address, ip_interface
from types import MappingProxyType
from uuid import UUID

from catalog.maskers.card import mask_card
from catalog.maskers.dob import read_day
from catalog.maskers.email import mask_email
from catalog.maskers.iban import mask_iban
from catalog.maskers.phone import mask_phone
from catalog.maskers.shapes import bare, grouped, iban, letters, luhn_digit, plain, syllables
from catalog.maskkey import Keyed
from catalog.model import Label

Draw = Callable[[Keyed, Label, str], str | None]
"""The pseudonym of a value, or None: not the kind of value expected."""

MARK = 1 << 18  # marks of names are below this, so one in 262,144 made-up names of others looks like ours
TOKEN_MARK = 1 << 20
_SHIFT_DAYS = 180
_LEAST_FREE = 1_000_000
_DIGITS, _CAPITALS = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def token(keyed: Keyed, label: Label, value: str) -> str:
    """`[DIAGNOSIS:k3qm7x2a]`: for values that have no shape to keep."""
    body = letters(keyed.number(label, plain(value)), 8)
    return f"[{label}:{body}{letters(keyed.mark(body, TOKEN_MARK), 4)}]"


def _email(keyed: Keyed, label: Label, value: str) -> str | None:
    """Mailboxes of one domain share a made-up domain."""
    if mask_email(value) is None:
        return None
    address = plain(value)
    body = letters(keyed.number(label, address), 12)
    domain = letters(keyed.number("domain", address.partition("@")[2]), 8)
    return f"{body}@{domain}.example"


def person_name(keyed: Keyed, body: int) -> str:
    """36 bits of body, 18 of mark: `Tavilore Mukasedobi`."""
    word = syllables(body, 6)
    text = word + syllables(keyed.mark(word, MARK), 3)
    return f"{text[:8].capitalize()} {text[8:].capitalize()}"


def _person(keyed: Keyed, label: Label, value: str) -> str | None:
    return person_name(keyed, keyed.number(label, plain(value))) if plain(value) else None


def _address(keyed: Keyed, label: Label, value: str) -> str | None:
    number = keyed.number(label, plain(value))
    return f"{number % 999 + 1} {person_name(keyed, number >> 16)} Street" if plain(value) else None


def _phone(keyed: Keyed, label: Label, value: str) -> str | None:
    if mask_phone(value) is None:
        return None
    return f"+999{keyed.number(label, bare(value)) % 10**11:011d}"


def _ssn(keyed: Keyed, label: Label, value: str) -> str | None:
    digits = bare(value)
    if len(digits) != 9 or not digits.isdecimal():
        return None
    number = keyed.number(label, digits)
    area, group, serial = 900 + number % 100, number // 100 % 50, 1 + number // 5000 % 9999
    return grouped(f"{area}{group:02d}{serial:04d}", value.strip())


def _card(keyed: Keyed, label: Label, value: str) -> str | None:
    if mask_card(value) is None:
        return None
    digits = bare(value)
    free = len(digits) - 4
    body = "999" + str(keyed.number(label, digits) % 10**free).zfill(free)
    return grouped(body + luhn_digit(body), value.strip())


def _iban(keyed: Keyed, label: Label, value: str) -> str | None:
    """The account of a bank of zeros, as many as leave room for seven digits."""
    compact = bare(value)
    free = len(compact) - 4 - 8
    if mask_iban(value) is None or free < 7:
        return None
    account = "0" * 8 + str(keyed.number(label, compact) % 10**free).zfill(free)
    return grouped(iban(compact[:2], account), value.strip())


def _identifier(keyed: Keyed, label: Label, value: str) -> str | None:
    """Digit for digit and letter for letter; None where fewer than a million values have this shape."""
    text, number, free, out = bare(value), keyed.number(label, bare(value)), 1, []
    for char in value.strip():
        if not char.isalnum():
            out.append(char)
            continue
        choices = _DIGITS if char.isdecimal() else _CAPITALS if char.isupper() else _CAPITALS.lower()
        number, index = divmod(number, len(choices))
        free *= len(choices)
        out.append(choices[index])
    return "".join(out) if text and free >= _LEAST_FREE and len(text) <= 40 else None


def _birthday(keyed: Keyed, label: Label, value: str) -> str | None:
    """Moved by up to half a year, never by nothing. The distance hangs on the whole date."""
    day = read_day(value)
    if day is None:
        return None
    number = keyed.number(label, day.isoformat())
    days = 1 + number // 2 % _SHIFT_DAYS
    try:
        return (day + timedelta(days if number % 2 else -days)).isoformat()
    except OverflowError:
        return None


def _address_of_host(keyed: Keyed, label: Label, value: str) -> str | None:
    if "%" in value or len(value) > 64:
        return None
    try:
        host = ip_interface(value.strip())
    except ValueError:
        return None
    number = keyed.number(label, str(host.ip))
    if host.version == 4:
        made: IPv4Address | IPv6Address = IPv4Address(0xF0000000 | number % (2**28 - 1))
    else:
        made = IPv6Address(0x20010DB8 << 96 | number % 2**96)
    return f"{made}/{host.max_prefixlen}" if "/" in value else str(made)


TEXTS: Mapping[Label, Draw] = MappingProxyType(
    {
        Label.PERSON: _person,
        Label.EMAIL: _email,
        Label.PHONE: _phone,
        Label.ADDRESS: _address,
        Label.DOB: _birthday,
        Label.SSN: _ssn,
        Label.NATIONAL_ID: _identifier,
        Label.PASSPORT: _identifier,
        Label.DRIVER_LICENSE: _identifier,
        Label.CREDIT_CARD: _card,
        Label.IBAN: _iban,
        Label.BANK_ACCOUNT: _identifier,
        Label.MRN: _identifier,
        Label.HEALTH_ID: _identifier,
        Label.IP: _address_of_host,
    }
)

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)


def whole_number(keyed: Keyed, label: Label, value: str, *, digits: int) -> str | None:
    """A whole number of the same sign with up to `digits` digits. None below six: too few to hide among."""
    if digits < 6 or not _WHOLE.fullmatch(value):
        return None
    sign, size = ("-", value[1:]) if value.startswith("-") else ("", value)
    return f"{sign}{10 ** (digits - 1) + keyed.number(label, size) % (9 * 10 ** (digits - 1))}"


def unique_id(keyed: Keyed, label: Label, value: str) -> str | None:
    """A UUID of version 8 (RFC 9562 §5.8) whose last 32 bits are the mark of the others."""
    try:
        text = str(UUID(value))
    except ValueError:
        return None
    return marked_uuid(keyed, keyed.number(label, text))


def marked_uuid(keyed: Keyed, number: int) -> str:
    head = number % 2**128 & ~(0xF << 76) & ~(0x3 << 62) & ~0xFFFFFFFF | 0x8 << 76 | 0x2 << 62
    return str(UUID(int=head | keyed.mark(f"{head >> 32:x}", 2**32)))
