"""The look at rows whose cells come clear, while they are still bytes: one pass a buffer, and cells only where needed.

The passes belong to a Watch (backends/door.py); here are its bytes. What it wants hidden is put back in the format
that the row has, or becomes NULL where that format cannot hold it.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from backends.base import Columns
from backends.door import Watch
from backends.postgres.front_target import is_binary
from catalog.binary import TEXT, Codec, codec_of
from catalog.columntypes import parse_type

try:
    from backends.postgres.cells import gather
except ImportError:  # no compiler was there
    from backends.postgres.cells_py import gather

Cells = list[bytes | None]


@dataclass(frozen=True, slots=True)
class Swept:
    """What may go on, and how many of its cells were hidden."""

    output: bytes
    hidden: int


class RowSweep:
    """The Watch of one answer and the formats of its columns, as Bind has them."""

    __slots__ = ("_codecs", "columns", "formats", "watch")

    def __init__(self, watch: Watch, columns: Columns, formats: Sequence[int]) -> None:
        self.watch, self.formats, self.columns = watch, formats, len(columns.columns)
        self._codecs = [
            _codec(column.type) if is_binary(formats, index) else TEXT for index, column in enumerate(columns.columns)
        ]

    def rows(self, data: bytes) -> Swept:
        """Whole DataRows. Raises WireError for rows that are not as described."""
        watched = self.watch.watched
        if not watched or self.watch.clean(*gather(data, watched, columns=self.columns)):
            return Swept(data, 0)
        found = list(_split(data))
        hidden = self.cells(found)
        return Swept(b"".join(map(_joined, found)), hidden) if hidden else Swept(data, 0)

    def cells(self, rows: Sequence[Cells]) -> int:
        """The same for cells that were taken apart already; hides in place."""
        watched = self.watch.watched
        texts = [self._texts(row, watched) for row in rows]
        before = [list(row) for row in texts]
        self.watch.rows(texts)
        hidden = 0
        for row, text, seen in zip(rows, texts, before, strict=True):
            if text == seen:
                continue
            for index in watched:
                if text[index] != seen[index]:
                    row[index] = self._written(index, text[index], row[index])
                    hidden += 1
        return hidden

    def _texts(self, row: Cells, watched: Sequence[int]) -> list[str | None]:
        texts: list[str | None] = [None] * self.columns
        for index in watched:
            cell = row[index]
            texts[index] = None if cell is None else _read(self._codecs[index], cell)
        return texts

    def _written(self, index: int, text: str | None, cell: bytes | None) -> bytes | None:
        """In the format of the cell, NULL where that cannot hold it."""
        codec = self._codecs[index]
        if text is None or codec is None:
            return None
        try:
            return codec.write(text, cell or b"")
        except (ValueError, OverflowError, ArithmeticError, struct.error):
            return None


def _codec(type_name: str) -> Codec | None:
    return codec_of(type_name, parse_type(type_name).family)


def _read(codec: Codec | None, cell: bytes) -> str:
    """As text; what no codec understands byte by byte, so that text within it is found."""
    if codec is not None:
        try:
            return codec.read(cell)
        except (ValueError, OverflowError, struct.error):
            pass
    return cell.decode("latin-1")


def _split(data: bytes) -> list[Cells]:
    """The cells of whole DataRows that `gather` has accepted."""
    rows: list[Cells] = []
    at = 0
    while at < len(data):
        (count,) = struct.unpack_from("!H", data, at + 5)
        row: Cells = []
        at += 7
        for _ in range(count):
            (length,) = struct.unpack_from("!i", data, at)
            at += 4
            row.append(None if length < 0 else data[at : at + length])
            at += max(length, 0)
        rows.append(row)
    return rows


def _joined(row: Cells) -> bytes:
    parts = [struct.pack("!H", len(row))]
    for cell in row:
        parts.append(b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell)
    body = b"".join(parts)
    return b"D" + struct.pack("!i", len(body) + 4) + body
