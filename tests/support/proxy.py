"""A TCP proxy that does harm on purpose: cut after so many bytes, delay, throttle, or swallow what the server says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Nemesis:
    """Switches may be turned while connections are open. `cut_after` counts bytes from the server, from now on.

    `delay` is seconds before each piece, `chunk` the most bytes passed at once, `passed` what the server said so far.
    """

    port: int = 0
    cut_after: int | None = None
    delay: float = 0.0
    chunk: int = 65_536
    swallow: bool = False
    passed: int = 0
    connections: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Reset every connection."""
        for writer in list(self._writers):
            writer.transport.abort()

    def arm(self, cut_after: int) -> None:
        """Cut all connections once the server has sent this many bytes more."""
        self.passed, self.cut_after = 0, cut_after


@asynccontextmanager
async def nemesis(host: str, port: int) -> AsyncIterator[Nemesis]:
    """Stand between a client and `host:port` until the block ends."""
    state = Nemesis()
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        state.connections += 1
        there, back = await asyncio.open_connection(host, port)
        state._writers |= {writer, back}
        pumps = [asyncio.create_task(_forward(reader, back)), asyncio.create_task(_return(there, writer, state))]
        tasks.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in (writer, back):
            end.transport.abort()
            state._writers.discard(end)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
        state.cut()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()


async def _return(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, state: Nemesis) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(state.chunk):
            if state.delay:
                await asyncio.sleep(state.delay)
            if state.swallow:
                continue
            if state.cut_after is not None:
                data = data[: max(0, state.cut_after - state.passed)]
            writer.write(data)
            await writer.drain()
            state.passed += len(data)
            if state.cut_after is not None and state.passed >= state.cut_after:
                state.cut()
                return
