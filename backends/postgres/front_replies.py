"""What a door says to a PostgreSQL client, as bytes. No I/O. Source: PostgreSQL manual, "Message Formats"."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from backends.postgres.frontend import cstring, frame
from backends.postgres.wire import BackendKeyData, Field

AUTHENTICATED = frame(b"R", struct.pack("!i", 0))
ASK_PASSWORD = frame(b"R", struct.pack("!i", 3))
PARSE_COMPLETE = frame(b"1", b"")
BIND_COMPLETE = frame(b"2", b"")
CLOSE_COMPLETE = frame(b"3", b"")
EMPTY_QUERY = frame(b"I", b"")

_ORDER = "SVCMDHPpqWsctdnFLR"


def ask_sasl(mechanisms: Sequence[str]) -> bytes:
    """AuthenticationSASL: the names, then an empty one."""
    return frame(b"R", struct.pack("!i", 10) + b"".join(cstring(name) for name in mechanisms) + b"\0")


def sasl_continue(data: bytes) -> bytes:
    """AuthenticationSASLContinue."""
    return frame(b"R", struct.pack("!i", 11) + data)


def sasl_final(data: bytes) -> bytes:
    """AuthenticationSASLFinal."""
    return frame(b"R", struct.pack("!i", 12) + data)


def negotiate(minor: int, options: Sequence[str]) -> bytes:
    """NegotiateProtocolVersion: the newest version we speak, as servers send it (major and minor), unknown options."""
    named = b"".join(cstring(name) for name in options)
    return frame(b"v", struct.pack("!ii", 3 << 16 | minor, len(options)) + named)


def key_data(key: BackendKeyData) -> bytes:
    """BackendKeyData: what a CancelRequest to this door must quote."""
    return frame(b"K", struct.pack("!i", key.pid) + key.key)


def parameter_status(name: str, value: str) -> bytes:
    return frame(b"S", cstring(name) + cstring(value))


def ready(status: str) -> bytes:
    """ReadyForQuery: I, T or E."""
    return frame(b"Z", status.encode())


def error(
    code: str, message: str, *, detail: str = "", hint: str = "", fatal: bool = False, routine: str = "warded"
) -> bytes:
    """ErrorResponse of our own."""
    severity = "FATAL" if fatal else "ERROR"
    fields = {"S": severity, "V": severity, "C": code, "M": message, "D": detail, "H": hint, "R": routine}
    return frame(b"E", encode_fields(fields))


def notice(message: str, *, detail: str = "", hint: str = "") -> bytes:
    """NoticeResponse of our own."""
    fields = {"S": "NOTICE", "V": "NOTICE", "C": "00000", "M": message, "D": detail, "H": hint, "R": "warded"}
    return frame(b"N", encode_fields(fields))


def encode_fields(fields: Mapping[str, str]) -> bytes:
    """The body of an error or a notice; empty fields are left out, NUL cannot stand in any."""
    parts = [key.encode() + _clean(fields[key]) + b"\0" for key in _ORDER if fields.get(key)]
    return b"".join(parts) + b"\0"


def row_description(fields: Sequence[Field]) -> bytes:
    """RowDescription."""
    parts = [struct.pack("!H", len(fields))]
    for each in fields:
        shape = (each.table, each.attribute, each.type, each.size, each.modifier, each.format)
        parts += (cstring(each.name), struct.pack("!IhIhih", *shape))
    return frame(b"T", b"".join(parts))


def _clean(text: str) -> bytes:
    return text.replace("\0", "?").encode("utf-8", "replace")
