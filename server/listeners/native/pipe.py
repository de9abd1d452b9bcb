"""The bytes of one client, with TLS from any moment on. See `backends.door.Pipe`.

TLS runs over memory (ssl.MemoryBIO), because a handshake may begin with bytes that were already read.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import cast

from backends.door import Peer
from server.listeners.native.certificates import Certificates

MOST_UNREAD = 262_144  # bytes; then the client has to wait
MOST_UNSENT = 1_048_576  # bytes; then the target has to wait
PIECE = 262_144
LINGER_SECONDS = 2.0


class ClientPipe(asyncio.Protocol):
    """`accepted` is called once, with the pipe, when the connection is there."""

    def __init__(
        self, *, local: bool, certificates: Certificates | None, accepted: Callable[[ClientPipe], None]
    ) -> None:
        self.peer = Peer("", encrypted=False, local=local)
        self._certificates, self._accepted, self._local = certificates, accepted, local
        self._transport: asyncio.Transport | None = None
        self._unread = bytearray()
        self._waiter: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._shaking = self._eof = self._paused = False
        self._on_blocked: Callable[[bool], None] | None = None
        self._on_lost: Callable[[], None] | None = None

    # The transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=MOST_UNSENT)
        address = transport.get_extra_info("peername")
        host = address[0] if isinstance(address, tuple) else "local"
        self.peer = replace(self.peer, host=str(host))
        self._accepted(self)

    def data_received(self, data: bytes) -> None:
        if self._tls is None:
            self._unread += data
        else:
            self._incoming.write(data)
            if not self._shaking:
                self._decrypt()
        if len(self._unread) + self._incoming.pending > MOST_UNREAD and not self._paused and self._transport:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._eof = True
        self._wake()
        self.resume_writing()
        if self._on_lost is not None:
            self._on_lost()

    def pause_writing(self) -> None:
        self._drained = asyncio.get_running_loop().create_future()
        if self._on_blocked is not None:
            self._on_blocked(True)

    def resume_writing(self) -> None:
        waiting, self._drained = self._drained, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)
        if self._on_blocked is not None:
            self._on_blocked(False)

    @property
    def socket(self) -> socket.socket | None:
        found = self._transport.get_extra_info("socket") if self._transport is not None else None
        return cast("socket.socket | None", found)

    # The pipe

    @property
    def tls_offered(self) -> bool:
        return self._certificates is not None

    async def read(self) -> bytes:
        while not self._unread and not self._eof:
            await self._wait()
        data = bytes(self._unread)
        self._unread.clear()
        if self._paused and self._transport is not None and not self._eof:
            self._paused = False
            self._transport.resume_reading()
        return data

    def unread(self, data: bytes) -> None:
        self._unread[:0] = data

    def write(self, data: bytes) -> None:
        if self._transport is None or self._eof or not data:
            return
        if self._tls is None:
            self._transport.write(data)
            return
        view = memoryview(data)
        for at in range(0, len(data), PIECE):
            self._tls.write(view[at : at + PIECE])
        self._transport.write(self._outgoing.read())

    async def drain(self) -> None:
        if self._drained is not None:
            await self._drained

    def watch(self, *, blocked: Callable[[bool], None], lost: Callable[[], None]) -> None:
        self._on_blocked, self._on_lost = blocked, lost
        if self._drained is not None:
            blocked(True)
        if self._eof:
            lost()

    def close(self) -> None:
        """What is written may still be sent, for a moment: somebody sent away must not read on."""
        self._on_blocked = self._on_lost = None
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._transport.abort)

    # TLS

    async def start_tls(self, *, alpn: tuple[str, ...], first: bytes = b"") -> None:
        """Raises OSError (ssl.SSLError is one) when the handshake fails."""
        assert self._certificates is not None
        assert not self._unread  # what came before the answer was refused
        tls = self._certificates.current()
        self._tls = tls.context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._shaking = True
        self._incoming.write(first)
        await self._shake_hands(self._tls)
        self._shaking = False
        self.peer = replace(
            self.peer,
            encrypted=True,
            certificate=self._tls.getpeercert(binary_form=True),
            binding=tls.binding,
            alpn=self._tls.selected_alpn_protocol() or "",
        )
        self._decrypt()

    async def _shake_hands(self, tls: ssl.SSLObject) -> None:
        while True:
            try:
                tls.do_handshake()
                self._send_pending()
                return
            except ssl.SSLWantReadError:
                self._send_pending()
                if self._eof:
                    raise ConnectionResetError("the client left during the handshake") from None
                await self._wait()
            except ssl.SSLError:
                self._send_pending()
                raise

    def _decrypt(self) -> None:
        assert self._tls is not None
        ended = False
        try:
            while piece := self._tls.read(PIECE):
                self._unread += piece
            ended = True  # close_notify: the client says goodbye
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            ended = True
        self._send_pending()
        if ended and self._transport is not None:
            self._transport.close()

    def _send_pending(self) -> None:
        if self._outgoing.pending and self._transport is not None:
            self._transport.write(self._outgoing.read())

    # Waiting

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
