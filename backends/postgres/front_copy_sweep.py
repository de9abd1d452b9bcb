"""The look at the clear columns of COPY … TO STDOUT: rows of one buffer together, in text, CSV and binary."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from itertools import accumulate

from backends.errors import WireError
from backends.postgres.front_copy import (
    SIGNATURE,
    CopyOut,
    csv_cells,
    csv_quoted,
    ended,
    escaped,
    unescaped,
)
from backends.postgres.front_sweep import Cells, RowSweep

_NULL = b"\xff\xff\xff\xff"
_ESCAPE = re.compile(rb"\\[^N]")


class CopySweep:
    """Pieces are the contents of CopyData, one a row, after what labels hide was hidden."""

    def __init__(self, copy: CopyOut, rows: RowSweep) -> None:
        self.rows, self._copy = rows, copy
        self._head = copy.header or copy.form == "binary"

    def pieces(self, pieces: list[bytes]) -> tuple[list[bytes], int]:
        """What may go on, and how many cells were hidden. Raises WireError for rows of another shape."""
        watched = self.rows.watch.watched
        first, pieces = self._first(pieces)
        if not watched or not pieces:
            return [*first, *pieces], 0
        flat = self._flat(pieces)
        found = None if flat is not None else [self._cells(piece) for piece in pieces]
        seen = _of_flat(flat, watched, self.rows.columns) if flat is not None else _of_rows(found or [], watched)
        if self.rows.watch.clean(b"\0" + b"\0".join(seen), list(accumulate(len(cell) + 1 for cell in seen))):
            return [*first, *pieces], 0
        rows = found if found is not None else [self._cells(piece) for piece in pieces]
        before = [list(row) for row in rows]
        hidden = self.rows.cells(rows)
        shown = [
            piece if row == old else self._written(row)
            for piece, row, old in zip(pieces, rows, before, strict=True)
        ]  # fmt: skip
        return [*first, *shown], hidden

    def _first(self, pieces: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        """The header of names; or the binary header, which comes in one piece with the first row."""
        head, self._head = self._head, False
        if not head:
            return [], pieces
        if self._copy.form != "binary":
            return pieces[:1], pieces[1:]
        if not pieces[0].startswith(SIGNATURE) or len(pieces[0]) < 19:
            raise WireError("a binary COPY without its header")
        end = 19 + struct.unpack_from("!i", pieces[0], 15)[0]
        rest = [pieces[0][end:]] if len(pieces[0]) > end else []
        return [pieces[0][:end]], [*rest, *pieces[1:]]

    def _flat(self, pieces: Sequence[bytes]) -> list[bytes] | None:
        """All cells in one list, where splitting them takes no more than that; else None."""
        body, delimiter = b"".join(pieces), self._copy.delimiter.encode()
        quoted = _ESCAPE.search(body) if self._copy.form == "text" else b'"' in body
        if self._copy.form == "binary" or quoted:
            return None
        flat = body.replace(b"\n", delimiter).split(delimiter)
        return flat if len(flat) == len(pieces) * self.rows.columns + 1 else None

    def _cells(self, piece: bytes) -> Cells:
        match self._copy.form:
            case "binary":
                cells = _fields(piece, self.rows.columns)
            case "csv":
                pairs = csv_cells(ended(piece), self._copy.delimiter)
                cells = [None if bare and cell == self._copy.null else _bytes(cell) for cell, bare in pairs]
            case _:
                parts = ended(piece).split(self._copy.delimiter)
                cells = [None if part == self._copy.null else _bytes(unescaped(part)) for part in parts]
        if len(cells) != self.rows.columns and not (self._copy.form == "binary" and not cells):
            raise WireError("a row of a COPY with another number of fields than was described")
        return cells or [None] * self.rows.columns

    def _written(self, row: Cells) -> bytes:
        if self._copy.form == "binary":
            parts = [_NULL if cell is None else struct.pack("!i", len(cell)) + cell for cell in row]
            return struct.pack("!h", len(row)) + b"".join(parts)
        texts = [None if cell is None else cell.decode("utf-8", "surrogateescape") for cell in row]
        if self._copy.form == "csv":
            shown = [self._copy.null if text is None else csv_quoted(text) for text in texts]
        else:
            shown = [self._copy.null if text is None else escaped(text, self._copy) for text in texts]
        return _bytes(self._copy.delimiter.join(shown) + "\n")


def _fields(piece: bytes, columns: int) -> Cells:
    """Of one binary row; nothing of what marks the end."""
    try:
        (count,) = struct.unpack_from("!h", piece)
        if count == -1 and len(piece) == 2:
            return []
        cells: Cells = []
        at = 2
        for _ in range(columns):
            (length,) = struct.unpack_from("!i", piece, at)
            at += 4
            if length < -1 or at + length > len(piece):
                raise WireError("a field of a binary COPY that is longer than its row")
            cells.append(None if length < 0 else piece[at : at + length])
            at += max(length, 0)
    except struct.error:
        raise WireError("a binary COPY that breaks off") from None
    if count != columns or at != len(piece):
        raise WireError("a row of a COPY with another number of fields than was described")
    return cells


def _of_flat(flat: Sequence[bytes], watched: Sequence[int], columns: int) -> Sequence[bytes]:
    if len(watched) == 1:
        return flat[watched[0] : -1 : columns]
    found: list[bytes] = [b""] * (len(flat) // columns * len(watched))
    for place, index in enumerate(watched):
        found[place :: len(watched)] = flat[index:-1:columns]
    return found


def _of_rows(rows: Sequence[Cells], watched: Sequence[int]) -> Sequence[bytes]:
    return [row[index] or b"" for row in rows for index in watched]


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
