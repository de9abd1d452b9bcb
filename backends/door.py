"""A native door: a Front speaks a protocol to clients, the gateway lets people in, judges and records.

    listener (server) → Front.serve(pipe, reception)          bytes, TLS
    Front → Reception: who is this?                           → Visit
    Front → Visit: may this run?  → Warrant, or Refusal       one a statement that runs
    Front → Warrant.close: how it ended

A Front never decides and never records; Reception, Visit and Warrant never see a byte of the protocol.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from backends.base import Columns, Upstream
from catalog.masking import CellMask
from catalog.model import Login, Resource
from catalog.stream import StreamMasker
from policy.model import Operation


def end_point_hash(certificate: bytes) -> bytes | None:
    """tls-server-end-point (RFC 5929 section 4.1): a certificate (DER) hashed with its own signature's hash, MD5 and
    SHA-1 replaced by SHA-256. None where the certificate's algorithm has no such hash, as Ed25519."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    if algorithm is None:
        return None
    if isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    digest = hashes.Hash(algorithm)
    digest.update(certificate)
    return digest.finalize()


class LoginRefused(Exception):
    """Whoever asks is not let in. The words go to the client and tell nothing about which part was wrong."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """What SCRAM-SHA-256 needs to know of a password: enough to recognise it, not to use it (RFC 5802 section 3)."""

    salt: bytes
    iterations: int
    stored_key: bytes
    server_key: bytes

    def __repr__(self) -> str:
        return "Verifier(hidden)"


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection. `local` = bytes stay on this machine or cannot be read on their way."""

    host: str
    encrypted: bool
    local: bool
    certificate: bytes | None = None
    """The client's certificate (DER), verified against the configured authority."""
    binding: bytes | None = None
    """tls-server-end-point of our own certificate (RFC 5929), None without TLS."""
    alpn: str = ""


class Pipe(Protocol):
    """The bytes of one client."""

    peer: Peer

    async def read(self) -> bytes:
        """Some bytes; b"" when the client has gone."""
        ...

    def unread(self, data: bytes) -> None:
        """Give back bytes that are still to be read."""
        ...

    def write(self, data: bytes) -> None: ...

    async def drain(self) -> None:
        """Wait until the client has taken enough of what was written."""
        ...

    def watch(self, *, blocked: Callable[[bool], None], lost: Callable[[], None]) -> None:
        """Call back when the client stops or resumes taking bytes, and when it has gone."""
        ...

    @property
    def tls_offered(self) -> bool: ...

    async def start_tls(self, *, alpn: tuple[str, ...], first: bytes = b"") -> None:
        """Begin TLS as the server; `first` are bytes of the handshake that were already read. Raises OSError."""
        ...

    def close(self) -> None:
        """Send what is written, then close."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """What may not run, in words for people. `code` is denied, held, syntax, cancelled, unavailable or
    stopping."""

    code: str
    message: str
    detail: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How something that ran ended. `status` is ok, failed or cancelled; `masked` the columns hidden."""

    status: str
    rows: int = 0
    bytes: int = 0
    affected: int | None = None
    masked_cells: int = 0
    masked: tuple[tuple[str, CellMask], ...] = ()
    truncated: str = ""
    error_code: str = ""


class Terminal(Protocol):
    """The record of one terminal. Raises OSError when it cannot be kept: then nothing more may be shown."""

    def output(self, data: bytes) -> None: ...

    def input(self, size: int) -> None:
        """That somebody typed this many bytes; what was typed is not kept, it may be a password."""
        ...

    def resize(self, width: int, height: int) -> None: ...

    def close(self) -> None: ...


class Watch(Protocol):
    """Looks at the values of one answer that are about to leave in clear, and never raises.

    `masks` are those in force for rows to come; they only grow. `partly` = columns of which single cells were hidden.
    """

    masks: list[CellMask | None]
    partly: dict[int, CellMask]

    @property
    def watched(self) -> tuple[int, ...]:
        """Columns whose cells have to be seen, ascending."""
        ...

    def clean(self, cells: bytes, ends: Sequence[int]) -> bool:
        """Whether nothing need be hidden in the cells of the watched columns: row by row, in UTF-8, each behind a NUL
        byte and ending at `ends`. If not, `rows` has to see them."""
        ...

    def rows(self, rows: Sequence[list[str | None]]) -> int:
        """Hide in place what must not pass; how many cells."""
        ...


class Warrant(Protocol):
    """One statement that may run now: its opening event is durable. `tainted` = the target's own words about it may
    carry a value that is hidden. Bounds are None where policy sets none."""

    id: str
    tainted: bool
    max_rows: int | None
    max_affected: int | None
    timeout: float | None

    def masks(self, columns: Columns) -> tuple[CellMask | None, ...]: ...

    def watch(self, columns: Columns) -> Watch | None:
        """What looks at the columns of this shape that come clear; None = nothing needs a look."""
        ...

    def stream(self) -> StreamMasker:
        """Hides what is sensitive in one stream of text."""
        ...

    def terminal(self, size: tuple[int, int]) -> Terminal:
        """Keeps what a terminal of this size (columns, lines) shows."""
        ...

    def end(self, outcome: Outcome) -> bool:
        """Record how it ended, if nothing has to be waited for; False = `close` has to do it."""
        ...

    async def close(self, outcome: Outcome) -> None: ...


class Visit(Protocol):
    """One client's stay, from log-in to end. `ended` is set to words for the client when it must leave."""

    @property
    def user(self) -> str: ...

    @property
    def resource(self) -> Resource: ...

    @property
    def login(self) -> Login: ...

    @property
    def upstream(self) -> Upstream: ...

    @property
    def label(self) -> str:
        """Names person and session to the target."""
        ...

    def preview(self, operation: Operation) -> Refusal | None:
        """What would be said now, without recording: None = it may run, perhaps after an approval."""
        ...

    def may_wait(self, operation: Operation) -> bool:
        """Whether `begin` would ask people first."""
        ...

    def begin_at_once(self, operation: Operation, *, text: str, parameters: tuple[object, ...]) -> Warrant | None:
        """A Warrant for what is known to run without asking anybody: its opening event is written. None = `begin` has
        to decide. `text` and `parameters` are what runs; `operation` is the same object for every text that means the
        same but for numbers that columns are compared with."""
        ...

    async def begin(self, operation: Operation, *, tell: Callable[[str], None]) -> Warrant | Refusal:
        """Decide, ask people if need be (`tell` says so to the client), and write the opening event."""
        ...

    def on_end(self, leave: Callable[[str], None]) -> None:
        """`leave` is called when the stay must end, with words for the client."""
        ...

    async def close(self, reason: str) -> None: ...


class Reception(Protocol):
    """Stage authenticate. Each way in raises LoginRefused, after the same time whatever was wrong."""

    discovery_url: str
    scope: str

    async def verifier(self, user: str, resource: str, peer: Peer) -> Verifier:
        """For SCRAM. Somebody who does not exist has one too, that nothing fits."""
        ...

    async def by_scram(self, user: str, resource: str, peer: Peer, *, proven: bool) -> Visit: ...

    async def by_password(self, user: str, resource: str, peer: Peer, *, password: str) -> Visit: ...

    async def by_token(self, user: str, resource: str, peer: Peer, *, token: str) -> Visit: ...

    async def by_certificate(self, user: str, resource: str, peer: Peer) -> Visit | None:
        """None = this certificate names somebody else: another proof is wanted."""
        ...


@dataclass(frozen=True, slots=True)
class Front:
    """The server side of a protocol. `open` takes the Reception, and by keyword what only this protocol needs; `alpn`
    names the protocol where TLS comes first."""

    protocol: str
    port: int
    alpn: tuple[str, ...]
    open: Callable[..., Hall]


class Hall(Protocol):
    """One running door: `serve` one client to its end. `authenticated` is called once it is let in."""

    def serve(self, pipe: Pipe, authenticated: Callable[[], None]) -> Awaitable[None]: ...
