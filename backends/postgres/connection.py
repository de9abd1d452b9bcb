"""One connection to a server: the transport, and flights (one Sync and everything that answers it)."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from typing import cast

from backends.errors import WireError
from backends.postgres.address import Address
from backends.postgres.failures import ConnectionLost, FlightTimeout
from backends.postgres.frontend import SSL_REQUEST, TERMINATE
from backends.postgres.reply import Reply
from backends.postgres.statements import Statements
from backends.postgres.wire import (
    HANDSHAKE_LIMIT,
    BackendKeyData,
    ErrorResponse,
    Message,
    NoticeResponse,
    NotificationResponse,
    ParameterStatus,
    Reader,
)

PINNED = {"client_encoding": "UTF8", "standard_conforming_strings": "on"}
"""What must not change: cells are decoded as UTF-8, and the parser reads backslashes as the standard does."""


HELD = frozenset({"session_authorization", "is_superuser"})
"""What stays as it was at log-in: the server reports each change, so that watching it costs nothing."""

MAX_INBOX = 100  # messages that may wait during the start-up; a server sends about five before it is answered


class Connection(asyncio.Protocol):
    """`status` is the transaction status (I, T, E), `session` the label and time-out that the server took last.

    `identity` is (current_user, session_user, state) as they were at log-in; see VERIFY in handshake.py.
    `way` is how to reach the server again, for a CancelRequest; `signalled` = one was sent, and may still strike.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.parameters: dict[str, str] = {}
        self.key: BackendKeyData | None = None
        self.status = ""
        self.statements = Statements()
        self.session: tuple[str, float] | None = None
        self.identity: tuple[str, str, str] | None = None
        self.committing = False
        self.signalled = False
        self.way: tuple[Address, ssl.SSLContext | None] | None = None
        self.fresh = True
        self.idle_since = 0.0
        self.closed: asyncio.Future[None] = loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._reader = Reader(limit=HANDSHAKE_LIMIT)
        self._inbox: deque[Message] = deque()
        self._tls_answer: asyncio.Future[bytes] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._reply: Reply | None = None
        self._budget = 0
        self._keep_reading = False
        self._failure: Exception | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._expired = False

    # Callbacks of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        if self._tls_answer is not None:
            if not self._tls_answer.done():
                self._tls_answer.set_result(data)
            else:  # bytes after the answer and before TLS come from somebody in between (CVE-2021-23214)
                self._break(WireError("bytes before the TLS handshake"))
            return
        try:
            messages = self._reader.feed(data)
            reply = self._reply
            if reply is None or reply.ready:
                self._outside_flight(messages)
            else:
                self._inside_flight(reply, messages)
        except WireError as error:
            self._break(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self.clear_deadline()
        if self._tls_answer is not None and not self._tls_answer.done():
            self._tls_answer.set_result(b"")
        if not self.closed.done():
            self.closed.set_result(None)
        if self._failure is None:
            answered = self._reply is not None and self._reply.begun
            self._failure = ConnectionLost("the connection to the server was lost", answered=answered)
        self._wake(self._failure)

    # Flights

    async def flight(self, data: bytes, *, budget: int, keep_reading: bool = False) -> Reply:
        """Send `data`, which ends in Sync, and collect the answer up to ReadyForQuery.

        Cells beyond `budget` bytes end the wait early, with `overflow` set and reading paused; with `keep_reading` they
        are dropped instead and the wait goes on. COPY ends it, too. Raises ConnectionLost, FlightTimeout, WireError.
        """
        if self._failure is not None:
            raise ConnectionLost("the connection was lost while idle", answered=False)
        if self._expired:
            raise FlightTimeout
        self._reader.row_bytes = 0
        self._reply = reply = Reply()
        self._budget, self._keep_reading = budget, keep_reading
        self._writer.write(data)
        await self._wait()
        return reply

    async def ready(self) -> Reply:
        """Wait for the end of the flight that is under way, dropping its rows."""
        assert self._reply is not None
        self._reply.discard = True
        self._writer.resume_reading()
        while not self._reply.ready:
            await self._wait()
        return self._reply

    async def next_message(self) -> Message:
        """The next message outside flights, for the start-up."""
        while not self._inbox:
            await self._wait()
        return self._inbox.popleft()

    def send(self, data: bytes) -> None:
        self._writer.write(data)

    def accept_rows(self, limit: int) -> None:
        """Bound of one message, in bytes, from now on."""
        self._reader.limit = limit

    @property
    def busy(self) -> bool:
        """A flight is under way."""
        return self._reply is not None and not self._reply.ready

    @property
    def dead(self) -> bool:
        return self._failure is not None

    @property
    def usable(self) -> bool:
        """Fit for the next operation: alive, idle, outside any transaction."""
        return self._failure is None and not self.busy and not self.signalled and self.status == "I"

    # Deadline

    def set_deadline(self, when: float) -> None:
        """From `when` (loop time) on, a flight that waits raises FlightTimeout, and so does the next one."""
        self.clear_deadline()
        self._timer = self.loop.call_at(when, self._expire)

    def clear_deadline(self) -> None:
        self._expired = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._expired = True
        self._wake(FlightTimeout())

    # Closing

    def close(self) -> None:
        """Leave politely."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(TERMINATE)
            self._transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        self._break(ConnectionLost("the connection was dropped", answered=True))

    def hand_over(self, protocol: asyncio.Protocol) -> asyncio.Transport:
        """Give the open transport to somebody else, who gets whatever comes from now on."""
        if self._failure is not None or self._reader.pending or self._inbox:
            self.abort()
            raise ConnectionLost("the server said more than it was asked", answered=True)
        self._writer.set_protocol(protocol)
        return self._writer

    # TLS

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """SSLRequest, then the handshake ("SSL Session Encryption"). Raises ConnectionLost, ssl.SSLError, OSError."""
        self._tls_answer = self.loop.create_future()
        self._writer.write(SSL_REQUEST)
        if await self._tls_answer != b"S":
            self.abort()
            raise ConnectionLost("the server does not offer TLS", answered=True)
        transport = await self.loop.start_tls(self._writer, self, context, server_hostname=host)
        assert transport is not None
        self._transport = transport
        self._tls_answer = None

    def certificate(self) -> bytes | None:
        """The server's certificate (DER), None without TLS."""
        tls = self._writer.get_extra_info("ssl_object")
        return None if tls is None else tls.getpeercert(binary_form=True)

    # Inside

    @property
    def _writer(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._waiter = self.loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self, error: Exception | None = None) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(error)

    def _inside_flight(self, reply: Reply, messages: list[Message]) -> None:
        status = reply.take(messages)
        reply.row_bytes = self._reader.row_bytes
        if status:
            self.status = status
            self._watch(reply.parameters)
            self._wake()
        elif reply.copying:
            self._wake()
        elif reply.row_bytes > self._budget and not reply.discard:
            reply.overflow = reply.discard = True
            if not self._keep_reading:
                self._writer.pause_reading()
                self._wake()

    def _outside_flight(self, messages: list[Message]) -> None:
        self._watch([message for message in messages if isinstance(message, ParameterStatus)])
        for message in messages:
            if not isinstance(message, ParameterStatus | NoticeResponse | NotificationResponse):
                self._unasked(message)

    def _unasked(self, message: Message) -> None:
        """During start-up everything is for the one who logs in; later only a farewell makes sense."""
        if not self.status and len(self._inbox) < MAX_INBOX:
            self._inbox.append(message)
            self._wake()
        elif isinstance(message, ErrorResponse):
            self._break(ConnectionLost("the server ended an idle connection", answered=False))
        else:
            raise WireError("a message that nobody asked for")

    def _watch(self, reports: list[ParameterStatus]) -> None:
        for report in reports:
            if self.identity is not None and report.name in HELD and self.parameters.get(report.name) != report.value:
                raise WireError(f"the session changed its {report.name}")
            self.parameters[report.name] = report.value
            if PINNED.get(report.name, report.value) != report.value:
                raise WireError(f"the server changed {report.name}")

    def _break(self, error: Exception) -> None:
        if self._failure is None:
            self._failure = error
        if self._transport is not None:
            self._transport.abort()
        self._wake(self._failure)


async def dial(address: Address, context: ssl.SSLContext | None) -> Connection:
    """A connection on which nothing has been said yet. Raises OSError, ssl.SSLError, ConnectionLost."""
    loop = asyncio.get_running_loop()
    connection = Connection(loop)
    connection.way = address, context
    if address.socket:
        await loop.create_unix_connection(lambda: connection, address.socket)
        return connection
    transport, _ = await loop.create_connection(lambda: connection, address.host, address.port)
    _keep_alive(transport.get_extra_info("socket"))
    if context is not None:
        try:
            await connection.start_tls(context, address.host)
        except BaseException:
            connection.abort()
            raise
    return connection


def _keep_alive(sock: socket.socket) -> None:
    """Notice a silent peer within a minute: 30 s, then three probes 10 s apart."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
