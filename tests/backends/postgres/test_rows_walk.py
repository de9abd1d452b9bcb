"""The row walk: what it hides, what it leaves, and that no split and no malformed row shows a value."""

from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import WireError
from backends.postgres.rows_py import Kind, Rule, hide, walk

LIMIT = 1000
Cells = Sequence[bytes | None]


def row(cells: Cells) -> bytes:
    body = struct.pack("!H", len(cells))
    for cell in cells:
        body += b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell
    return b"D" + struct.pack("!i", len(body) + 4) + body


RULES = [None, Rule(Kind.CONSTANT, b"***"), Rule(Kind.CALL, call=lambda value: value[:1] or None)]
cells = st.tuples(*[st.none() | st.binary(max_size=20)] * 3)


def masked(found: Cells) -> list[bytes | None]:
    pairs = zip(found, RULES, strict=True)
    return [cell if rule is None or cell is None else hide(rule, cell) for cell, rule in pairs]


@given(st.lists(cells, max_size=5), st.integers(0, 400))
def test_any_split_gives_the_same_rows(table: list[Cells], cut: int) -> None:
    stream, wanted = b"".join(map(row, table)), b"".join(row(masked(found)) for found in table)
    first = walk(stream[:cut], 0, RULES, limit=LIMIT)
    second = walk(stream[first.end :], 0, RULES, limit=LIMIT)
    assert first.output + second.output == wanted
    assert first.rows + second.rows == len(table)


def test_it_stops_before_another_message() -> None:
    stream = row([b"a", b"b", b"c"]) + b"C\0\0\0\4"
    walked = walk(stream, 0, RULES, limit=LIMIT)
    assert (walked.end, walked.rows, walked.masked) == (len(stream) - 5, 1, 2)


def test_without_rules_a_whole_buffer_passes_as_the_same_object() -> None:
    stream = row([b"a"]) * 3
    walked = walk(stream, 0, None, limit=LIMIT)
    assert walked.output is stream
    assert walked.rows == 3


@pytest.mark.parametrize(
    "broken",
    [
        row([b"secret", b"x"]),
        row([b"secret"] * 4),
        b"D" + struct.pack("!iH", 6, 3),
        b"D" + struct.pack("!iHi", 10, 3, 2**31 - 1),
        b"D" + struct.pack("!iHi", 10, 3, -2),
        b"D" + struct.pack("!i", 5) + b"x",
        b"D" + struct.pack("!i", LIMIT + 1) + b"x",
        b"D" + struct.pack("!i", -1) + b"x",
        row([b"a", b"b", b"c"])[:1] + struct.pack("!i", 30) + row([b"a", b"b", b"c"])[5:] + b"secret" * 3,
    ],
)
def test_a_row_of_another_shape_is_an_error_and_never_output(broken: bytes) -> None:
    with pytest.raises(WireError):
        walk(broken + row([b"a", b"b", b"c"]), 0, RULES, limit=LIMIT)


@pytest.mark.parametrize(
    ("rule", "value", "shown"),
    [
        (Rule(Kind.KEEP_LAST, b"*", 4), b"4242424242424242", b"************4242"),
        (Rule(Kind.KEEP_LAST, b"*", 4), b"4242", b"****"),
        (Rule(Kind.KEEP_FIRST, b"*", 1), b"anna", b"a***"),
        (Rule(Kind.KEEP_FIRST, b"*", 9), b"anna", b"****"),
        (Rule(Kind.NULL), b"x", None),
        (Rule(Kind.CONSTANT, b"[X]"), b"x", b"[X]"),
        (Rule(Kind.CALL), b"x", None),
    ],
)
def test_each_kind_hides_as_it_says(rule: Rule, value: bytes, shown: bytes | None) -> None:
    assert hide(rule, value) == shown
