"""Numbers that pass the checks their detectors make, drawn from ranges that belong to nobody.

Cards: the test ranges of the card schemes (ISO/IEC 7812 Luhn). IBAN: ISO 13616, ISO 7064 mod 97-10.
Phones: numbers that each country's plan allows; in the United States those set aside for fiction.
"""

from __future__ import annotations

from random import Random

from stdnum import iban, luhn
from stdnum.es import ccc

# Prefix and length of card numbers that the schemes publish for tests.
CARD_RANGES = (
    ("411111", 16),
    ("424242", 16),
    ("400005", 16),
    ("555555", 16),
    ("510510", 16),
    ("222300", 16),
    ("378282", 15),
    ("371449", 15),
    ("601111", 16),
)

# Country to BBAN shape: n = digit (ISO 13616 registry; French keys are drawn, not computed).
BBAN_DIGITS = {"DE": 18, "PL": 24, "PT": 21, "AT": 16, "DK": 14}

PHONES = {
    "en_US": ("+1 {a}-555-01{dd}", "({a}) 555-01{dd}", "+1{a}55501{dd}"),
    "en_GB": ("+44 7911 {ddd}{ddd}", "07911 {ddd}{ddd}", "020 7946 0{ddd}"),
    "de_DE": ("+49 171 39200{dd}", "030 23125{ddd}", "+49 40 66969{ddd}"),
    "fr_FR": ("+33 6 12 {dd} {dd} {dd}", "06 12 {dd} {dd} {dd}", "01 42 68 {dd} {dd}"),
    "es_ES": ("+34 6{dd} {ddd} {ddd}", "9{dd} {ddd} {ddd}"),
    "pt_BR": ("+55 11 9{dddd}-{dddd}", "(21) 9{dddd}-{dddd}"),
    "ja_JP": ("+81 90-{dddd}-{dddd}", "080-{dddd}-{dddd}", "03-{dddd}-{dddd}"),
    "pl_PL": ("+48 5{dd} {ddd} {ddd}", "6{dd} {ddd} {ddd}"),
}
US_AREAS = ("202", "212", "303", "312", "404", "415", "503", "617", "713", "919")


def digits(rng: Random, count: int) -> str:
    """`count` decimal digits; leading zeros are kept."""
    return f"{rng.randrange(10**count):0{count}d}"


def with_luhn(body: str) -> str:
    """`body` and its Luhn check digit."""
    return body + luhn.calc_check_digit(body)


def card_number(rng: Random) -> str:
    prefix, length = rng.choice(CARD_RANGES)
    return with_luhn(prefix + digits(rng, length - len(prefix) - 1))


def grouped(number: str) -> str:
    """A card number as people type it: 4-4-4-4, or 4-6-5 for fifteen digits."""
    if len(number) == 15:
        return f"{number[:4]} {number[4:10]} {number[10:]}"
    return " ".join(number[at : at + 4] for at in range(0, len(number), 4))


def tracking_number(rng: Random) -> str:
    """A parcel number of sixteen digits that passes Luhn and is no card (no scheme issues under 9)."""
    return with_luhn("96" + digits(rng, 13))


def iban_of(rng: Random, country: str) -> str:
    bban = _spanish_bban(rng) if country == "ES" else digits(rng, BBAN_DIGITS[country])
    return country + iban.calc_check_digits(f"{country}00{bban}") + bban


def _spanish_bban(rng: Random) -> str:
    """Spain's BBAN has check digits of its own (código cuenta cliente)."""
    bank, account = digits(rng, 8), digits(rng, 10)
    return bank + ccc.calc_check_digits(f"{bank}00{account}") + account


def phone_number(rng: Random, locale: str) -> str:
    number = rng.choice(PHONES[locale]).replace("{a}", rng.choice(US_AREAS))
    for width in (4, 3, 2):
        hole = "{" + "d" * width + "}"
        while hole in number:
            number = number.replace(hole, digits(rng, width), 1)
    return number


def ssn(rng: Random) -> str:
    """A United States social security number of a shape that can have been issued (no 000, 666 or 9xx area)."""
    area = rng.randrange(1, 899)
    area += area >= 666
    return f"{area:03d}-{rng.randrange(1, 100):02d}-{rng.randrange(1, 10000):04d}"


def sku(rng: Random) -> str:
    """A stock number that looks like a social security number and is none."""
    return f"{rng.randrange(100, 900)}-{rng.randrange(10, 100)}-{rng.randrange(1000, 10000)}"


def hexadecimal(rng: Random, count: int) -> str:
    return f"{rng.getrandbits(4 * count):0{count}x}"
