"""Characters that a person does not see, or takes for others. Sources: UTS #39, UAX #9, Trojan Source (2021)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

Found = tuple[str, str, int]
"""Code, reason, index of the first such character."""

_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS = frozenset("\u200e\u200f\u061c")
_JOINERS = frozenset("\u200c\u200d")
_JOINED_SCRIPTS = ("ARABIC", "DEVANAGARI", "BENGALI", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "GUJARATI", "GURMUKHI",
                   "ORIYA", "SINHALA", "KHMER", "MYANMAR", "MONGOLIAN", "SYRIAC", "TIBETAN", "THAI", "LAO")  # fmt: skip
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800\u00ad\u034f\u17b4\u17b5\u180e")
"""Drawn as nothing though they are no format characters."""
_REASONS = {
    "tag-characters": "Tag characters: text that models read and people do not see.",
    "bidirectional": "Characters that change the direction of writing: it reads otherwise than it is.",
    "control": "Control characters, which terminals obey.",
    "invisible": "Characters that are not shown.",
    "private-use": "Characters without a meaning of their own.",
}

_CONFUSABLE = str.maketrans(
    "аевкмнорстухіјѕԁԛԝһӏАВЕКМНОРСТУХІЈЅԌԚԜαορτυνικχΑΒΕΖΗΙΚΜΝΟΡΤΥΧɑɡıⅼ",
    "aebkmhopctyxijsdqwhlABEKMHOPCTYXIJSGQWaoptuvikxABEZHIKMNOPTYXagil",
)
"""Letters that most typefaces draw like a Latin one."""
_DIGITS = str.maketrans("015|", "olsl")
_WORD = re.compile(r"[^\W\d_]{2,64}")


def hidden_characters(text: str) -> Iterator[Found]:
    """One find for each kind of character; joiners of emoji and of scripts that need them are not meant."""
    if text.isascii() and text.isprintable():
        return
    seen: set[str] = set()
    for at, char in enumerate(text):
        code = _code(char)
        if code and code not in seen and not _at_home(text, at, char):
            seen.add(code)
            yield code, _REASONS[code], at


def mixed_scripts(text: str) -> Iterator[str]:
    """Words of Latin letters with others in between that look like Latin ones."""
    if text.isascii():
        return
    for word in _WORD.findall(text):
        if not word.isascii() and {"LATIN"} < {_script(char) for char in word} & {"LATIN", "CYRILLIC", "GREEK"}:
            yield word


def readable(text: str) -> str:
    """The text as a model may understand it: hidden characters gone, look-alikes and tag characters as ASCII."""
    if text.isascii():
        return text
    plain = "".join(_untagged(char) for char in text)
    return unicodedata.normalize("NFKC", plain).translate(_CONFUSABLE)


def skeleton(name: str) -> str:
    """What two names have in common when they read the same (UTS #39 §4, with a small table)."""
    lowered = readable(name).casefold().translate(_DIGITS)
    bare = "".join(char for char in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(char))
    return bare.replace("rn", "m").replace("vv", "w").replace("-", "_").replace("i", "l")


def _code(char: str) -> str:
    if char in "\n\t\r" or " " <= char <= "~":
        return ""
    if "\U000e0000" <= char <= "\U000e01ef":
        return "tag-characters"
    if char in _BIDI:
        return "bidirectional"
    category = unicodedata.category(char)
    if category == "Cf" or char in _BLANK or category in ("Zl", "Zp"):
        return "invisible"
    return {"Cc": "control", "Co": "private-use", "Cs": "control", "Cn": "private-use"}.get(category, "")


def _at_home(text: str, at: int, char: str) -> bool:
    """A joiner between emoji or after a letter of a script that uses it; a mark of direction beside such writing."""
    before = text[at - 1] if at else ""
    if char in _JOINERS:
        return bool(before) and (_emoji(before) or _script(before) in _JOINED_SCRIPTS)
    if char in _MARKS:
        near = text[max(0, at - 40) : at + 40]
        return any(unicodedata.bidirectional(each) in ("R", "AL") for each in near if each not in _MARKS)
    return False


def _emoji(char: str) -> bool:
    return char == "\ufe0f" or unicodedata.category(char) == "So" or "\U0001f3fb" <= char <= "\U0001f3ff"


def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def _untagged(char: str) -> str:
    if "\U000e0020" <= char <= "\U000e007e":
        return chr(ord(char) - 0xE0000)
    return "" if _code(char) in ("tag-characters", "bidirectional", "invisible", "control") else char
