"""Synthetic values from ranges that are reserved for examples, so that nobody is meant by them.

555-01xx numbers (ATIS-0300115), example.com/.org/.net (RFC 2606), SSN area 666 (never assigned), TEST-NET addresses
(RFC 5737, RFC 3849), test card numbers of the issuers, IBANs of bank zero. People are called Sample or Specimen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import IPv6Address, ip_interface
from types import MappingProxyType

from catalog.maskers.shapes import bare, grouped, iban, plain
from catalog.maskkey import Keyed
from catalog.model import Label

GIVEN = ("Alex", "Ariel", "Casey", "Charlie", "Devon", "Eden", "Finley", "Harper", "Jamie", "Jordan", "Kai", "Morgan",
         "Quinn", "Riley", "Robin", "Taylor")  # fmt: skip
SURNAMES = ("Sample", "Specimen")
CARDS = ("4111111111111111", "5555555555554444", "378282246310005", "6011111111111117")
HOSTS = ("example.com", "example.org", "example.net")
_TEST_NETS = ("192.0.2", "198.51.100", "203.0.113")
_MOST_OF_V4 = 254


def _person(number: int, _value: str) -> str:
    return f"{GIVEN[number % 16]} {SURNAMES[number // 16 % 2]}"


def _email(number: int, value: str) -> str:
    mailbox = _person(number, value).lower().replace(" ", ".")
    return f"{mailbox}.{number // 32 % 10_000:04d}@{HOSTS[number // 320_000 % 3]}"


def _phone(number: int, _value: str) -> str:
    return f"+1{2 + number % 8}{number // 8 % 10}{number // 80 % 9}55501{number // 720 % 100:02d}"


def _address(number: int, _value: str) -> str:
    return f"{number % 999 + 1} Example Street"


def _ssn(number: int, value: str) -> str | None:
    digits = f"666{1 + number % 99:02d}{1 + number // 99 % 9999:04d}"
    return grouped(digits, value.strip()) if len(bare(value)) == 9 else f"{digits[:3]}-{digits[3:5]}-{digits[5:]}"


def _card(number: int, value: str) -> str:
    card = CARDS[number % len(CARDS)]
    return grouped(card, value.strip()) if len(bare(value)) == len(card) else card


def _iban(number: int, value: str) -> str:
    country = bare(value)[:2]
    known = len(country) == 2 and country.isascii() and country.isalpha()
    return iban(country if known else "DE", "0" * 8 + f"{number % 10**10:010d}")


def _address_of_host(number: int, value: str) -> str:
    host = ip_interface(value.strip().partition("%")[0])
    made = f"{_TEST_NETS[number % 3]}.{1 + number // 3 % _MOST_OF_V4}"
    if host.version == 6:
        made = str(IPv6Address(0x20010DB8 << 96 | number % 2**64))
    return f"{made}/{host.max_prefixlen}" if "/" in value else made


TEXTS: Mapping[Label, Callable[[int, str], str | None]] = MappingProxyType(
    {
        Label.PERSON: _person,
        Label.EMAIL: _email,
        Label.PHONE: _phone,
        Label.ADDRESS: _address,
        Label.SSN: _ssn,
        Label.CREDIT_CARD: _card,
        Label.IBAN: _iban,
        Label.IP: _address_of_host,
    }
)


def synthetic(keyed: Keyed, label: Label, value: str) -> str | None:
    return TEXTS[label](keyed.number(f"synthetic {label}", plain(value)), value)
