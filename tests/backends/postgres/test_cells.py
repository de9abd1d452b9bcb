"""Cells taken out of rows, by either twin."""

from __future__ import annotations

import importlib
import struct
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import WireError

Cells = Sequence[bytes | None]
cells = st.tuples(*[st.none() | st.binary(max_size=20)] * 3)


def row(cells: Cells) -> bytes:
    body = struct.pack("!H", len(cells))
    for cell in cells:
        body += b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell
    return b"D" + struct.pack("!i", len(body) + 4) + body


@pytest.fixture(scope="module", params=["cells_py", "cells"])
def gather(request: pytest.FixtureRequest) -> Any:
    return importlib.import_module(f"backends.postgres.{request.param}").gather


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(cells, max_size=8), wanted=st.sets(st.integers(0, 2)))
def test_cells_of_the_wanted_columns_are_gathered_each_behind_a_nul(
    gather: Any, rows: list[Cells], wanted: set[int]
) -> None:
    expected = [found[index] or b"" for found in rows for index in sorted(wanted)]
    joined, ends = gather(b"".join(map(row, rows)), tuple(sorted(wanted)), columns=3)
    assert joined == b"".join(b"\0" + cell for cell in expected)
    starts = [1, *(end + 1 for end in ends)]
    assert [joined[start:end] for start, end in zip(starts, ends, strict=False)] == expected


@settings(max_examples=300, deadline=None)
@given(found=cells, at=st.integers(0, 60), byte=st.integers(0, 255), cut=st.integers(0, 60))
def test_a_row_that_is_not_as_described_is_gathered_by_neither_twin(found: Cells, at: int, byte: int, cut: int) -> None:
    """Either it still is a row, or WireError; never bytes from outside of it."""
    spoilt = bytearray(row(found))
    spoilt[at % len(spoilt)] = byte
    spoilt = spoilt[: len(spoilt) - cut % len(spoilt)]
    results: list[object] = []
    for twin in ("cells_py", "cells"):
        try:
            joined, ends = importlib.import_module(f"backends.postgres.{twin}").gather(bytes(spoilt), (0, 2), columns=3)
            results.append((joined, list(ends)))
        except WireError:
            results.append(None)
    assert results[0] == results[1]
