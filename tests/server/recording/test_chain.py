"""One record: canonical bytes, a hash anybody can compute again, and no byte that may change."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.recording.chain import GENESIS, BadRecord, decode, encode


def _values(**event: Any) -> dict[str, Any]:
    return {"seq": 0, "at": 1.5, "type": "test/1", "event": event, "prev": GENESIS}


def test_a_record_comes_back_as_it_went() -> None:
    line, digest = encode(_values(text="SELECT 'é' -- \u2028", rows=3))
    record = decode(line, seq=0, prev=GENESIS)
    assert (record.seq, record.at, record.type, record.hash) == (0, 1.5, "test/1", digest)
    assert record.event == {"text": "SELECT 'é' -- \u2028", "rows": 3}


def test_the_hash_is_that_of_the_canonical_json_without_it() -> None:
    """So that a program that shares no code with this one can check it."""
    line, digest = encode(_values(b=1, a="x"))
    values = json.loads(line)
    assert values.pop("hash") == digest
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert hashlib.sha256(canonical).hexdigest() == digest


def test_a_record_is_one_line_whatever_it_carries() -> None:
    line, _ = encode(_values(text="a\nb\r\n\x00\x85\u2028"))
    assert line.count(b"\n") == 1
    assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\ud800", "\\ud800"),
        (2**70, str(2**70)),
        ({1: "odd key"}, {"1": "odd key"}),
        (frozenset({"x"}), "frozenset({'x'})"),
        (("\ud800", [1]), ["\\ud800", [1]]),
    ],
)
def test_what_json_cannot_carry_is_kept_as_text(value: object, shown: object) -> None:
    line, _ = encode(_values(value=value))
    assert decode(line, seq=0, prev=GENESIS).event == {"value": shown}


def test_endless_nesting_is_cut() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    line, _ = encode(_values(value=deep))
    assert b"..." in line
    decode(line, seq=0, prev=GENESIS)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=20,
    )
)
def test_every_value_is_recorded_and_checks(value: object) -> None:
    line, _ = encode(_values(value=value))
    decode(line, seq=0, prev=GENESIS)


def test_every_changed_byte_is_found() -> None:
    line, _ = encode(_values(text="DELETE FROM orders WHERE id = 7", who="alice"))
    for position in range(len(line)):
        for flip in (0x01, 0x20, 0x80):
            forged = bytearray(line)
            forged[position] ^= flip
            with pytest.raises(BadRecord):
                decode(bytes(forged), seq=0, prev=GENESIS)


def test_every_lost_byte_is_found() -> None:
    line, _ = encode(_values(text="x"))
    for end in range(len(line)):
        with pytest.raises(BadRecord):
            decode(line[:end], seq=0, prev=GENESIS)


@pytest.mark.parametrize(
    ("seq", "prev", "problem"), [(1, GENESIS, "reordered"), (0, "f" * 64, "does not follow")], ids=["seq", "prev"]
)
def test_a_whole_record_at_the_wrong_place_is_found(seq: int, prev: str, problem: str) -> None:
    line, _ = encode(_values())
    with pytest.raises(BadRecord, match=problem):
        decode(line, seq=seq, prev=prev)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"7", b'{"seq":0}', b'{"seq":0,"at":1,"type":"t","event":1,"prev":"p"}']
)
def test_a_hash_alone_makes_no_record(body: bytes) -> None:
    line = body[:-1] + b',"hash":"' + hashlib.sha256(body[:-1] + b"}").hexdigest().encode() + b'"}\n'
    with pytest.raises(BadRecord):
        decode(line, seq=0, prev=GENESIS)


def test_orjson_sorts_nested_keys() -> None:
    assert orjson.dumps({"b": {"d": 1, "c": 2}}, option=orjson.OPT_SORT_KEYS) == b'{"b":{"c":2,"d":1}}'
