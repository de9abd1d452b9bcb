"""The bytes between a session and its server: buffering, back-pressure, and waiting until nothing is owed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from backends.postgres.connection import Connection
from backends.postgres.front_book import Book
from backends.postgres.front_replies import error
from backends.postgres.frontend import TERMINATE
from backends.postgres.wire import HEADER


class ServerStream(asyncio.Protocol):
    """`lost` = the server has gone. Whole buffers come to `_work`, unless `_stalled`."""

    def __init__(self, book: Book, *, leave: Callable[[bytes], None]) -> None:
        self._book, self._leave = book, leave
        self._buffer = bytearray()
        self._need = HEADER
        self._stalled = False
        self._settled: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None
        self._parting = False
        self.lost = False

    def part(self) -> None:
        """Say goodbye to the server, which answers what it was asked before it hangs up."""
        self._parting = True
        self.write(TERMINATE)

    def _work(self, data: bytes) -> None:
        raise NotImplementedError

    # The transport

    def _take_over(self, connection: Connection) -> None:
        self._transport = connection.hand_over(self)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self.lost:
            self._transport.write(data)

    async def writable(self) -> None:
        """Wait until the server has taken enough of what was written."""
        if self._writable is not None:
            await self._writable

    def hold_back(self, blocked: bool) -> None:
        """The client takes nothing more, or goes on."""
        if self._transport is None or self.lost or self._stalled:
            return
        if blocked:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        if self._transport is not None and not self.lost:
            self._transport.write(TERMINATE)
            self._transport.close()

    def pause_writing(self) -> None:
        self._writable = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        waiting, self._writable = self._writable, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.resume_writing()
        self._leave(b"" if self._parting else error("08006", "the connection to the server was lost", fatal=True))
        self._settle()

    def data_received(self, data: bytes) -> None:
        if self._buffer or self._stalled:
            self._buffer += data
            if self._stalled or len(self._buffer) < self._need:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        self._work(data)

    # What the client's half waits for

    async def settled(self) -> None:
        """Until everything that was asked is answered, or the server has gone."""
        while self._book.steps and not self.lost:
            if self._settled is None:
                self._settled = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._settled)

    def _settle(self) -> None:
        if self._settled is not None and (not self._book.steps or self.lost):
            waiting, self._settled = self._settled, None
            if not waiting.done():
                waiting.set_result(None)
