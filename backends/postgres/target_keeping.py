"""Keeps each login's Target fresh: held against the database every minute, after definitions changed, and on a miss.

The fingerprint is asked first, so that a database whose definitions stay costs one small question a minute.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from backends.errors import UpstreamError, WireError
from backends.postgres.connection import Connection
from backends.postgres.failures import ConnectionLost, FlightTimeout
from backends.postgres.target import Body, Reviewed, Target
from backends.postgres.target_reading import made, read_body, read_state

log = logging.getLogger(__name__)

FRESH_SECONDS = 60.0
MISS_SECONDS = 1.0  # how old a picture may be that does not know a name
RETRY_SECONDS = 5.0  # after a failure

Borrow = Callable[[], AbstractAsyncContextManager[Connection]]


@dataclass(slots=True)
class _Known:
    """`target` None = it could not be read. `checked` is loop time."""

    target: Target | None
    checked: float


class Targets:
    """Of one database, by user. Belongs to one event loop."""

    def __init__(self, reviewed: Reviewed) -> None:
        self._reviewed = reviewed
        self._known: dict[str, _Known] = {}
        self._body = Body()
        self._lock = asyncio.Lock()
        self._changes = 0

    def forget(self) -> None:
        """Definitions may have changed: the next one who asks has them read again."""
        self._changes += 1
        for known in self._known.values():
            known.checked = float("-inf")

    async def get(self, user: str, borrow: Borrow, *, missed: bool = False) -> Target | None:
        """The picture of one login; None if the database cannot be asked, and then nothing is known of it.

        `missed` = the last one did not know a name.
        """
        if (known := self._fresh(user, missed=missed)) is not None:
            return known.target
        async with self._lock:
            if (known := self._fresh(user, missed=missed)) is None:
                known = self._known[user] = await self._look(user, borrow)
            return known.target

    def _fresh(self, user: str, *, missed: bool) -> _Known | None:
        known = self._known.get(user)
        if known is None:
            return None
        age = asyncio.get_running_loop().time() - known.checked
        bound = RETRY_SECONDS if known.target is None else MISS_SECONDS if missed else FRESH_SECONDS
        return known if age < bound else None

    async def _look(self, user: str, borrow: Borrow) -> _Known:
        now, changes = asyncio.get_running_loop().time(), self._changes
        try:
            async with borrow() as connection:
                target = await self._read(connection)
                old = self._known.get(user)
                if old is not None and old.target is not None and old.target.version == target.version:
                    target = old.target
                return _Known(target, now if changes == self._changes else float("-inf"))
        except (UpstreamError, ConnectionLost, FlightTimeout, WireError) as error:
            log.warning("the target's definitions cannot be read: %s", getattr(error, "safe", type(error).__name__))
            return _Known(None, now)

    async def _read(self, connection: Connection) -> Target:
        path, fingerprint = await read_state(connection)
        if fingerprint != self._body.fingerprint:
            self._body = await read_body(connection, fingerprint)
        return made(path, self._body, self._reviewed)
