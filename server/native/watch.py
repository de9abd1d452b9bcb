"""Ends stays at native doors: log-ins revoked, accounts disabled, too long idle, too long at all, gateway stopping.

One question to the store for all stays together, every two seconds, so that a revocation stops the bytes within five.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from types import MappingProxyType

import structlog
from sqlalchemy import select

from server.native.visit import PipelineVisit
from server.store.engine import Store, StoreUnavailable
from server.store.models import Login, User

LOOK_SECONDS = 2.0
DRAIN_SECONDS = 0.05
log = structlog.get_logger("warded.native")


@dataclass(frozen=True, slots=True)
class StayLimits:
    """How long a stay may last, and how long without a statement, in seconds; how many one person may have."""

    longest: float
    idle: float
    each: int


class Visits:
    """Everybody who is in."""

    def __init__(self, store: Store, *, limits: StayLimits) -> None:
        self._store, self._limits = store, limits
        self._here: dict[PipelineVisit, float] = {}

    def full(self, user: str) -> str:
        """Why this person may not have one more, "" if they may."""
        if sum(visit.user == user for visit in self._here) < self._limits.each:
            return ""
        return f"{user} has {self._limits.each} sessions here already; close one."

    def admit(self, visit: PipelineVisit) -> None:
        self._here[visit] = asyncio.get_running_loop().time()
        visit.forgotten = self._forget

    def __len__(self) -> int:
        return len(self._here)

    def _forget(self, visit: PipelineVisit) -> None:
        self._here.pop(visit, None)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except StoreUnavailable as problem:
                log.warning("stays could not be checked", stays=len(self._here), problem=str(problem))

    async def look(self) -> None:
        """Check everybody once."""
        now = asyncio.get_running_loop().time()
        for visit, since in list(self._here.items()):
            if now - since > self._limits.longest:
                visit.end(f"a session lasts at most {self._limits.longest:g} seconds here; connect again")
            elif not visit.busy and now - visit.quiet_since > self._limits.idle:
                visit.end(f"nothing was asked for {self._limits.idle:g} seconds; connect again")
        ids = {visit.identity.session for visit in self._here}
        if not ids:
            return
        query = select(Login, User).join(User, User.name == Login.user).where(Login.id.in_(ids))
        async with self._store.session(read_only=True) as session:
            rows = {row.Login.id: (row.Login, row.User) for row in (await session.execute(query)).all()}
        for visit in list(self._here):
            found = rows.get(visit.identity.session)
            if found is None or found[0].revoked_at is not None:
                visit.end("the log-in of this session was ended")
            elif found[1].disabled_at is not None:
                visit.end("the account of this session was disabled")
            else:
                _follow(visit, found[1])

    def end_all(self, words: str) -> None:
        for visit in list(self._here):
            visit.end(words)

    async def drain(self, words: str, *, seconds: float) -> None:
        """The gateway stops: whoever waits for nothing leaves now, running statements have this long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while self._here and loop.time() < until:
            for visit in [each for each in self._here if not each.busy]:
                visit.end(words)
            await asyncio.sleep(DRAIN_SECONDS)
        self.end_all(words)


def _follow(visit: PipelineVisit, user: User) -> None:
    """Groups and attributes change while a stay lasts."""
    groups, attributes = frozenset(user.groups), {name: str(value) for name, value in user.attributes.items()}
    if groups != visit.identity.groups or attributes != dict(visit.identity.attributes):
        visit.identity = replace(visit.identity, groups=groups, attributes=MappingProxyType(attributes))
