"""Text as a reader sees it, with the way back: compatibility forms folded, invisible characters gone, ASCII digits.

`ｊｏｅ＠ａ．ｏｒｇ` and `joe\u200b@example.com` read like an address and must be found like one. Matching is
done on the folded text; `Unfolded.back` turns a place in it into the place in the raw text.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_INVISIBLE = frozenset("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u2060\u2061\u2062\u2063\u2064\ufeff")
_LOOKALIKE = {"‐": "-", "‑": "-", "‒": "-", "–": "-", "−": "-", "﹣": "-", "＠": "@", "﹫": "@", "․": ".", "。": "."}


@dataclass(frozen=True, slots=True)
class Unfolded:
    """`text` folded; `starts[i]` is where its character i begins in the raw text, empty = the same places.

    With one entry more than `text` has characters: where the raw text ends.
    """

    text: str
    starts: tuple[int, ...] = ()

    def back(self, start: int, end: int) -> tuple[int, int]:
        """The span of the raw text behind a span of the folded one."""
        return (self.starts[start], self.starts[end]) if self.starts else (start, end)


def unfold(text: str) -> Unfolded:
    """NFKC by character, zero-width characters removed, every digit as ASCII."""
    if text.isascii():
        return Unfolded(text)
    table = {ord(char): _fold(char) for char in set(text) if char > "\x7f"}
    folded = text.translate(table)
    if all(len(piece) == 1 for piece in table.values()):
        return Unfolded(folded)
    widths = [len(table.get(ord(char), char)) for char in text]
    starts = [place for place, width in enumerate(widths) for _ in range(width)]
    return Unfolded(folded, (*starts, len(text)))


@lru_cache(maxsize=8192)
def _fold(char: str) -> str:
    """One character as it reads. A pure function remembered, because alphabets are small."""
    if char in _INVISIBLE or unicodedata.category(char) == "Cf":
        return ""
    if "\ud800" <= char <= "\udfff":  # half a character; matching needs what UTF-8 can say
        return "\ufffd"
    if char in _LOOKALIKE:
        return _LOOKALIKE[char]
    digit = unicodedata.decimal(char, None)
    return str(digit) if digit is not None else unicodedata.normalize("NFKC", char)
