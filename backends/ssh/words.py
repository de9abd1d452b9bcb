"""One word of a command line after the shell's expansions, as far as they are known before it runs.

The order is bash's own (manual, "Shell Expansions"): braces, tilde, parameters, commands,
arithmetic, splitting, file names. What is not known before the run stands as `UNKNOWN` in the text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

UNKNOWN = "\ufffc"
MAX_BRACES = 64  # words that one pair of braces may become; more is not followed


@dataclass(frozen=True, slots=True)
class Word:
    """`text` with `UNKNOWN` where a part is not known. `glob`: it holds a pattern for file names, unquoted.

    `splits`: an unknown part stands unquoted, so it may become several words, or none. `code` is the
    text that a process substitution would print, when known; `feeds`: it is such a substitution, and
    `fetched`: what it prints comes from another machine.
    """

    text: str
    glob: bool = False
    splits: bool = False
    quoted: bool = False
    feeds: bool = False
    code: str | None = None
    fetched: bool = False

    @property
    def known(self) -> bool:
        return UNKNOWN not in self.text

    @property
    def exact(self) -> bool:
        """Whether this is one word and its text is known to the last character."""
        return self.known and not self.glob and not self.splits

    @property
    def flag(self) -> bool:
        return len(self.text) > 1 and self.text.startswith("-")


NOTHING_KNOWN = Word(UNKNOWN, splits=True)


def literal(text: str) -> Word:
    return Word(text, quoted=True)


def joined(parts: list[Word]) -> Word:
    """The word that consists of these parts, written without a space between them."""
    if len(parts) == 1:
        return parts[0]
    return Word(
        "".join(part.text for part in parts),
        glob=any(part.glob for part in parts),
        splits=any(part.splits for part in parts),
        quoted=any(part.quoted for part in parts),
    )


def braces(word: Word) -> list[Word]:
    """`a{b,c}` as `ab` and `ac`, also nested; unknown where it would become too many."""
    found = [word]
    if word.quoted or "{" not in word.text:
        return found
    for _ in range(8):
        step = [piece for one in found for piece in _unbraced(one)]
        if len(step) > MAX_BRACES:
            return [NOTHING_KNOWN]
        if step == found:
            return found
        found = step
    return [NOTHING_KNOWN]


def _unbraced(word: Word) -> list[Word]:
    text = word.text
    opened = text.find("{")
    while opened >= 0:
        closed, commas = _closing(text, opened)
        inner = text[opened + 1 : closed] if closed > 0 else ""
        choices = _choices(text, opened, closed, commas) if commas else _range(inner)
        if closed > 0 and choices:
            head, tail = text[:opened], text[closed + 1 :]
            return [replace(word, text=f"{head}{choice}{tail}") for choice in choices]
        opened = text.find("{", opened + 1)
    return [word]


def _closing(text: str, opened: int) -> tuple[int, list[int]]:
    """Where the brace closes, and the commas of its own level. -1 when it does not close."""
    depth = 0
    commas: list[int] = []
    for index in range(opened, len(text)):
        character = text[index]
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return index, commas
        elif character == "," and depth == 1:
            commas.append(index)
    return -1, []


def _choices(text: str, opened: int, closed: int, commas: list[int]) -> list[str]:
    edges = [opened, *commas, closed]
    return [text[start + 1 : end] for start, end in pairwise(edges)]


def _range(inner: str) -> list[str]:
    first, dots, last = inner.partition("..")
    if not dots:
        return []
    if first.lstrip("-").isdigit() and last.lstrip("-").isdigit() and len(first) < 7 and len(last) < 7:
        low, high = int(first), int(last)
        if abs(high - low) >= MAX_BRACES:
            return [UNKNOWN]
        step = 1 if high >= low else -1
        return [str(value) for value in range(low, high + step, step)]
    if len(first) == 1 and len(last) == 1:
        low, high = sorted((ord(first), ord(last)))
        return [chr(code) for code in range(low, high + 1)][:MAX_BRACES]
    return []


def split(word: Word) -> list[Word]:
    """Word splitting of an unquoted expansion's known value (POSIX 2.6.5, with the usual IFS)."""
    return [replace(word, text=piece) for piece in word.text.split()]


_ESCAPES = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_WIDTHS = {"x": 2, "u": 4, "U": 8}


def ansi_c(body: str) -> str:
    """The text of `$'body'` (bash manual, "ANSI-C Quoting")."""
    found, index = [], 0
    while index < len(body):
        character = body[index]
        if character != "\\" or index + 1 == len(body):
            found.append(character)
            index += 1
            continue
        piece, index = _escape(body, index + 1)
        found.append(piece)
    return "".join(found)


def _escape(body: str, index: int) -> tuple[str, int]:
    """What the escape at `index` (after its backslash) stands for, and where it ends."""
    kind = body[index]
    if kind in _ESCAPES:
        return _ESCAPES[kind], index + 1
    if kind in _WIDTHS:
        digits = _digits(body, index + 1, _WIDTHS[kind], base=16)
        return (_character(int(digits, 16)), index + 1 + len(digits)) if digits else ("\\" + kind, index + 1)
    if kind in "01234567":
        digits = _digits(body, index, 3, base=8)
        return _character(int(digits, 8) & 0xFF), index + len(digits)
    if kind == "c" and index + 1 < len(body):
        return chr(ord(body[index + 1]) & 0x1F), index + 2
    return "\\" + kind, index + 1


def _digits(body: str, start: int, most: int, *, base: int) -> str:
    allowed = "0123456789abcdefABCDEF" if base == 16 else "01234567"
    end = start
    while end < len(body) and end < start + most and body[end] in allowed:
        end += 1
    return body[start:end]


def _character(code: int) -> str:
    return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else UNKNOWN
