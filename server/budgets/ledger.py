"""What this process may give out without asking the store: portions of the shared counts, taken ahead.

A portion that was taken counts as used in the store until it is given back, so a process that dies leaves a count too
high and never too low. Portions nobody used go back within seconds. With several processes a ceiling may be felt a few
portions early, and is never passed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from server.budgets.counters import Counters, Key, Want
from server.store.engine import StoreUnavailable

PORTION = 20
"""A trip to the store takes a twentieth of the ceiling more than is needed."""
IDLE_SECONDS = 1.0
PATIENCE = 1.0
"""Seconds a call waits for others, of this process, that have reserved the rest of a ceiling."""
FORGET_SECONDS = 3600.0

log = structlog.get_logger("warded.budgets")


class Claim(NamedTuple):
    """A call's wish: `want` of a count, at least `least`, or it must not run."""

    key: Key
    limit: int
    want: int
    least: int = 1


@dataclass(slots=True)
class Account:
    """One count in this process. `free` is taken from the store and promised to nobody, `reserved` to calls that run.

    `seen` are hashes of what was counted once and is not counted again.
    """

    free: int = 0
    reserved: int = 0
    used_at: float = 0.0
    seen: set[Hashable] = field(default_factory=set)


class Ledger:
    """One per process. `now` is a monotonic clock in seconds."""

    def __init__(
        self, counters: Counters, *, now: Callable[[], float] = time.monotonic, patience: float = PATIENCE
    ) -> None:
        self._counters, self._now, self._patience = counters, now, patience
        self._accounts: dict[Key, Account] = {}
        self._leasing = asyncio.Lock()
        self._released = asyncio.Event()
        self.trips = 0
        """Times the store was asked for more."""

    def account(self, key: Key) -> Account:
        found = self._accounts.get(key)
        if found is None:
            found = self._accounts[key] = Account()
        return found

    async def reserve(self, claims: Sequence[Claim]) -> tuple[tuple[int, ...], tuple[Claim, ...]]:
        """(what was reserved of each, nothing), or (nothing, the claims that cannot be met).

        Where calls that run hold the rest of a ceiling it waits for them, so that a burst is not refused what none of
        it will use. Raises StoreUnavailable.
        """
        until = self._now() + self._patience
        while True:
            if not self._short(claims, whole=True):
                return self._grant(claims), ()
            self._released.clear()
            async with self._leasing:  # whoever waited may find that another call brought enough
                if missing := self._short(claims, whole=True):
                    await self._lease(missing)
            scarce = self._short(claims, whole=True)
            if not any(self.account(claim.key).reserved for claim in scarce) or self._now() >= until:
                short = self._short(claims, whole=False)
                return ((), short) if short else (self._grant(claims), ())
            with suppress(TimeoutError):
                await asyncio.wait_for(self._released.wait(), until - self._now())

    def settle(self, key: Key, *, reserved: int, used: int) -> None:
        """The end of a reservation; what was not used is free again."""
        account = self.account(key)
        account.reserved -= reserved
        account.free += reserved - used
        account.used_at = self._now()
        self._released.set()

    async def raise_by(self, amounts: Iterable[tuple[Key, int]]) -> None:
        await self._counters.raise_by(dict(amounts))

    async def run(self) -> None:
        """Give back what nobody uses, until cancelled."""
        while True:
            with suppress(StoreUnavailable):
                await self._counters.forget_old()
            for _ in range(int(FORGET_SECONDS / IDLE_SECONDS)):
                await asyncio.sleep(IDLE_SECONDS)
                await self.give_back(idle=IDLE_SECONDS)

    async def give_back(self, *, idle: float = 0.0) -> None:
        """Return free portions that were not touched for so long. What cannot be returned now is tried again."""
        before = self._now() - idle
        async with self._leasing:
            free = {key: a.free for key, a in self._accounts.items() if a.free and a.used_at <= before}
            if free:
                try:
                    await self._counters.give_back(free)
                except StoreUnavailable:
                    log.warning("portions of budgets could not be given back", counts=len(free))
                    return
                for key, amount in free.items():
                    self._accounts[key].free -= amount
        self._forget()

    def _forget(self) -> None:
        old = self._now() - FORGET_SECONDS * 24
        for key in [k for k, a in self._accounts.items() if a.used_at < old and not a.free and not a.reserved]:
            del self._accounts[key]

    def _short(self, claims: Sequence[Claim], *, whole: bool) -> tuple[Claim, ...]:
        return tuple(claim for claim in claims if self.account(claim.key).free < (claim.want if whole else claim.least))

    async def _lease(self, claims: Sequence[Claim]) -> None:
        wants = [
            Want(claim.key, claim.limit, claim.want - self.account(claim.key).free + claim.limit // PORTION)
            for claim in claims
        ]
        self.trips += 1
        for key, amount in (await self._counters.take(wants)).items():
            self.account(key).free += amount

    def _grant(self, claims: Sequence[Claim]) -> tuple[int, ...]:
        granted = tuple(min(claim.want, self.account(claim.key).free) for claim in claims)
        now = self._now()
        for claim, amount in zip(claims, granted, strict=True):
            account = self.account(claim.key)
            account.free -= amount
            account.reserved += amount
            account.used_at = now
        return granted
