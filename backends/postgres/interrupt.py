"""Stopping what a connection is doing, so that nothing goes on running for a caller who has left."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from backends.errors import WireError
from backends.postgres.connection import Connection, dial
from backends.postgres.failures import ConnectionLost
from backends.postgres.frontend import SYNC, cancel_request, parse
from backends.postgres.frontend import bind as bind_portal
from backends.postgres.frontend import execute as execute_portal
from backends.postgres.handshake import prepare_fixed
from backends.postgres.reply import Reply

SECONDS = 5.0
AGAIN_SECONDS = 0.3

_ROLLBACK = parse("", "ROLLBACK") + bind_portal("") + execute_portal(0) + SYNC
_DISCARD = parse("", "DISCARD ALL") + bind_portal("") + execute_portal(0)

_TROUBLE = (TimeoutError, OSError, ConnectionLost, WireError)


async def interrupt(connection: Connection) -> Reply | None:
    """CancelRequest for the flight under way, and its end if that comes within 5 s; otherwise the connection is cut."""
    connection.clear_deadline()
    if not connection.busy:
        return None
    try:
        async with asyncio.timeout(SECONDS):
            return await _cancelled(connection)
    except _TROUBLE:
        connection.abort()
        return None


async def settle(connection: Connection, *, forget: bool) -> None:
    """Bring a connection back to rest: nothing running, no transaction; with `forget` no trace of the session either.

    What cannot be brought to rest is cut. A COMMIT under way is awaited, not cancelled. After a CancelRequest there is
    always a ROLLBACK: if the signal is late, it strikes that and not the next caller's statement.
    """
    connection.clear_deadline()
    try:
        if connection.busy:
            await _stop(connection)
        if connection.status != "I" or connection.signalled:
            await _run(connection, _ROLLBACK)
        if forget:
            await _forget(connection)
    except _TROUBLE:
        connection.abort()


async def _stop(connection: Connection) -> None:
    async with asyncio.timeout(SECONDS):
        await (connection.ready() if connection.committing else _cancelled(connection))


async def _cancelled(connection: Connection) -> Reply:
    """Ask until the server comes to rest: a signal that arrives while a backend loads its JIT compiler for the first
    time is lost now and then (seen with PostgreSQL 15), and the statement would run on."""
    while True:
        await _cancel(connection)
        with suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS):
                return await connection.ready()


async def _forget(connection: Connection) -> None:
    """DISCARD ALL: temporary tables, settings, prepared statements, locks of the session."""
    connection.statements.clear()
    connection.session = None
    async with asyncio.timeout(SECONDS):
        await prepare_fixed(connection, first=_DISCARD)


async def _run(connection: Connection, data: bytes) -> None:
    async with asyncio.timeout(SECONDS):
        reply = await connection.flight(data, budget=0)
    connection.session, connection.signalled = None, False
    if reply.error is not None or connection.status != "I":
        raise ConnectionLost("the server did not come to rest", answered=True)


async def _cancel(connection: Connection) -> None:
    """CancelRequest goes over a connection of its own; the server hangs up once it has passed the signal on."""
    assert connection.way is not None
    assert connection.key is not None
    connection.signalled = True
    messenger = await dial(*connection.way)
    try:
        messenger.send(cancel_request(connection.key))
        await messenger.closed
    finally:
        messenger.abort()
