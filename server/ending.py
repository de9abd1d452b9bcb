"""Ends what is under way when its log-in ends: calls here, stays at native doors in server/native/watch.py.

Every process looks at the store every two seconds, so that `warded sessions kill` stops the bytes within five wherever
they flow. Until then a verifier may know a log-in by heart; it is told to forget it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy import select

from server.identity.tokens import Verifier
from server.store.engine import Store, StoreUnavailable
from server.store.models import Login

LOOK_SECONDS = 2.0
OVERLAP_SECONDS = 120.0
"""Clocks of several machines differ, and a store may have been away: an end is looked for so far back."""
log = structlog.get_logger("warded")


class Ended(Exception):
    """The session of this call was ended while it ran."""


class Calls:
    """Calls that are under way in this process, by the session that they belong to."""

    def __init__(self) -> None:
        self._running: dict[str, set[asyncio.Timeout]] = {}

    @asynccontextmanager
    async def during(self, session: str) -> AsyncIterator[None]:
        """Raises Ended when `end` was called meanwhile; what ran inside has been cancelled then."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._running.setdefault(session, set()).add(scope)
                yield
        except TimeoutError:
            if scope.expired():
                raise Ended from None
            raise
        finally:
            running = self._running.get(session, set())
            running.discard(scope)
            if not running:
                self._running.pop(session, None)

    def end(self, session: str) -> None:
        for scope in self._running.get(session, ()):
            if scope.when() is None:  # else it is ending already
                scope.reschedule(asyncio.get_running_loop().time())


class Ends:
    """Looks for log-ins that were ended, by anybody, in any process."""

    def __init__(
        self, store: Store, calls: Calls, *, verifiers: Sequence[Verifier], clock: Callable[[], float]
    ) -> None:
        self._store, self._calls, self._verifiers, self._clock = store, calls, verifiers, clock
        self._since = clock()
        self._known: frozenset[str] = frozenset()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except StoreUnavailable as problem:
                log.warning("ended sessions could not be looked for", problem=str(problem))

    async def look(self) -> None:
        """Once. Raises StoreUnavailable, and then looks as far back the next time."""
        began = self._clock()
        query = select(Login.id).where(Login.revoked_at > self._since - OVERLAP_SECONDS)
        async with self._store.session(read_only=True) as session:
            found = frozenset((await session.scalars(query)).all())
        for login in found - self._known:
            for verifier in self._verifiers:
                verifier.forget(login)
        for login in found:
            self._calls.end(login)
        self._since, self._known = began, found
