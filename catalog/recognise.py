"""Knows masks again: so that what was hidden is not written back over what it hides.

Only forms that no real value has: tags, the stars of partial masks, pseudonyms and synthetic values from ranges that
nobody is given, names and tokens that carry the mark of the key. Generalised values, values under FF1 and pseudonyms
of identifiers and whole numbers look like any other value and are not known again.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from catalog.maskers.pseudonym import MARK, TOKEN_MARK
from catalog.maskers.shapes import SYLLABLES, letters, syllables
from catalog.maskers.synthetic import GIVEN, SURNAMES
from catalog.maskkey import Keyed
from catalog.maskkinds import Kind
from catalog.model import Label

_LABELS = "|".join(label for label in Label if label is not Label.COMPUTED)
_SYLLABLE = f"[{''.join(sorted({part[0] for part in SYLLABLES}))}][{''.join(sorted({part[1] for part in SYLLABLES}))}]"
_CAPITAL = f"[{''.join(sorted({part[0].upper() for part in SYLLABLES}))}]"
_VOWEL = f"[{''.join(sorted({part[1] for part in SYLLABLES}))}]"
_FIRST, _LAST = f"(?:{'|'.join(GIVEN)})", f"(?:{'|'.join(SURNAMES)})"

Form = tuple[Kind, "re.Pattern[str]"]
_FORMS: tuple[Form, ...] = (
    ("redact", re.compile(rf"\[(?:{_LABELS}|MASKED)\]")),
    ("partial", re.compile(r"[^\s@]?\*{3}@[^\s@]?\*{3}\.[^\W\d_]{1,18}")),
    ("partial", re.compile(r"(?<!\*)\*{7}\d\d(?!\d)")),
    ("partial", re.compile(r"\*{4} \*{4} \*{4} \d{4}")),
    ("partial", re.compile(r"[A-Z]{2}\*\* \*{4} \*{4} \*\*[0-9A-Z]{2}")),
    ("generalise", re.compile(r"(?<![^\s\"'(,])(?:[0-9][0-9A-Za-z]|[A-Za-z][0-9])\*{3}(?![^\s\"'),])")),
    ("pseudonym", re.compile(r"[a-z2-7]{12}@[a-z2-7]{8}\.example\b")),
    ("pseudonym", re.compile(r"\+999\d{11}(?!\d)")),
    ("pseudonym", re.compile(r"(?<!\d)9\d\d-[0-4]\d-\d{4}(?!\d)")),
    ("synthetic", re.compile(r"(?<!\d)666-\d\d-\d{4}(?!\d)")),
    (
        "synthetic",
        re.compile(rf"\b(?:{'|'.join(GIVEN)})\.(?:{'|'.join(SURNAMES)})\.\d{{4}}@example\.(?:com|org|net)", re.I),
    ),
    ("synthetic", re.compile(rf"\b(?:{'|'.join(GIVEN)}) (?:{'|'.join(SURNAMES)})\b")),
)
_NAME = re.compile(rf"\b({_CAPITAL}{_VOWEL}(?:{_SYLLABLE}){{3}}) ({_CAPITAL}{_VOWEL}(?:{_SYLLABLE}){{4}})\b")
_TOKEN = re.compile(rf"\[(?:{_LABELS}):([a-z2-7]{{8}})([a-z2-7]{{4}})\]")


def recognised(text: str, keyed: Keyed | None = None) -> Kind | None:
    """The kind of a mask that `text` holds, None if none is known. Without a key its marks are not known."""
    if keyed is not None and (_holds(_NAME, text, _named(keyed)) or _holds(_TOKEN, text, _tokened(keyed))):
        return "pseudonym"
    return next((kind for kind, form in _FORMS if form.search(text)), None)


def _holds(form: re.Pattern[str], text: str, is_marked: Callable[[re.Match[str]], bool]) -> bool:
    return any(is_marked(found) for found in form.finditer(text))


def _named(keyed: Keyed) -> Callable[[re.Match[str]], bool]:
    def is_marked(found: re.Match[str]) -> bool:
        name = (found[1] + found[2]).lower()
        return syllables(keyed.mark(name[:12], MARK), 3) == name[12:]

    return is_marked


def _tokened(keyed: Keyed) -> Callable[[re.Match[str]], bool]:
    return lambda found: letters(keyed.mark(found[1], TOKEN_MARK), 4) == found[2]
