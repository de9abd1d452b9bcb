"""What made-up values are built of: digits and pronounceable words out of numbers, check digits, normal forms."""

from __future__ import annotations

import unicodedata

_CONSONANTS, _VOWELS = "bdfgklmnprstvzjh", "aeio"
SYLLABLES = tuple(consonant + vowel for consonant in _CONSONANTS for vowel in _VOWELS)
"""64 of them: each is worth six bits."""

ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
"""Base 32 (RFC 4648) in small letters."""


def plain(value: str) -> str:
    """What counts as the same text: compatibility forms, case and runs of spaces do not differ."""
    return " ".join(unicodedata.normalize("NFKC", value).casefold().split())


def bare(value: str) -> str:
    """What counts as the same number: its letters and digits alone."""
    return "".join(char for char in unicodedata.normalize("NFKC", value).upper() if char.isalnum())


def syllables(number: int, count: int) -> str:
    return "".join(SYLLABLES[(number >> 6 * index) & 63] for index in range(count))


def letters(number: int, count: int) -> str:
    return "".join(ALPHABET[(number >> 5 * index) & 31] for index in range(count))


def luhn_digit(body: str) -> str:
    """The check digit after `body` (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, char in enumerate(reversed(body)):
        digit = int(char)
        total += digit if index % 2 else sum(divmod(2 * digit, 10))
    return str(-total % 10)


def iban(country: str, account: str) -> str:
    """With its check digits (ISO 13616, ISO/IEC 7064 MOD 97-10)."""
    number = int("".join(str(int(char, 36)) for char in account + country + "00"))
    return f"{country}{98 - number % 97:02d}{account}"


def grouped(digits: str, like: str) -> str:
    """`digits` with the separators that `like` has between its letters and digits, as far as both go."""
    rest, out = iter(digits), []
    for char in like:
        if char.isalnum():
            out.append(next(rest, ""))
        else:
            out.append(char)
    return "".join(out) + "".join(rest)
