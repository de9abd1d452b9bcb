"""What one value looks like, as numbers between about -1 and 2: characters, lengths, dates, checks. Never the value.

Hand-written loops and one linear pattern a value; no pattern here repeats inside a repeat.
"""

from __future__ import annotations

import math
import re
from collections import Counter

from stdnum import luhn

from catalog.detectors import DETECTORS
from catalog.detectors.base import digits_of
from catalog.detectors.person import is_firm, is_given_name

CHARS = 300  # of a value that are looked at here
_LENGTHS = (2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 19)  # upper ends of the classes of all-digit values
_MARKS = "-./:,_@%#&+()\n="
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](\d\d):(\d\d)\S{0,20})?", re.ASCII)
_OTHER_DATE = re.compile(r"\d{1,2}[-/. ]{1,2}(?:\d{1,2}|[A-Za-z]{3,9})[-/., ]{1,2}(\d{4}|\d\d)", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.I)
_CODE = re.compile(r"[A-Z]{1,6}[-_ /]?\d{2,20}", re.ASCII | re.I)
_HEX = frozenset("0123456789abcdefABCDEF")
_VOWELS = frozenset("aeiouyAEIOUY")
_LETTER_NAMES = (
    *("length", "digits", "lower", "upper", "spaces", "punctuation", "foreign", "han", "cyrillic", "arabic", "indic"),
    *("words", "titled words", "loud words", "vowels", "entropy", "known given name", "firm", "code shape"),
)
_DIGIT_NAMES = (
    *("all digits", *(f"digits to {end}" for end in _LENGTHS), "digits more", "leading zero", "digit count"),
    *("luhn", "number", "decimals", "within 90", "within 180", "negative", "year"),
)
_FORM_NAMES = (
    *("date", "other date", "time of day", "era", "since 2012", "midnight", "hex", "hex of a digest", "uuid"),
    *("dotted quad", "private address", "mac", "wordless", "first sign", *(f"mark {mark!r}" for mark in _MARKS)),
)
CHECK_NAMES = tuple(f"looks like {detector.label}" for detector in DETECTORS)
NAMES = (*_LETTER_NAMES, *_DIGIT_NAMES, *_FORM_NAMES, *CHECK_NAMES)
"""One name for each number that `describe` returns."""


def describe(text: str) -> list[float]:
    """The measured numbers of one value that is not blank, without the checks. Total: never raises on any text."""
    short = text[:CHARS]
    bits = entropy(short)
    return [*_letters(short, bits), *_digits(short), *_forms(short, bits)]


def _kind_of(char: str) -> str:
    if char.isdecimal():
        return "d"
    if char.isalpha():
        return ("v" if char in _VOWELS else "l") if char.islower() else ("V" if char in _VOWELS else "U")
    return "s" if char == " " else "p"


_KINDS = str.maketrans({chr(code): _kind_of(chr(code)) for code in range(128)})


def _counts(text: str) -> tuple[int, int, int, int, int]:
    """How many digits, small letters, capitals, vowels and foreign letters."""
    if text.isascii():
        kinds = text.translate(_KINDS)
        vowels, loud = kinds.count("v"), kinds.count("V")
        return kinds.count("d"), kinds.count("l") + vowels, kinds.count("U") + loud, vowels + loud, 0
    return (
        sum(map(str.isdecimal, text)),
        sum(map(str.islower, text)),
        sum(map(str.isupper, text)),
        sum(char in _VOWELS for char in text),
        sum(char > "\u007f" and char.isalpha() for char in text),
    )


def _letters(text: str, bits: float) -> list[float]:
    total, spaces = len(text), text.count(" ")
    digits, lower, upper, vowels, foreign = _counts(text)
    scripts = _scripts(text) if foreign else (0.0, 0.0, 0.0, 0.0)
    found = text.split()
    titled = sum(word[0].isupper() or not word[0].isascii() for word in found)
    lettered = digits < total
    return [
        math.log1p(total) / 5,
        digits / total,
        lower / total,
        upper / total,
        spaces / total,
        (total - digits - lower - upper - spaces) / total if not foreign else 0.0,
        foreign / total,
        *scripts,
        min(len(found), 12) / 6,
        titled / max(1, len(found)),
        float(text.isupper()),
        vowels / max(1, lower + upper),
        bits / 5,
        float(lettered and any(map(is_given_name, found[:4]))),
        float(lettered and is_firm(text)),
        float(_CODE.fullmatch(text) is not None),
    ]


def _scripts(text: str) -> tuple[float, float, float, float]:
    total = len(text)
    han = sum("\u3040" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" for char in text)
    cyrillic = sum("\u0370" <= char <= "\u052f" for char in text)
    arabic = sum("\u0590" <= char <= "\u06ff" for char in text)
    indic = sum("\u0900" <= char <= "\u0eff" for char in text)
    return han / total, cyrillic / total, arabic / total, indic / total


def entropy(text: str) -> float:
    """Bits a character (Shannon)."""
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in Counter(text).values())


def _digits(text: str) -> list[float]:
    digits = digits_of(text)
    count = len(digits)
    bare = count == len(text)
    lengths = [0.0] * (len(_LENGTHS) + 1)
    if bare:
        lengths[next((place for place, end in enumerate(_LENGTHS) if count <= end), len(_LENGTHS))] = 1.0
    checked = 12 <= count <= 19 and count >= len(text) - 4 and bool(luhn.is_valid(digits))
    return [
        *(float(bare), *lengths, float(bare and digits[:1] == "0"), min(count, 24) / 12, float(checked)),
        *_number(text, digits),
    ]


def _number(text: str, digits: str) -> list[float]:
    body = text.removeprefix("-")
    whole, dot, rest = body.partition(".")
    if not (1 <= len(whole) <= 15 and whole.isascii() and whole.isdecimal() and (not dot or rest.isdecimal())):
        return [0.0] * 6
    size = int(whole)
    decimals = min(len(rest), 8) / 4
    year = not dot and len(whole) == 4 and 1900 <= size <= 2035
    return [1.0, decimals, float(size < 90), float(size < 180), float(body != text), float(year)]


def _forms(text: str, bits: float) -> list[float]:
    plain = text.replace(":", "").replace("-", "")
    is_hex = len(plain) >= 8 and not plain.isdecimal() and _HEX.issuperset(plain)
    return [
        *_dates(text),
        float(is_hex),
        float(is_hex and len(text) in (32, 40, 56, 64, 96, 128)),
        float(len(text) == 36 and _UUID.fullmatch(text) is not None),
        *_addresses(text),
        float(is_hex and len(text) == 17 and len(plain) == 12),
        float(len(text) >= 16 and " " not in text and bits > 3.2),
        float(not text[0].isalnum()),
        *([0.0] * len(_MARKS) if text.isalnum() else [min(text.count(mark), 4) / 2 for mark in _MARKS]),
    ]


def _dates(text: str) -> list[float]:
    if found := _DATE.match(text):
        time = found[4] is not None
        return [1.0, 0.0, float(time), *_era(int(found[1])), float(time and found[4] + found[5] == "0000")]
    if other := _OTHER_DATE.match(text):
        year = int(other[1])
        full = year if year > 99 else year + (1900 if year > 30 else 2000)
        return [0.0, 1.0, float(":" in text), *_era(full), 0.0]
    return [0.0] * 6


def _era(year: int) -> tuple[float, float]:
    return max(-1.0, min(1.5, (year - 1900) / 100)), float(year >= 2012)


def _addresses(text: str) -> list[float]:
    parts = text.split(".")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 3 for part in parts):
        return [0.0, 0.0]
    private = (
        parts[0] in ("10", "127", "0")
        or parts[:2] == ["192", "168"]
        or (parts[0] == "172" and "16" <= parts[1] <= "31")
    )
    return [1.0, float(private)]
