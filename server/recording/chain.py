"""How records are linked: each carries the hash of the one before it and its own.

A record is canonical JSON (orjson, keys sorted) and its `hash` is the SHA-256 of that
object without `hash`. On a line `hash` stands last, so writing needs no second
encoding and checking is a matter of bytes: what is not byte for byte what was
written does not pass.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

GENESIS = "0" * 64
"""`prev` of the first record."""

_MARK = b',"hash":"'
_TAIL = len(_MARK) + 64 + 2
_DEEP = 64
"""Nesting beyond this is not kept: orjson refuses it at 254, and no argument of a verb comes near."""


class BadRecord(Exception):
    """A line that is not the record that was written there. The text says why, without its content."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read. `segment` is the header of the first one (session, writer, warded_version), else empty."""

    seq: int
    at: float
    type: str
    event: Mapping[str, Any]
    prev: str
    hash: str
    segment: Mapping[str, str]


def encode(values: dict[str, Any]) -> tuple[bytes, str]:
    """The line of a record, newline included, and its hash. `values` lacks only `hash`."""
    try:
        body = orjson.dumps(values, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        body = orjson.dumps(_writable(values, 0), option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).hexdigest()
    return b'%b%b%b"}\n' % (body[:-1], _MARK, digest.encode()), digest


def decode(line: bytes, *, seq: int, prev: str) -> Record:
    """The record on `line`, which must be number `seq` and follow the record with hash `prev`. Raises BadRecord."""
    if not line.endswith(b'"}\n') or line[-_TAIL - 1 : -_TAIL - 1 + len(_MARK)] != _MARK:
        raise BadRecord("is not a whole record")
    digest = line[-67:-3].decode("ascii", "replace")
    body = line[: -_TAIL - 1] + b"}"
    if hashlib.sha256(body).hexdigest() != digest:
        raise BadRecord("was changed: its hash does not match")
    record = _parsed(body, digest)
    if record.seq != seq:
        raise BadRecord(f"carries the number {record.seq}: records were removed, inserted or reordered")
    if record.prev != prev:
        raise BadRecord("does not follow the record before it")
    return record


def _parsed(body: bytes, digest: str) -> Record:
    try:
        values = orjson.loads(body)
        event, segment = values["event"], values.get("segment", {})
        record = Record(
            values["seq"], values["at"], values["type"], event=event, prev=values["prev"], hash=digest, segment=segment
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadRecord("is not a record") from error
    if not isinstance(event, dict) or not isinstance(segment, dict):
        raise BadRecord("is not a record")
    return record


def _writable(value: Any, depth: int) -> Any:
    """What JSON cannot carry (lone surrogates, huge integers, odd keys) as text that shows it."""
    if depth > _DEEP:
        return "..."
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if -(2**63) <= value < 2**63 else str(value)
        case dict():
            return {_text(key): _writable(each, depth + 1) for key, each in value.items()}
        case list() | tuple():
            return [_writable(each, depth + 1) for each in value]
        case _:
            return _text(value)


def _text(value: object) -> str:
    return str(value).encode("utf-8", "backslashreplace").decode()
