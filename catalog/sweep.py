"""Sweeps cells that were judged clean for hard evidence: what proves by itself that it should not be there.

One pass of the engine over all cells joined; only cells with an anchor in them are looked at more closely. Text is
folded first (`catalog.unfold`), encodings are opened two levels deep (`catalog.embedded`). Build ids, hashes, UUIDs,
versions and order numbers are no evidence.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import re2

from catalog.embedded import ENCODINGS, layers, says_nothing
from catalog.evidence.engine import Engine, Kind, available, engine
from catalog.evidence.patterns import PATTERNS, Pattern
from catalog.model import Label
from catalog.unfold import Unfolded, unfold

DEPTH = 2
ENDLESS = 1 << 62
_SEPARATOR = "\x00"
_FOREIGN = re.compile(rb"[\x80-\xff]+[^\x00]*")
_PROOFS = tuple(pattern.anchor for pattern in PATTERNS)
_ANCHORS = (*_PROOFS, *(encoding.anchor for encoding in ENCODINGS))


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """Characters `start` to `end` of the raw text of one cell are `label`. Hits of a cell do not overlap."""

    cell: int
    start: int
    end: int
    label: Label


def sweep(cells: Sequence[str], *, kind: Kind | None = None, depth: int = DEPTH) -> list[Hit]:
    """Hard evidence in the cells, in order. `kind` picks the engine, None = the fastest there is. Never raises on text.

    Speed: hundreds of megabytes a second on one core where nothing is found.
    """
    return _settled(_swept(cells, _engine(kind or available()[0]), depth)) if cells else []


def labels_in(cells: bytes, ends: Sequence[int], *, most: int = ENDLESS) -> tuple[set[Label], int]:
    """What `sweep` finds in cells as they stand on a wire: in UTF-8, each behind a NUL byte, ending at `ends`.

    Text is made only of cells with an anchor in them, or with anything that is not ASCII. Of cells that look encoded
    and nothing else, `most` are opened; how many were.
    """
    proofs: set[int] = set()
    carriers: set[int] = set()
    find = engine(_ANCHORS if most > 0 else _PROOFS, available()[0])
    for number, end in find(cells):
        (proofs if number < len(PATTERNS) else carriers).add(bisect_right(ends, end - 2))
    if not cells.isascii():
        proofs.update(bisect_right(ends, found.start()) for found in _FOREIGN.finditer(cells))
    opened = sorted(carriers - proofs)[:most]
    proofs.update(cell for cell in opened if not says_nothing(_cell(cells, ends, cell)))
    if not proofs:
        return set(), len(opened)
    texts = [_cell(cells, ends, index).decode("utf-8", "surrogateescape") for index in sorted(proofs)]
    return {hit.label for hit in sweep(texts)}, len(opened)


def _cell(cells: bytes, ends: Sequence[int], index: int) -> bytes:
    start = ends[index - 1] + 1 if index else 1
    return cells[start : ends[index]]


def warm() -> None:
    """Compile what `sweep` needs now instead of at its first call (about 0.1 s)."""
    _engine(available()[0])
    engine(_PROOFS, available()[0])


def _engine(kind: Kind) -> Engine:
    return engine(_ANCHORS, kind)


@lru_cache(maxsize=256)
def exact(expression: str) -> Any:
    """The compiled exact form; remembered because it is a pure function of its text."""
    options = re2.Options()
    options.max_mem = 64 << 20
    options.log_errors = False
    return re2.compile(expression, options)


def _swept(cells: Sequence[str], find: Engine, depth: int) -> Iterator[tuple[int, int, Hit]]:
    """(cell, rank of the pattern, hit); lower ranks win."""
    folded, touched = _touched(cells, find)
    inner: list[tuple[int, int, int, str]] = []
    for cell, numbers in touched.items():
        seen = folded[cell]
        for number in sorted(numbers):
            if number < len(PATTERNS):
                for start, end in spans(PATTERNS[number], seen.text):
                    yield cell, number, Hit(cell, *seen.back(start, end), PATTERNS[number].label)
            elif depth:
                for layer in layers(seen.text, ENCODINGS[number - len(PATTERNS)]):
                    inner.append((cell, *seen.back(layer.start, layer.end), layer.text))
    if inner:
        for _cell, rank, hit in _swept([text for *_place, text in inner], find, depth - 1):
            cell, start, end, _text = inner[hit.cell]
            yield cell, rank, Hit(cell, start, end, hit.label)


def _touched(cells: Sequence[str], find: Engine) -> tuple[dict[int, Unfolded], dict[int, set[int]]]:
    """Which anchors were seen in which cells, and these cells folded."""
    joined = _SEPARATOR.join(("", *cells))
    plain = joined.isascii()
    folded = {} if plain else {cell: unfold(text) for cell, text in enumerate(cells) if not text.isascii()}
    if folded:
        joined = _SEPARATOR.join(
            ("", *(folded[cell].text if cell in folded else text for cell, text in enumerate(cells)))
        )
    data = joined.encode("utf-8", "surrogatepass")
    touched: dict[int, set[int]] = defaultdict(set)
    hits = find(data)
    if hits:
        ends = _ends(data, len(joined), cells, folded=folded)
        for number, end in hits:
            touched[bisect_right(ends, end - 2)].add(number)
    return {cell: folded.get(cell) or Unfolded(cells[cell]) for cell in touched}, touched


def _ends(data: bytes, characters: int, cells: Sequence[str], *, folded: dict[int, Unfolded]) -> list[int]:
    """For every cell the offset of the byte behind it, less its leading separator's one byte each."""
    if len(data) == characters:
        lengths = [len(folded[cell].text) if cell in folded else len(text) for cell, text in enumerate(cells)]
    else:
        lengths = [
            len(folded[cell].text.encode("utf-8", "surrogatepass")) if cell in folded else len(text)
            for cell, text in enumerate(cells)
        ]
    return list(accumulate(length + 1 for length in lengths))


def spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Where the text holds what the pattern describes, confirmed."""
    compiled = exact(pattern.exact)
    group = compiled.groupindex.get("v", 0)
    for found in compiled.finditer(text):
        confirmed = pattern.check(text, *found.span(group))
        if confirmed:
            yield confirmed


def _settled(found: Iterator[tuple[int, int, Hit]]) -> list[Hit]:
    """Without overlaps: the pattern that stands first in the list keeps its place."""
    kept: dict[int, list[Hit]] = defaultdict(list)
    for cell, _rank, hit in sorted(found, key=lambda each: (each[0], each[1], each[2])):
        if not any(hit.start < other.end and other.start < hit.end for other in kept[cell]):
            kept[cell].append(hit)
    return sorted(hit for hits in kept.values() for hit in hits)
