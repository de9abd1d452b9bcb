"""What we say to a PostgreSQL server, protocol 3.0, as bytes. No I/O.

Source: PostgreSQL manual, "Message Formats". Builders raise WireError (local) for text that the protocol cannot carry.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from backends.errors import WireError
from backends.postgres.wire import BackendKeyData

PROTOCOL_3_0 = 196608
SSL_REQUEST = struct.pack("!ii", 8, 80877103)
SYNC = b"S\0\0\0\4"
TERMINATE = b"X\0\0\0\4"
COPY_FAIL = b"f\0\0\0\5\0"
DESCRIBE_PORTAL = b"D\0\0\0\6P\0"
MAX_PARAMETERS = 65_535  # Int16, read unsigned by the server


def startup(parameters: Mapping[str, str]) -> bytes:
    """StartupMessage: `user` and `database` are among the parameters."""
    body = b"".join(cstring(part) for pair in parameters.items() for part in pair) + b"\0"
    return struct.pack("!ii", len(body) + 8, PROTOCOL_3_0) + body


def cancel_request(key: BackendKeyData) -> bytes:
    """CancelRequest; goes over a connection of its own."""
    return struct.pack("!iii", 12 + len(key.key), 80877102, key.pid) + key.key


def password(secret: str) -> bytes:
    """PasswordMessage: cleartext, or the MD5 answer."""
    return frame(b"p", cstring(secret))


def sasl_initial(mechanism: str, response: bytes) -> bytes:
    """SASLInitialResponse."""
    return frame(b"p", cstring(mechanism) + struct.pack("!i", len(response)) + response)


def sasl_response(response: bytes) -> bytes:
    """SASLResponse."""
    return frame(b"p", response)


def query(text: str) -> bytes:
    """Query: the simple protocol, only for fixed commands of our own."""
    return frame(b"Q", cstring(text))


def parse(name: str, text: str) -> bytes:
    """Parse, leaving every parameter type to the server."""
    return frame(b"P", cstring(name) + cstring(text) + b"\0\0")


def bind(statement: str, parameters: Sequence[str | None] = (), *, portal: str = "") -> bytes:
    """Bind to a portal, by default the unnamed one: parameters and results in text format."""
    if len(parameters) > MAX_PARAMETERS:
        raise WireError("too many parameters", local=True)
    parts = [cstring(portal), cstring(statement), b"\0\0", struct.pack("!H", len(parameters))]
    for value in parameters:
        if value is None:
            parts.append(b"\xff\xff\xff\xff")
        else:
            data = _encode(value)
            parts += (struct.pack("!i", len(data)), data)
    parts.append(b"\0\0")
    return frame(b"B", b"".join(parts))


def describe_statement(name: str) -> bytes:
    """Describe a prepared statement: ParameterDescription, then RowDescription or NoData."""
    return frame(b"D", b"S" + cstring(name))


def execute(max_rows: int) -> bytes:
    """Execute the unnamed portal; 0 = no limit, else PortalSuspended after `max_rows`."""
    return struct.pack("!ci", b"E", 9) + b"\0" + struct.pack("!i", max_rows)


def run_portal(portal: str) -> bytes:
    """Execute a named portal to its end, and close it."""
    name = cstring(portal)
    return frame(b"E", name + b"\0\0\0\0") + frame(b"C", b"P" + name)


def close_statement(name: str) -> bytes:
    """Close a prepared statement."""
    return frame(b"C", b"S" + cstring(name))


def frame(kind: bytes, body: bytes) -> bytes:
    """One message: its type, its length, its body."""
    return kind + struct.pack("!i", len(body) + 4) + body


def cstring(text: str) -> bytes:
    """A string of the protocol, with its final zero."""
    return _encode(text) + b"\0"


def _encode(text: str) -> bytes:
    """UTF-8. NUL is refused: it ends a string of the protocol, and what follows would be read as something else."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise WireError("text that is not valid Unicode", local=True) from None
    if b"\0" in data:
        raise WireError("text with a NUL character", local=True)
    return data
