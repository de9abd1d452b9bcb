"""The codec: every message as bytes, every split, every lie about a length."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.errors import WireError
from backends.postgres.wire import (
    Authentication,
    BackendKeyData,
    CommandComplete,
    CopyResponse,
    ErrorResponse,
    Field,
    Message,
    MessageTooLarge,
    NegotiateProtocolVersion,
    NoticeResponse,
    NotificationResponse,
    ParameterDescription,
    ParameterStatus,
    Reader,
    ReadyForQuery,
    RowDescription,
    Signal,
)

LIMIT = 100_000

FIELD = Field("id", table=16385, attribute=1, type=23, size=4, modifier=-1, format=0)
SYSTEM_FIELD = Field("ctid", table=4_294_967_295, attribute=-1, type=27, size=6, modifier=-1, format=0)

CASES: list[tuple[bytes, Message]] = [
    (b"R\0\0\0\x08\0\0\0\0", Authentication(0, b"")),
    (b"R\0\0\0\x0c\0\0\0\x05salt", Authentication(5, b"salt")),
    (b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0", Authentication(10, b"SCRAM-SHA-256\0\0")),
    (b"K\0\0\0\x0c\0\0\0\x07\1\2\3\4", BackendKeyData(7, b"\1\2\3\4")),
    (b"S\0\0\0\x0bab\0cde\0", ParameterStatus("ab", "cde")),
    (b"Z\0\0\0\x05I", ReadyForQuery("I")),
    (b"Z\0\0\0\x05E", ReadyForQuery("E")),
    (b"C\0\0\0\x0dSELECT 1\0", CommandComplete("SELECT 1")),
    (b"1\0\0\0\x04", Signal.PARSE_COMPLETE),
    (b"2\0\0\0\x04", Signal.BIND_COMPLETE),
    (b"3\0\0\0\x04", Signal.CLOSE_COMPLETE),
    (b"I\0\0\0\x04", Signal.EMPTY_QUERY),
    (b"n\0\0\0\x04", Signal.NO_DATA),
    (b"s\0\0\0\x04", Signal.PORTAL_SUSPENDED),
    (b"t\0\0\0\x0e\0\2\0\0\0\x17\0\0\0\x19", ParameterDescription((23, 25))),
    (b"T\0\0\0\x06\0\0", RowDescription(())),
    (
        b"T\0\0\0\x1b\0\1id\0\0\0\x40\x01\0\1\0\0\0\x17\0\4\xff\xff\xff\xff\0\0",
        RowDescription((FIELD,)),
    ),
    (
        b"T\0\0\0\x1d\0\1ctid\0\xff\xff\xff\xff\xff\xff\0\0\0\x1b\0\6\xff\xff\xff\xff\0\0",
        RowDescription((SYSTEM_FIELD,)),
    ),
    (b"D\0\0\0\x06\0\0", []),
    (b"D\0\0\0\x0f\0\2\0\0\0\1a\xff\xff\xff\xff", ["a", None]),
    (b"D\0\0\0\x10\0\2\0\0\0\0\0\0\0\x02\xc3\xa9", ["", "é"]),
    (b"D\0\0\0\x0c\0\1\0\0\0\x02\xff\xfe", ["\\xff\\xfe"]),
    (b"E\0\0\0\x10SERROR\0Moh\0\0", ErrorResponse({"S": "ERROR", "M": "oh"})),
    (b"N\0\0\0\x05\0", NoticeResponse({})),
    (b"A\0\0\0\x0c\0\0\0\x09ab\0\0", NotificationResponse(9, "ab", "")),
    (b"G\0\0\0\x07\0\0\0", CopyResponse("G")),
    (b"d\0\0\0\x06hi", CopyResponse("d")),
    (b"v\0\0\0\x0f\0\0\0\0\0\0\0\1ab\0", NegotiateProtocolVersion(0, ("ab",))),
]

STREAM = b"".join(data for data, _ in CASES)
MESSAGES = [message for _, message in CASES]


@pytest.mark.parametrize(("data", "message"), CASES, ids=lambda part: repr(part)[:40])
def test_each_message_is_read_from_its_bytes(data: bytes, message: Message) -> None:
    assert Reader(limit=LIMIT).feed(data) == [message]


def test_a_stream_cut_in_two_anywhere_gives_the_same_messages() -> None:
    for cut in range(len(STREAM) + 1):
        reader = Reader(limit=LIMIT)
        assert reader.feed(STREAM[:cut]) + reader.feed(STREAM[cut:]) == MESSAGES


def test_a_stream_that_comes_byte_by_byte_gives_the_same_messages() -> None:
    reader = Reader(limit=LIMIT)
    assert [message for byte in STREAM for message in reader.feed(bytes([byte]))] == MESSAGES
    assert not reader.pending


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_a_stream_cut_into_any_pieces_gives_the_same_messages(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    reader = Reader(limit=LIMIT)
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(edges)]
    assert [message for piece in pieces for message in reader.feed(piece)] == MESSAGES


@pytest.mark.parametrize("length", [0, 1, 2, 3, LIMIT + 1, 2**31 - 1, 2**31, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused_before_any_of_it_is_kept(length: int) -> None:
    with pytest.raises(WireError):
        Reader(limit=LIMIT).feed(b"D" + struct.pack("!I", length))


def test_a_message_over_the_limit_is_told_from_nonsense() -> None:
    with pytest.raises(MessageTooLarge):
        Reader(limit=10).feed(b"D\0\0\0\x0b")
    with pytest.raises(WireError) as refusal:
        Reader(limit=10).feed(b"D\0\0\0\x03")
    assert not isinstance(refusal.value, MessageTooLarge)


BROKEN = {
    "unknown type": b"?\0\0\0\4",
    "row with fewer cells than it says": b"D\0\0\0\6\0\1",
    "cell longer than its row": b"D\0\0\0\x0b\0\1\0\0\0\x09a",
    "row longer than its cells": b"D\0\0\0\x0c\0\1\0\0\0\1ab",
    "negative length of a cell": b"D\0\0\0\x0a\0\1\xff\xff\xff\xfe",
    "2^31 as the length of a cell": b"D\0\0\0\x0a\0\1\x80\0\0\0",
    "NULL cut short": b"D\0\0\0\x08\0\1\xff\xff",
    "row without a count": b"D\0\0\0\5\0",
    "description without its fields": b"T\0\0\0\x06\0\1",
    "description with a name without its end": b"T\0\0\0\x08\0\1id",
    "description that goes on": b"T\0\0\0\x07\0\0\0",
    "parameter count that lies": b"t\0\0\0\x06\0\1",
    "status that does not exist": b"Z\0\0\0\5X",
    "status of two letters": b"Z\0\0\0\6II",
    "tag without its end": b"C\0\0\0\6OK",
    "tag that is not there": b"C\0\0\0\4",
    "parameter without a value": b"S\0\0\0\6a\0",
    "signal with a body": b"1\0\0\0\5a",
    "error without its end": b"E\0\0\0\x06SE",
    "error with an empty field": b"E\0\0\0\x07\0\0\0",
    "authentication without a kind": b"R\0\0\0\x05\0",
    "key too short": b"K\0\0\0\x08\0\0\0\1",
    "notification cut short": b"A\0\0\0\x06\0\0",
    "negotiation that lies": b"v\0\0\0\x0c\0\0\0\0\0\0\0\2",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN.keys())
def test_what_breaks_the_format_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Reader(limit=LIMIT).feed(data)


@settings(max_examples=400)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    reader = Reader(limit=LIMIT)
    try:
        for piece in pieces:
            reader.feed(piece)
    except WireError:
        return


@settings(max_examples=600)
@given(st.sampled_from(sorted(b"RKSZCTDEN1A2tnsGdv")), st.binary(max_size=80))
def test_any_body_of_a_known_type_is_read_or_refused(kind: int, body: bytes) -> None:
    try:
        (message,) = Reader(limit=LIMIT).feed(bytes([kind]) + struct.pack("!I", len(body) + 4) + body)
    except WireError:
        return
    assert message is not None


@given(st.lists(st.one_of(st.none(), st.text()), max_size=20))
def test_a_row_is_read_as_it_was_written_and_its_cells_are_counted(row: list[str | None]) -> None:
    cells = [None if cell is None else cell.encode() for cell in row]
    body = struct.pack("!H", len(cells)) + b"".join(
        b"\xff\xff\xff\xff" if cell is None else struct.pack("!i", len(cell)) + cell for cell in cells
    )
    reader = Reader(limit=LIMIT)
    assert reader.feed(b"D" + struct.pack("!i", len(body) + 4) + body) == [row]
    assert reader.row_bytes == sum(len(cell) for cell in cells if cell is not None)
