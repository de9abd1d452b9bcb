"""Cells of some columns taken out of a buffer of rows, in pure Python. Compiled twin: cells.pyx."""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from backends.errors import WireError

_ROW = 68


def gather(data: bytes, wanted: Sequence[int], *, columns: int) -> tuple[bytes, Sequence[int]]:
    """The cells of the `wanted` columns (ascending) of whole DataRows, row by row, each behind a NUL byte; a NULL is
    empty. With the offsets at which they end. Raises WireError for rows that are not as described."""
    joined, ends, at, size = bytearray(), array("i"), 0, len(data)
    chosen = [index in wanted for index in range(columns)]
    while at < size:
        end = at + 1 + int.from_bytes(data[at + 1 : at + 5], "big")
        if data[at] != _ROW or end > size or int.from_bytes(data[at + 5 : at + 7], "big") != columns:
            raise WireError("a row with another number of cells than its description")
        at += 7
        for take in chosen:
            start = at + 4
            length = int.from_bytes(data[at:start], "big")
            stop = start if length == 0xFFFFFFFF else start + length
            if stop > end:
                raise WireError("a cell longer than its row")
            if take:
                joined += b"\0"
                joined += data[start:stop]
                ends.append(len(joined))
            at = stop
        if at != end:
            raise WireError("a row longer than its cells")
    return bytes(joined), ends
