"""One native door: accepts connections, bounds them before log-in, and lets each be served in a task of its own.

A silent or slow client costs one place among those that have not logged in, for a bounded time, and never delays
another: where all places are taken the oldest has to go.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import structlog

from backends.door import Front, Hall, Reception
from server.config_types import is_loopback
from server.listeners.native.certificates import Certificates
from server.listeners.native.pipe import ClientPipe

log = structlog.get_logger("warded.native")

BACKLOG = 512
STOP_SECONDS = 10.0


class NativeListener:
    """Bounds: connections at all, connections before log-in, seconds until somebody has logged in."""

    def __init__(
        self,
        front: Front,
        reception: Reception,
        *,
        host: str,
        port: int,
        certificates: Certificates | None,
        plain: bool,
        max_connections: int,
        max_pending: int,
        login_seconds: float,
    ) -> None:
        self._hall: Hall = front.open(reception)
        self._front, self._host, self._port = front, host, port
        self._certificates, self._plain = certificates, plain
        self._most, self._most_pending, self._patience = max_connections, max_pending, login_seconds
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: dict[asyncio.Task[None], None] = {}
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Raises OSError when the address cannot be bound."""
        local = self._plain or is_loopback(self._host)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: ClientPipe(local=local, certificates=self._certificates, accepted=self._accepted),
            self._host,
            self._port,
            backlog=BACKLOG,
            reuse_address=True,
        )
        log.info("door open", protocol=self._front.protocol, host=self._host, port=self._port)

    def refuse(self) -> None:
        """Take nobody in any more."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Take nobody in any more, and let everybody leave."""
        self.refuse()
        for task in list(self._pending):
            task.cancel()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=STOP_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=STOP_SECONDS)

    def _accepted(self, pipe: ClientPipe) -> None:
        if len(self._tasks) >= self._most:
            log.warning("too many connections", protocol=self._front.protocol, most=self._most)
            pipe.close()
            return
        if len(self._pending) >= self._most_pending:
            next(iter(self._pending)).cancel()
        _keep_alive(pipe)
        task = asyncio.get_running_loop().create_task(self._serve(pipe))
        self._tasks.add(task)
        self._pending[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._pending.pop(task, None)

    async def _serve(self, pipe: ClientPipe) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            async with asyncio.timeout(self._patience) as deadline:

                def authenticated() -> None:
                    deadline.reschedule(None)
                    self._pending.pop(task, None)

                await self._hall.serve(pipe, authenticated)
        except (TimeoutError, OSError):
            pass  # too slow, or gone: nobody is left to tell
        except Exception as bug:
            log.error("a connection failed", protocol=self._front.protocol, problem=type(bug).__name__, exc_info=True)
        finally:
            pipe.close()


def _keep_alive(pipe: ClientPipe) -> None:
    """Notice a silent peer within a minute: 30 s, then three probes 10 s apart."""
    sock = pipe.socket
    if sock is None:
        return
    with suppress(OSError):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
