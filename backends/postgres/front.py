"""What a PostgreSQL client says, without I/O: `opening` reads its first packets, `ClientReader` what comes later.

Source: PostgreSQL manual, "Message Formats" and "Message Flow"; protocol 3.0, and 3.2 as PostgreSQL 18 speaks it. The
counterpart is wire.py, which reads what a server says. Every length is bounded; what breaks the format raises
WireError, so that hostile input is either accepted or refused with a documented error.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from backends.errors import WireError
from backends.postgres.wire import HEADER, BackendKeyData, MessageTooLarge

MAX_STARTUP = 10_000  # bytes; PostgreSQL's own MAX_STARTUP_PACKET_LENGTH
MAX_LOGIN_MESSAGE = 16_384  # bytes; a token may have 8 KiB
NEWEST_MINOR = 2
TLS_HANDSHAKE = 0x16  # first byte of a TLS record: direct TLS, as libpq 17 has it (sslnegotiation=direct)

_SSL, _GSS, _CANCEL = 80877103, 80877104, 80877102
_KINDS = frozenset(b"BCDEFHPQSXcdfp")


class Ask(Enum):
    """What a client may ask before it says who it is."""

    TLS = _SSL
    GSS = _GSS


class UnsupportedProtocol(WireError):
    """A major version that is not 3."""


@dataclass(frozen=True, slots=True)
class Startup:
    """StartupMessage. `options` are the protocol options (`_pq_.…`) that were asked for; none is known here."""

    minor: int
    parameters: Mapping[str, str]
    options: tuple[str, ...] = ()


Opening = Ask | BackendKeyData | Startup


@dataclass(frozen=True, slots=True)
class Opened:
    """An opening and how many bytes it took."""

    message: Opening
    size: int


def opening(data: bytes) -> Opened | None:
    """The packet that `data` begins with, None while it is incomplete. A CancelRequest comes as BackendKeyData."""
    if len(data) < 4:
        return None
    (length,) = struct.unpack_from("!i", data)
    if not 8 <= length <= MAX_STARTUP:
        raise WireError(f"a startup packet of {length} bytes where 8 to {MAX_STARTUP} are allowed")
    if len(data) < length:
        return None
    (code,) = struct.unpack_from("!I", data, 4)
    return Opened(_opening(code, data[8:length]), length)


def _opening(code: int, body: bytes) -> Opening:
    if code in (_SSL, _GSS):
        if body:
            raise WireError("an encryption request with a body")
        return Ask(code)
    if code == _CANCEL:
        if not 8 <= len(body) <= 260:
            raise WireError("a cancel request of the wrong length")
        return BackendKeyData(struct.unpack_from("!i", body)[0], body[4:])
    if code >> 16 != 3:
        raise UnsupportedProtocol(f"protocol {code >> 16}.{code & 0xFFFF} is not supported; 3.0 and 3.2 are")
    return _startup(code & 0xFFFF, body)


def _startup(minor: int, body: bytes) -> Startup:
    """Pairs of strings, then an empty name."""
    if body == b"\0":
        raise WireError("a startup packet without a user")
    if not body.endswith(b"\0\0"):
        raise WireError("a startup packet without its end")
    try:
        parts = [part.decode() for part in body[:-2].split(b"\0")]
    except UnicodeDecodeError:
        raise WireError("a startup packet that is not UTF-8") from None
    if len(parts) % 2 or any(not name for name in parts[::2]):
        raise WireError("a startup packet with a name and no value")
    pairs = dict(zip(parts[::2], parts[1::2], strict=True))
    options = tuple(name for name in pairs if name.startswith("_pq_."))
    return Startup(minor, {name: value for name, value in pairs.items() if name not in options}, options)


class ClientReader:
    """Incremental parser of what a client sends after its startup packet.

    Gives whole messages as (type, bytes with their header). `limit` bounds the length field, in bytes.
    """

    __slots__ = ("_buffer", "_need", "limit")

    def __init__(self, *, limit: int = MAX_LOGIN_MESSAGE) -> None:
        self.limit = limit
        self._buffer = bytearray()
        self._need = HEADER

    def feed(self, received: bytes) -> list[tuple[int, bytes]]:
        """Complete messages, in order. After a WireError the connection cannot be used any more."""
        data = received
        if self._buffer:
            self._buffer += received
            if len(self._buffer) < self._need:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        messages, at, size = [], 0, len(data)
        while size - at >= HEADER:
            end = at + self._whole(data, at)
            if end > size:
                break
            messages.append((data[at], data[at:end]))
            at = end
        self._keep(data, at)
        return messages

    def _whole(self, data: bytes, at: int) -> int:
        """Bytes of the message that begins at `at`, with its type."""
        length = int.from_bytes(data[at + 1 : at + HEADER], "big")
        if data[at] not in _KINDS:
            raise WireError(f"a message of unknown type {data[at]}")
        if length < 4:
            raise WireError("a message shorter than its own length field")
        if length > self.limit:
            raise MessageTooLarge(f"a message of {length} bytes where {self.limit} are allowed")
        return 1 + length

    def _keep(self, data: bytes, at: int) -> None:
        self._buffer += data[at:]
        left = len(data) - at
        self._need = self._whole(data, at) if left >= HEADER else HEADER
