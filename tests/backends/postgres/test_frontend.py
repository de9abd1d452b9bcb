"""What we send, byte for byte."""

from __future__ import annotations

import pytest

from backends.errors import WireError
from backends.postgres import frontend
from backends.postgres.wire import BackendKeyData

CASES = {
    "startup": (
        frontend.startup({"user": "ann", "database": "shop"}),
        b"\0\0\0\x20\0\3\0\0user\0ann\0database\0shop\0\0",
    ),
    "ssl": (frontend.SSL_REQUEST, b"\0\0\0\x08\x04\xd2\x16\x2f"),
    "cancel": (frontend.cancel_request(BackendKeyData(7, b"\1\2\3\4")), b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\7\1\2\3\4"),
    "password": (frontend.password("s"), b"p\0\0\0\6s\0"),
    "sasl initial": (frontend.sasl_initial("M", b"abc"), b"p\0\0\0\x0dM\0\0\0\0\3abc"),
    "sasl": (frontend.sasl_response(b"abc"), b"p\0\0\0\7abc"),
    "query": (frontend.query("é"), b"Q\0\0\0\7\xc3\xa9\0"),
    "parse": (frontend.parse("s1", "SELECT 1"), b"P\0\0\0\x12s1\0SELECT 1\0\0\0"),
    "bind without parameters": (frontend.bind("s1"), b"B\0\0\0\x0e\0s1\0\0\0\0\0\0\0"),
    "bind": (
        frontend.bind("", ["a", None, ""]),
        b"B\0\0\0\x19\0\0\0\0\0\3\0\0\0\1a\xff\xff\xff\xff\0\0\0\0\0\0",
    ),
    "describe": (frontend.describe_statement("s1"), b"D\0\0\0\x08Ss1\0"),
    "describe portal": (frontend.DESCRIBE_PORTAL, b"D\0\0\0\6P\0"),
    "execute": (frontend.execute(500), b"E\0\0\0\x09\0\0\0\x01\xf4"),
    "close": (frontend.close_statement("s1"), b"C\0\0\0\x08Ss1\0"),
    "sync": (frontend.SYNC, b"S\0\0\0\4"),
    "terminate": (frontend.TERMINATE, b"X\0\0\0\4"),
}


@pytest.mark.parametrize(("built", "expected"), CASES.values(), ids=CASES.keys())
def test_each_message_has_the_bytes_of_the_manual(built: bytes, expected: bytes) -> None:
    assert built == expected


def test_a_nul_cannot_end_a_string_before_its_end() -> None:
    for build in (frontend.query, frontend.password, lambda text: frontend.parse("", text)):
        with pytest.raises(WireError) as refusal:
            build("SELECT 1\0; DROP TABLE t")
        assert refusal.value.local


def test_a_parameter_with_a_nul_or_half_a_character_is_refused() -> None:
    for value in ("a\0b", "\ud800"):
        with pytest.raises(WireError):
            frontend.bind("s1", [value])


def test_more_parameters_than_the_count_can_say_are_refused() -> None:
    with pytest.raises(WireError):
        frontend.bind("s1", ["x"] * 65_536)
