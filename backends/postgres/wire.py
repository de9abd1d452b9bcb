"""What a PostgreSQL server says, protocol 3.0, without I/O: `Reader` takes bytes and gives messages.

Source: PostgreSQL manual, chapter "Frontend/Backend Protocol": "Message Formats" for every layout here, "Message Flow"
for their order. Every length is bounded by `Reader.limit`; what breaks the format raises WireError. Cells are text.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from backends.errors import WireError

HEADER = 5  # one byte of type, four of length; the length counts itself but not the type
HANDSHAKE_LIMIT = 65_536  # libpq allows 30,000 for an error before authentication

Row = list[str | None]


class MessageTooLarge(WireError):
    """A frame announces more than `Reader.limit` bytes."""


class Signal(Enum):
    """Messages without a body, by their type byte."""

    PARSE_COMPLETE = ord("1")
    BIND_COMPLETE = ord("2")
    CLOSE_COMPLETE = ord("3")
    EMPTY_QUERY = ord("I")
    NO_DATA = ord("n")
    PORTAL_SUSPENDED = ord("s")
    COPY_DONE = ord("c")


@dataclass(frozen=True, slots=True)
class Authentication:
    """R: `kind` 0 ok, 3 cleartext, 5 MD5, 10/11/12 SASL; `data` is what follows."""

    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class BackendKeyData:
    """K: what a CancelRequest must quote."""

    pid: int
    key: bytes


@dataclass(frozen=True, slots=True)
class ParameterStatus:
    """S: a run-time parameter that the server reports."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class ReadyForQuery:
    """Z: `status` I idle, T in a transaction, E in a failed transaction."""

    status: str


@dataclass(frozen=True, slots=True)
class CommandComplete:
    """C: the command tag, such as `UPDATE 3`."""

    tag: str


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """t: type OIDs of a statement's parameters."""

    oids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One column of RowDescription. `table` and `attribute` name the base column it shows unchanged, or are 0."""

    name: str
    table: int
    attribute: int
    type: int
    size: int
    modifier: int
    format: int


@dataclass(frozen=True, slots=True)
class RowDescription:
    """T: the shape of the rows that follow."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """E: fields by their one-letter code ("Error and Notice Message Fields")."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NoticeResponse:
    """N: as ErrorResponse, but nothing failed."""

    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotificationResponse:
    """A: somebody's NOTIFY."""

    pid: int
    channel: str
    payload: str


@dataclass(frozen=True, slots=True)
class CopyResponse:
    """G, H, W: the server switched to COPY in, out or both; d: a piece of its data (not kept)."""

    kind: str


@dataclass(frozen=True, slots=True)
class NegotiateProtocolVersion:
    """v: newest minor version the server speaks, and the options it does not know."""

    minor: int
    options: tuple[str, ...]


Message = (
    Row
    | Signal
    | Authentication
    | BackendKeyData
    | ParameterStatus
    | ReadyForQuery
    | CommandComplete
    | ParameterDescription
    | RowDescription
    | ErrorResponse
    | NoticeResponse
    | NotificationResponse
    | CopyResponse
    | NegotiateProtocolVersion
)


class Reader:
    """Incremental parser of what a server sends.

    `limit` bounds the length field of one message, in bytes. `row_bytes` counts the bytes of all cells so far.
    """

    __slots__ = ("_buffer", "_need", "_shapes", "limit", "row_bytes")

    def __init__(self, *, limit: int) -> None:
        self.limit = limit
        self.row_bytes = 0
        self._buffer = bytearray()
        self._need = HEADER
        self._shapes: dict[bytes, RowDescription] = {}

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._buffer)

    def feed(self, received: bytes) -> list[Message]:
        """Complete messages, in order. After a WireError the connection cannot be used any more."""
        data = received
        if self._buffer:
            self._buffer += received
            if len(self._buffer) < self._need:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        messages: list[Message] = []
        at, size = 0, len(data)
        while size - at >= HEADER:
            length = int.from_bytes(data[at + 1 : at + HEADER], "big")
            if length < 4 or length > self.limit:
                raise self._refused(length)
            end = at + 1 + length
            if end > size:
                break
            messages.append(self._message(data[at], data[at + HEADER : end]))
            at = end
        if at < size:
            self._buffer += data[at:]
            self._need = (
                max(HEADER, 1 + int.from_bytes(data[at + 1 : at + HEADER], "big")) if size - at >= HEADER else HEADER
            )
        return messages

    def _refused(self, length: int) -> WireError:
        if length < 4:
            return WireError("a message shorter than its own length field")
        return MessageTooLarge(f"a message of {length} bytes where {self.limit} are allowed")

    def _message(self, kind: int, body: bytes) -> Message:
        try:
            if kind == 68:  # D, by far the most frequent
                return self._row(body)
            if kind == 84:  # T: the same few shapes come again and again
                return self._shape(body)
            if not body and kind in _SIGNALS:
                return _SIGNALS[kind]
            return _PARSERS[kind](kind, body)
        except KeyError:
            raise WireError(f"a message of unknown type {kind}") from None
        except (struct.error, ValueError, IndexError):
            raise WireError(f"a malformed message of type {chr(kind)!r}") from None

    def _row(self, body: bytes) -> Row:
        """DataRow: Int16 count, then Int32 length (-1 = NULL) and bytes for each cell."""
        count = body[0] << 8 | body[1]
        row: Row = []
        at, size = 2, len(body)
        for _ in range(count):
            start = at + 4
            length = int.from_bytes(body[at:start], "big")
            if length == 0xFFFFFFFF and start <= size:
                row.append(None)
                at = start
                continue
            at = start + length
            if at > size:
                raise WireError("a cell longer than its row")
            row.append(_text(body[start:at]))
        if at != size:
            raise WireError("a row longer than its cells")
        self.row_bytes += size - 2 - 4 * count
        return row

    def _shape(self, body: bytes) -> RowDescription:
        shape = self._shapes.get(body)
        if shape is None:
            if len(self._shapes) >= 64:
                self._shapes.clear()
            shape = self._shapes[body] = row_description(body)
        return shape


def _text(data: bytes) -> str:
    """UTF-8; a database in SQL_ASCII may send other bytes, which are shown as \\xNN."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace")


def _strings(body: bytes) -> list[str]:
    """Zero-terminated strings that fill the whole body."""
    if not body.endswith(b"\0"):
        raise WireError("a string without its end")
    return [_text(part) for part in body[:-1].split(b"\0")]


def row_description(body: bytes) -> RowDescription:
    """The body: a count, then of each field name, table OID, attribute, type OID, size, modifier, format."""
    (count,) = struct.unpack_from("!H", body)
    at, fields = 2, []
    for _ in range(count):
        end = body.index(0, at)
        table, attribute, type_, size, modifier, form = struct.unpack_from("!IhIhih", body, end + 1)
        fields.append(Field(_text(body[at:end]), table, attribute, type_, size, modifier, form))
        at = end + 19
    if at != len(body):
        raise WireError("a row description longer than its fields")
    return RowDescription(tuple(fields))


def _parameter_description(_kind: int, body: bytes) -> ParameterDescription:
    (count,) = struct.unpack_from("!H", body)
    if len(body) != 2 + 4 * count:
        raise WireError("a parameter description of the wrong length")
    return ParameterDescription(struct.unpack_from(f"!{count}I", body, 2))


def report(kind: int, body: bytes) -> ErrorResponse | NoticeResponse:
    """The body of an error or a notice: fields of one letter and a string each, then a zero byte."""
    if not body.endswith(b"\0") or (len(body) > 1 and not body.endswith(b"\0\0")):
        raise WireError("an error without its end")
    parts = [_text(part) for part in body[:-2].split(b"\0")] if len(body) > 1 else []
    fields = {part[0]: part[1:] for part in parts}
    return ErrorResponse(fields) if kind == 69 else NoticeResponse(fields)


def _authentication(_kind: int, body: bytes) -> Authentication:
    return Authentication(struct.unpack_from("!i", body)[0], body[4:])


def _key_data(_kind: int, body: bytes) -> BackendKeyData:
    if not 8 <= len(body) <= 260:
        raise WireError("a cancel key of the wrong length")
    return BackendKeyData(struct.unpack_from("!i", body)[0], body[4:])


def _parameter_status(_kind: int, body: bytes) -> ParameterStatus:
    name, value = _strings(body)
    return ParameterStatus(name, value)


def _ready(_kind: int, body: bytes) -> ReadyForQuery:
    if body not in {b"I", b"T", b"E"}:
        raise WireError("an unknown transaction status")
    return ReadyForQuery(body.decode())


def _command_complete(_kind: int, body: bytes) -> CommandComplete:
    if not body or body.find(b"\0") != len(body) - 1:
        raise WireError("a command tag without its end")
    return CommandComplete(_text(body[:-1]))


def _notification(_kind: int, body: bytes) -> NotificationResponse:
    (pid,) = struct.unpack_from("!i", body)
    channel, payload = _strings(body[4:])
    return NotificationResponse(pid, channel, payload)


def _negotiate(_kind: int, body: bytes) -> NegotiateProtocolVersion:
    minor, count = struct.unpack_from("!ii", body)
    options = _strings(body[8:]) if count else []
    if len(options) != count:
        raise WireError("a negotiation of the wrong length")
    return NegotiateProtocolVersion(minor, tuple(options))


def _not_empty(_kind: int, _body: bytes) -> Message:
    raise WireError("a body where none belongs")


def _copy(kind: int, _body: bytes) -> CopyResponse:
    return CopyResponse(chr(kind))


_SIGNALS: Mapping[int, Signal] = {signal.value: signal for signal in Signal}

_PARSERS: Mapping[int, Callable[[int, bytes], Message]] = {
    **dict.fromkeys(_SIGNALS, _not_empty),
    **{ord(kind): _copy for kind in "GHWd"},
    ord("R"): _authentication,
    ord("K"): _key_data,
    ord("S"): _parameter_status,
    ord("Z"): _ready,
    ord("C"): _command_complete,
    ord("t"): _parameter_description,
    ord("E"): report,
    ord("N"): report,
    ord("A"): _notification,
    ord("v"): _negotiate,
}
