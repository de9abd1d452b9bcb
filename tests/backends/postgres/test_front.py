"""What a client may say: accepted, or refused with a documented error; never more memory than the limits allow."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.errors import WireError
from backends.postgres.front import (
    MAX_STARTUP,
    Ask,
    ClientReader,
    Opened,
    Startup,
    UnsupportedProtocol,
    opening,
)
from backends.postgres.front_login import Rejected, bearer_of, read_request
from backends.postgres.front_messages import (
    BindMessage,
    bind_message,
    execute_message,
    named_message,
    parse_message,
    query_text,
    sasl_initial,
)
from backends.postgres.frontend import bind, cancel_request, describe_statement, execute, parse, query, startup
from backends.postgres.wire import BackendKeyData, MessageTooLarge

HELLO = {"user": "ann", "database": "shop"}


def packet(code: int, body: bytes = b"") -> bytes:
    return struct.pack("!iI", 8 + len(body), code) + body


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (startup(HELLO), Startup(0, HELLO)),
        (packet(196610, b"user\0ann\0_pq_.hm\0x\0\0"), Startup(2, {"user": "ann"}, ("_pq_.hm",))),
        (packet(80877103), Ask.TLS),
        (packet(80877104), Ask.GSS),
        (cancel_request(BackendKeyData(7, b"abcd")), BackendKeyData(7, b"abcd")),
        (cancel_request(BackendKeyData(7, b"k" * 256)), BackendKeyData(7, b"k" * 256)),
    ],
)
def test_an_opening_is_read_as_soon_as_it_is_whole(data: bytes, message: object) -> None:
    for cut in range(len(data)):
        assert opening(data[:cut]) is None
    assert opening(data + b"more") == Opened(message, len(data))  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [0, -1, 4, 7, MAX_STARTUP + 1, 2**31 - 1, -(2**31)])
def test_an_opening_of_an_impossible_length_is_refused_before_it_is_awaited(length: int) -> None:
    with pytest.raises(WireError, match="startup packet"):
        opening(struct.pack("!i", length))


@pytest.mark.parametrize(
    "data",
    [
        packet(80877103, b"x"),
        packet(80877102, b"1234567"),
        packet(80877102, b"1" * 261),
        packet(196608, b"\0"),
        packet(196608, b"user\0ann\0"),
        packet(196608, b"user\0\0"),
        packet(196608, b"\xff\0x\0\0"),
        packet(196608, b"\0x\0\0"),
    ],
)
def test_a_malformed_opening_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        opening(data)


def test_another_major_version_is_named() -> None:
    with pytest.raises(UnsupportedProtocol, match=r"2\.0"):
        opening(packet(2 << 16, b"user\0a\0\0"))


MESSAGES = [query("SELECT 1"), parse("s", "SELECT $1"), bind("s", ["x", None]), execute(5), b"S\0\0\0\4", b"X\0\0\0\4"]


def test_messages_come_whole_at_every_split() -> None:
    stream = b"".join(MESSAGES)
    for cut in range(len(stream) + 1):
        reader = ClientReader()
        found = reader.feed(stream[:cut]) + reader.feed(stream[cut:])
        assert [message for _, message in found] == MESSAGES


@pytest.mark.parametrize("length", [0, 3, -1, 2**31 - 1, -(2**31)])
def test_a_message_of_an_impossible_length_is_refused_at_its_header(length: int) -> None:
    with pytest.raises(WireError):
        ClientReader().feed(b"Q" + struct.pack("!i", length))


def test_a_message_beyond_the_limit_says_so() -> None:
    with pytest.raises(MessageTooLarge):
        ClientReader(limit=100).feed(b"Q" + struct.pack("!i", 101))


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_bytes_are_accepted_or_refused(data: bytes, cut: int) -> None:
    reader = ClientReader(limit=150)
    try:
        opening(data)
        messages = reader.feed(data[:cut]) + reader.feed(data[cut:])
    except WireError:
        return
    for _, message in messages:
        for read in (query_text, parse_message, bind_message, execute_message, named_message, sasl_initial):
            try:
                read(message)
            except WireError:
                continue


def test_bind_keeps_values_and_formats_apart() -> None:
    body = b"p\0s\0" + struct.pack("!HHHHi", 2, 0, 1, 2, 2) + b"hi" + struct.pack("!iHH", -1, 1, 1)
    message = b"B" + struct.pack("!i", len(body) + 4) + body
    assert bind_message(message) == BindMessage("p", "s", (0, 1), (b"hi", None), (1,))


@pytest.mark.parametrize("tail", [struct.pack("!HHi", 0, 1, 2**31 - 1), struct.pack("!HHi", 0, 1, -2), b"\0"])
def test_a_parameter_longer_than_its_message_is_refused(tail: bytes) -> None:
    body = b"\0s\0" + tail
    with pytest.raises(WireError, match="malformed"):
        bind_message(b"B" + struct.pack("!i", len(body) + 4) + body)


def test_a_name_is_one_string() -> None:
    assert named_message(describe_statement("a")).name == "a"
    with pytest.raises(WireError):
        named_message(b"D\0\0\0\x09Sa\0b\0")


# What a session may ask for


def asked(**given_: str) -> dict[str, str]:
    return dict(read_request(Startup(0, {"user": "ann", **given_})).settings)


def test_settings_of_display_are_passed_on_from_parameters_and_options() -> None:
    assert asked(DateStyle="ISO, DMY") == {"DateStyle": "ISO, DMY"}
    assert asked(options="-c TimeZone=UTC --extra-float-digits=3") == {"TimeZone": "UTC", "extra_float_digits": "3"}
    assert asked(application_name="psql", client_encoding="'utf-8'") == {}


@pytest.mark.parametrize(
    "given_",
    [
        {"search_path": "evil"},
        {"options": "-c search_path=evil"},
        {"options": "-csession_replication_role=replica"},
        {"options": "-c TimeZone=UTC -W"},
        {"options": "-c TimeZone=UTC\\ -c role=postgres -c role=x"},
        {"replication": "database"},
        {"replication": "1"},
        {"client_encoding": "LATIN1"},
        {"role": "postgres"},
    ],
)
def test_what_could_change_the_session_is_refused_at_startup(given_: dict[str, str]) -> None:
    with pytest.raises(Rejected):
        asked(**given_)


def test_the_database_is_the_resource_and_falls_back_to_the_user() -> None:
    assert read_request(Startup(0, HELLO)).resource == "shop"
    assert read_request(Startup(0, {"user": "ann"})).resource == "ann"


def test_a_bearer_token_is_found_in_its_frame() -> None:
    assert bearer_of(b"n,,\x01auth=Bearer abc\x01\x01") == "abc"
    assert bearer_of(b"n,,\x01auth=\x01\x01") == ""
