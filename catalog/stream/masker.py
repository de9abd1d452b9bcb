"""Masks a stream of terminal output or log lines as it passes. No I/O: bytes in, bytes out.

Whole lines leave at once. A line without its end waits for `idle()`, which the owner calls when nothing has come for
some 25 ms; what could be the beginning of a longer word waits one round more. A private key waits for its END line.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from catalog.cellmask import PLAIN, Manner, cell_mask
from catalog.maskers.tag import tag
from catalog.model import Label
from catalog.prose import Span
from catalog.stream.ansi import View, open_escape, redrawn, screen, view
from catalog.stream.lines import find_in_lines
from catalog.stream.tables import Cell, TableReader

LONG_LINE = 8 << 10  # characters after which a line without end is let go of, up to its last blank
MOST_HELD = 64 << 10  # characters after which what is held is redacted
CONTEXT = 2 << 10  # characters of a line already shown in whose light the rest is read
OVERLAP = 512
PATIENCE = 40  # rounds of idle() after which an unfinished key is redacted
_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY")
_KEY_BEGINS = re.compile(r"-{1,5}(?:B(?:E(?:G(?:I(?:N[A-Z0-9 ]{0,44}-{0,5})?)?)?)?)?\Z")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,30}-----|\n(?=[^\n]*[^\sA-Za-z0-9+/=:,.\-][^\n]*\n)")
_WORD = re.compile(r"(?:[\d(+][\d ().\-]*|[^\s\[\]<>|\"'`$#]*[^\s\[\]<>|\"'`$#:>%])\Z")


@dataclass(slots=True)
class StreamMasker:
    """`feed`, `idle` and `close` return what may be shown. `counts` says how many values of a label were hidden."""

    manner: Manner = PLAIN
    revealed: frozenset[Label] = frozenset()
    counts: dict[Label, int] = field(default_factory=dict)
    _decoder: codecs.IncrementalDecoder = field(
        default_factory=lambda: codecs.getincrementaldecoder("utf-8")("surrogateescape")
    )
    _held: str = ""
    _line: str = ""  # the part of the present line that has been shown, raw
    _fresh: bool = False
    _rounds: int = 0
    _swallowing: bool = False
    _tables: TableReader = field(default_factory=TableReader)

    def feed(self, data: bytes) -> bytes:
        """Bytes that came; the answer holds whole lines only."""
        self._held += self._decoder.decode(data)
        self._fresh, self._rounds = True, 0
        return _bytes(self._released(self._ready()))

    def idle(self) -> bytes:
        """Nothing came for a while: prompts and other unfinished lines leave, a growing word one round later."""
        self._rounds += 1
        if self._swallowing or _KEY.search(self._held):
            return b"" if self._rounds < PATIENCE or self._swallowing else _bytes(self._drop_key())
        end = open_escape(self._held)
        begins = _KEY_BEGINS.search(self._held)
        if begins and self._rounds < PATIENCE:
            end = min(end, begins.start())
        if self._fresh:
            self._fresh = False
            seen = view(self._held[:end])
            word = _WORD.search(seen.text)
            end = min(end, seen.place(word.start()) if word and word[0] else end)
        elif self._rounds > PATIENCE:
            end = len(self._held)
        return _bytes(self._released(end))

    def close(self) -> bytes:
        """The stream ended: everything that is still held, masked."""
        self._held += self._decoder.decode(b"", final=True)
        if self._swallowing:
            self._held = ""
            return b""
        out = self._released(self._ready())
        if _KEY.search(self._held):
            return _bytes(out + self._drop_key())
        return _bytes(out + self._released(len(self._held)))

    @property
    def waiting(self) -> bool:
        """Whether something is held that `idle()` may let go of."""
        return bool(self._held)

    def _ready(self) -> int:
        """How much of what is held may be masked and shown now."""
        if self._swallowing and not self._key_ended():
            return 0
        end = self._held.rfind("\n") + 1
        if len(self._held) - end > LONG_LINE:
            blank = max(self._held.rfind(" ", end, -OVERLAP), self._held.rfind("\r", end, -OVERLAP))
            end = blank + 1 if blank > end else end
        begin = self._unfinished_key()
        return end if begin < 0 else min(end, begin)

    def _unfinished_key(self) -> int:
        for found in _KEY.finditer(self._held):
            if (
                self._held.find("-----END", found.end()) < 0
                or self._held.find("\n", self._held.find("-----END", found.end())) < 0
            ):
                return found.start()
        return -1

    def _key_ended(self) -> bool:
        """Drops what is held of a key that is being swallowed; whether something follows it."""
        found = _KEY_END.search(self._held)
        self._swallowing = not found
        self._held = self._held[found.end() :] if found else self._held[-OVERLAP:]
        return bool(found)

    def _drop_key(self) -> str:
        found = _KEY.search(self._held)
        before = self._masked(self._held[: found.start()]) if found and found.start() else ""
        self._held, self._swallowing = "", True
        self._count(Label.SECRET)
        return before + tag(Label.SECRET)

    def _released(self, end: int) -> str:
        block, self._held = self._held[:end], self._held[end:]
        out = self._masked(block) if block else ""
        if len(self._held) > MOST_HELD:
            if _KEY.search(self._held):
                return out + self._drop_key()
            self._held, self._line = "", ""
            self._count(Label.TEXT)
            return out + tag(Label.TEXT)
        return out

    def _masked(self, block: str) -> str:
        lines = _split(block)
        keys = _key_lines(lines)
        first, raws = self._line, list(lines)
        raws[0] = first + raws[0]
        views = [view(raw.rstrip("\r\n")) for raw in raws]
        complete = [raw.endswith("\n") for raw in raws]
        cells = [self._tables.read(seen.text) if whole else None for seen, whole in zip(views, complete, strict=True)]
        spans = find_in_lines([seen.text for seen in views], names=[cell is None for cell in cells])
        out: list[str] = []
        for number, (raw, seen) in enumerate(zip(raws, views, strict=True)):
            lead = len(first) if number == 0 else 0
            if not (seen.places or keys[number] or cells[number] or spans[number] or lead or "\r" in seen.text):
                out.append(raw)
            elif keys[number]:
                out.append(self._of_key(keys, number, raw[lead:]))
            elif redrawn(raw):
                out.append(self._redrawn(raw, lead))
            else:
                out.append(self._rewritten(raw, seen, cells[number], spans=spans[number], lead=lead))
        last = raws[-1]
        self._line = "" if last.endswith("\n") else last[-CONTEXT:]
        return "".join(out)

    def _of_key(self, keys: Sequence[bool], number: int, raw: str) -> str:
        if number and keys[number - 1]:
            return ""
        self._count(Label.SECRET)
        last = number
        while last + 1 < len(keys) and keys[last + 1]:
            last += 1
        return tag(Label.SECRET) + ("\r\n" if raw.endswith("\r\n") else "\n" if raw.endswith("\n") else "")

    def _rewritten(
        self, raw: str, seen: View, cells: Sequence[Cell] | None, *, spans: Sequence[Span], lead: int
    ) -> str:
        """The line with its values hidden; escape sequences stay, `lead` raw characters are out already."""
        places: list[tuple[int, int, Label, bool]] = []
        for cell in cells or ():
            start, end = _stripped(seen.text, cell.start, cell.end)
            if cell.label is not None and cell.label is not Label.TEXT and start < end:
                places.append((start, end, cell.label, True))
            elif cell.label is Label.TEXT:
                inside = find_in_lines([seen.text[start:end]], names=[True])[0]
                places += [(start + span.start, start + span.end, span.label, True) for span in inside]
        places += [
            (span.start, span.end, span.label, cells is not None)
            for span in spans
            if not any(span.start < end and start < span.end for start, end, *_ in places)
        ]
        if not places:
            return raw[lead:]
        shown = list(raw)
        for start, end, label, padded in sorted(places):
            if label in self.revealed or seen.place(end - 1) < lead:
                continue
            raws = [at for at in map(seen.place, range(start, end)) if at >= lead]
            masked = self._hidden(seen.text[start:end], label)
            for at in raws:
                shown[at] = ""
            shown[raws[0]] = masked.ljust(end - start) if padded and "\t" not in raw and "," not in raw else masked
        return "".join(shown[lead:])

    def _redrawn(self, raw: str, lead: int) -> str:
        """A line that is drawn over: whatever is found in what came, in its pieces and on the screen becomes stars."""
        body = raw.rstrip("\r\n")
        pieces = [view(body), screen(body)]
        at = 0
        for piece in re.split("[\r\b]", body):
            part = view(piece)
            pieces.append(View(part.text, tuple(at + part.place(index) for index in range(len(part.text)))))
            at += len(piece) + 1
        shown = list(raw)
        found = find_in_lines([piece.text for piece in pieces], names=[True] * len(pieces))
        for piece, spans in zip(pieces, found, strict=True):
            for span in spans:
                if span.label in self.revealed:
                    continue
                self._count(span.label)
                for place in map(piece.place, range(span.start, span.end)):
                    if place >= lead:
                        shown[place] = "*"
        return "".join(shown[lead:])

    def _hidden(self, value: str, label: Label) -> str:
        self._count(label)
        try:
            masked = cell_mask(label, "text", self.manner).apply(value)
        except Exception:  # noqa: BLE001 - whatever a masker dies of, the value must not pass
            masked = None
        return tag(label) if masked is None or masked == value else masked

    def _count(self, label: Label) -> None:
        self.counts[label] = self.counts.get(label, 0) + 1


def _split(block: str) -> list[str]:
    """Lines with their ends; only a line feed ends one, whatever else Unicode calls an end."""
    lines = [line + "\n" for line in block.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _key_lines(lines: Sequence[str]) -> list[bool]:
    """Which lines are part of a private key (RFC 7468)."""
    inside, found = False, []
    for line in lines:
        starts = bool(_KEY.search(line))
        inside = inside or starts
        found.append(inside)
        if inside and "-----END" in line:
            inside = False
    return found


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start] in " \"'":
        start += 1
    while end > start and text[end - 1] in " \"'":
        end -= 1
    return start, end


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
