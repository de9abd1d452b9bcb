"""The connections of one login: at most so many, kept for the next operation, handed out first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from backends.errors import UpstreamError
from backends.postgres.connection import Connection

SIZE = 8
WAIT_SECONDS = 5.0
IDLE_SECONDS = 300.0
CLOSE_SECONDS = 1.0


class Pool:
    """`connect` opens a connection or raises UpstreamError."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], *, size: int = SIZE) -> None:
        self._connect = connect
        self._size = size
        self._open = 0
        self._idle: deque[Connection] = deque()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False

    async def acquire(self, *, fresh: bool = False) -> Connection:
        """A connection for one operation; `fresh` = a new one, since a kept one turned out to be dead."""
        if fresh:
            self._drop_idle()
        while True:
            connection = self._kept()
            if connection is not None:
                return connection
            if self._open < self._size:
                return await self._new()
            connection = await self._turn()
            if connection is not None:
                connection.fresh = False
                return connection

    def release(self, connection: Connection) -> None:
        """Take it back; unless it is idle and outside any transaction it is closed."""
        if self._closed or not connection.usable:
            self._discard(connection)
        elif (turn := self._next_turn()) is not None:
            turn.set_result(connection)
        else:
            connection.idle_since = connection.loop.time()
            self._idle.append(connection)
        self._close_old()

    async def close(self) -> None:
        """Close what is idle, and give TLS a moment to say goodbye; what is in use is closed when it comes back."""
        self._closed = True
        leaving = [connection.closed for connection in self._idle]
        self._drop_idle()
        if leaving:
            await asyncio.wait(leaving, timeout=CLOSE_SECONDS)

    def _kept(self) -> Connection | None:
        """The connection used last: it knows the statements, and the others may age."""
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.loop.time() - connection.idle_since < IDLE_SECONDS:
                connection.fresh = False
                return connection
            self._discard(connection)
        return None

    async def _new(self) -> Connection:
        self._open += 1
        try:
            return await self._connect()
        except BaseException:
            self._freed()
            raise

    async def _turn(self) -> Connection | None:
        """Wait for a connection, or for leave to open one (None)."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await turn
        except TimeoutError:
            self._pass_on(turn)
            words = f"all {self._size} connections of this login are busy"
            raise UpstreamError("unreachable", words, words, exposes_data=False, remedy="Try again soon.") from None
        except asyncio.CancelledError:
            self._pass_on(turn)
            raise

    def _pass_on(self, turn: asyncio.Future[Connection | None]) -> None:
        """What was given to somebody who has just left goes to the next."""
        if not turn.done() or turn.cancelled():
            return
        if (connection := turn.result()) is not None:
            self.release(connection)
        elif (after := self._next_turn()) is not None:
            after.set_result(None)

    def _next_turn(self) -> asyncio.Future[Connection | None] | None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                return turn
        return None

    def _discard(self, connection: Connection) -> None:
        connection.close()
        self._freed()

    def _freed(self) -> None:
        self._open -= 1
        if (turn := self._next_turn()) is not None:
            turn.set_result(None)

    def _drop_idle(self) -> None:
        while self._idle:
            self._discard(self._idle.pop())

    def _close_old(self) -> None:
        while self._idle and self._idle[0].loop.time() - self._idle[0].idle_since >= IDLE_SECONDS:
            self._discard(self._idle.popleft())
