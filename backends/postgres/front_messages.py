"""The bodies of a client's messages, read into dataclasses. No I/O; what breaks the format raises WireError.

Source: PostgreSQL manual, "Message Formats". Strings are UTF-8: a door takes no other client_encoding.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar

from backends.errors import WireError
from backends.postgres.wire import HEADER

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ParseMessage:
    """P: prepare `text` under `name` ("" = the unnamed statement); `oids` are parameter types, 0 = not given."""

    name: str
    text: str
    oids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BindMessage:
    """B: `parameters` are raw values (None = NULL) in the formats `parameter_formats`; `formats` are the results'."""

    portal: str
    statement: str
    parameter_formats: tuple[int, ...]
    parameters: tuple[bytes | None, ...]
    formats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NamedMessage:
    """D and C: `kind` is "S" for a statement, "P" for a portal."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class ExecuteMessage:
    """E: run `portal` for at most `rows` rows, 0 = all."""

    portal: str
    rows: int


@dataclass(frozen=True, slots=True)
class SaslInitial:
    """p, the first of a SASL exchange: `response` None = none was sent."""

    mechanism: str
    response: bytes | None


def _read(function: Callable[[bytes], Result]) -> Callable[[bytes], Result]:
    """Takes a whole message; whatever is wrong with its body is a WireError."""

    @wraps(function)
    def read(message: bytes) -> Result:
        try:
            return function(message[HEADER:])
        except (struct.error, ValueError, IndexError):
            raise WireError(f"a malformed message of type {chr(message[0])!r}") from None

    return read


@_read
def query_text(body: bytes) -> str:
    """Q: the text of a simple query."""
    return _only(body)


@_read
def password_text(body: bytes) -> str:
    """p: a password in clear."""
    return _only(body)


@_read
def parse_message(body: bytes) -> ParseMessage:
    name, at = _string(body, 0)
    text, at = _string(body, at)
    oids, at = _numbers(body, at, "I")
    _ended(body, at)
    return ParseMessage(name, text, oids)


@_read
def bind_message(body: bytes) -> BindMessage:
    portal, at = _string(body, 0)
    statement, at = _string(body, at)
    given, at = _formats(body, at)
    values, at = _values(body, at)
    wanted, at = _formats(body, at)
    _ended(body, at)
    return BindMessage(portal, statement, given, values, wanted)


@_read
def named_message(body: bytes) -> NamedMessage:
    kind = chr(body[0])
    if kind not in "SP":
        raise ValueError
    return NamedMessage(kind, _only(body[1:]))


@_read
def execute_message(body: bytes) -> ExecuteMessage:
    portal, at = _string(body, 0)
    (rows,) = struct.unpack_from("!i", body, at)
    _ended(body, at + 4)
    return ExecuteMessage(portal, rows)


@_read
def sasl_initial(body: bytes) -> SaslInitial:
    mechanism, at = _string(body, 0)
    (length,) = struct.unpack_from("!i", body, at)
    if length == -1:
        _ended(body, at + 4)
        return SaslInitial(mechanism, None)
    _ended(body, at + 4 + length)
    return SaslInitial(mechanism, body[at + 4 :])


def sasl_response(message: bytes) -> bytes:
    """p, later in a SASL exchange."""
    return message[HEADER:]


def shown_parameters(asked: BindMessage) -> tuple[object, ...]:
    """What the record and an approval show of parameters: text as it is, binary in hexadecimal."""
    formats = asked.parameter_formats

    def shown(index: int, value: bytes | None) -> str | None:
        if value is None:
            return None
        binary = len(formats) > 0 and formats[index if len(formats) > 1 else 0] == 1
        return f"\\x{value.hex()}" if binary else value.decode("utf-8", "backslashreplace")

    if len(formats) > 1 and len(formats) != len(asked.parameters):
        raise WireError("as many parameter formats as parameters are needed")
    return tuple(shown(index, value) for index, value in enumerate(asked.parameters))


def _string(body: bytes, at: int) -> tuple[str, int]:
    end = body.index(0, at)
    return body[at:end].decode(), end + 1


def _only(body: bytes) -> str:
    text, at = _string(body, 0)
    _ended(body, at)
    return text


def _numbers(body: bytes, at: int, kind: str) -> tuple[tuple[int, ...], int]:
    """An Int16 count, then so many numbers."""
    (count,) = struct.unpack_from("!H", body, at)
    layout = struct.Struct(f"!{count}{kind}")
    return layout.unpack_from(body, at + 2), at + 2 + layout.size


def _formats(body: bytes, at: int) -> tuple[tuple[int, ...], int]:
    found, at = _numbers(body, at, "H")
    if not {0, 1}.issuperset(found):
        raise ValueError
    return found, at


def _values(body: bytes, at: int) -> tuple[tuple[bytes | None, ...], int]:
    (count,) = struct.unpack_from("!H", body, at)
    at += 2
    values: list[bytes | None] = []
    for _ in range(count):
        (length,) = struct.unpack_from("!i", body, at)
        at += 4
        if length < -1 or at + max(length, 0) > len(body):
            raise ValueError
        values.append(None if length == -1 else body[at : at + length])
        at += max(length, 0)
    return tuple(values), at


def _ended(body: bytes, at: int) -> None:
    if at != len(body):
        raise ValueError
