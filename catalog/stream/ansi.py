"""Terminal output as a reader sees it: escape sequences out, every visible character with its place in the raw text.

Source: ECMA-48 section 5.4 (control sequences) and 5.6 (control strings); XTerm Control Sequences for OSC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

ESCAPE = re.compile(
    "\x1b\\[[0-?]*[ -/]*[@-~]"  # CSI
    "|\x1b[\\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # OSC, DCS, SOS, PM, APC up to BEL or ST
    "|\x1b[ -/]+[0-~]"  # two or three characters, as in ESC ( B
    "|\x1b[0-Z\\\\`-~]"
    "|\x9b[0-?]*[ -/]*[@-~]"
)
OPEN = re.compile("(?:\x1b|\x9b)[^\n]{0,4096}\\Z")
_MOVES = re.compile("\x1b\\[([0-9]*)([CDGPXK@])")
_CONTROL = re.compile("[\x00-\x06\x07\x0e-\x1a\x1c-\x1f\x7f]")
_MANY = 4096  # columns of the line model


@dataclass(frozen=True, slots=True)
class View:
    """`text` is what is seen; `places[i]` is where its character i stands in the raw text, empty = the same places."""

    text: str
    places: tuple[int, ...] = ()

    def place(self, index: int) -> int:
        return self.places[index] if self.places else index


def plain(raw: str) -> bool:
    """Whether nothing in the text is invisible or moves the cursor within a line."""
    return "\x1b" not in raw and "\x9b" not in raw and "\b" not in raw and not _CONTROL.search(raw)


def view(raw: str) -> View:
    """The raw text without escape sequences and control characters, in the order in which it came."""
    if plain(raw):
        return View(raw)
    places: list[int] = []
    last = 0
    for found in ESCAPE.finditer(raw):
        places.extend(range(last, found.start()))
        last = found.end()
    places.extend(range(last, len(raw)))
    kept = [place for place in places if not _CONTROL.match(raw[place]) and raw[place] not in "\x1b\x9b"]
    return View("".join(raw[place] for place in kept), tuple(kept))


def open_escape(raw: str) -> int:
    """Where an escape sequence begins that the text cuts off; the text's length if none does."""
    at = max(raw.rfind("\x1b"), raw.rfind("\x9b"))
    if at < 0 or ESCAPE.match(raw, at) or not OPEN.match(raw, at):
        return len(raw)
    return at if at == 0 or raw[at - 1] != "\x1b" else at - 1


def redrawn(raw: str) -> bool:
    """Whether parts of a line are drawn over or out of order, so that what is seen is not what came."""
    body = raw.rstrip("\r\n")
    return "\r" in body or "\b" in body or any(found[2] in "CDGPX@" for found in _MOVES.finditer(body))


def screen(raw: str) -> View:
    """One line as it stands on the screen in the end: overwriting, backspace and cursor moves within the line done."""
    cells: dict[int, int] = {}
    column = at = 0
    while at < len(raw):
        escape = ESCAPE.match(raw, at)
        if escape:
            column = _moved(_MOVES.fullmatch(escape[0]), column, cells)
            at = escape.end()
            continue
        char = raw[at]
        if char == "\r":
            column = 0
        elif char == "\b":
            column = max(0, column - 1)
        elif char.isprintable() and column < _MANY:
            cells[column] = at
            column += 1
        at += 1
    row = [cells.get(place, -1) for place in range(max(cells, default=-1) + 1)]
    return View("".join(raw[place] if place >= 0 else " " for place in row), tuple(row))


def _moved(move: re.Match[str] | None, column: int, cells: dict[int, int]) -> int:
    if move is None:
        return column
    count = min(int(move[1] or "1") if len(move[1]) < 6 else _MANY, _MANY)
    match move[2]:
        case "C":
            return min(column + count, _MANY)
        case "D":
            return max(0, column - count)
        case "G":
            return max(0, count - 1)
        case "P":
            shifted = {
                place - count if place >= column + count else place: at
                for place, at in cells.items()
                if place < column or place >= column + count
            }
            cells.clear()
            cells.update(shifted)
        case "K" if move[1] in ("", "0"):
            for place in [place for place in cells if place >= column]:
                del cells[place]
        case "X":
            for place in range(column, column + count):
                cells.pop(place, None)
    return column
