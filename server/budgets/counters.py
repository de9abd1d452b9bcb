"""Counts in the store: taken from in one transaction each, so that any number of processes agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Update, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from server.store.engine import Store
from server.store.models import Budget

KEPT_SECONDS = 40 * 86400.0
"""A log-in lives 30 days at most by default, so the count of a session outlives it."""


class Key(NamedTuple):
    """One count. `period` is "day 2026-03-04" or "session ID"; `measure` may go on with what is counted apart."""

    rule: str
    user: str
    client_id: str
    period: str
    measure: str


class Want(NamedTuple):
    """`amount` of a count that may reach `limit` (and what it was raised by)."""

    key: Key
    limit: int
    amount: int


class Counters:
    """Everything raises StoreUnavailable. `clock` gives UNIX seconds."""

    def __init__(self, store: Store, *, clock: Callable[[], float]) -> None:
        self._store, self._clock = store, clock

    async def take(self, wants: Sequence[Want]) -> dict[Key, int]:
        """What could be taken of each: all of it, or the rest there is."""
        ordered = sorted(wants)  # the same order everywhere, or two processes wait for each other
        async with self._store.session() as session:
            await self._ensure(session, [want.key for want in ordered])
            return {want.key: await self._take(session, want) for want in ordered}

    async def give_back(self, amounts: Mapping[Key, int]) -> None:
        """What was taken and not used."""
        async with self._store.session() as session:
            for key, amount in sorted(amounts.items()):
                await session.execute(_change(key, taken=Budget.taken - amount))

    async def raise_by(self, amounts: Mapping[Key, int]) -> None:
        """Allow as much more, for as long as the count lives."""
        async with self._store.session() as session:
            await self._ensure(session, sorted(amounts))
            for key, amount in sorted(amounts.items()):
                await session.execute(_change(key, raised=Budget.raised + amount, updated_at=self._clock()))

    async def forget_old(self) -> None:
        async with self._store.session() as session:
            await session.execute(delete(Budget).where(Budget.updated_at < self._clock() - KEPT_SECONDS))

    async def _take(self, session: AsyncSession, want: Want) -> int:
        query = select(Budget.taken, Budget.raised).where(_is(want.key)).with_for_update()
        taken, raised = (await session.execute(query)).one()
        amount = max(0, min(want.amount, want.limit + raised - taken))
        if amount:
            await session.execute(_change(want.key, taken=Budget.taken + amount, updated_at=self._clock()))
        return amount

    async def _ensure(self, session: AsyncSession, keys: Sequence[Key]) -> None:
        insert = sqlite.insert if self._store.dialect == "sqlite" else postgresql.insert
        now = self._clock()
        rows = [{**key._asdict(), "taken": 0, "raised": 0, "updated_at": now} for key in keys]
        await session.execute(insert(Budget).values(rows).on_conflict_do_nothing())


def _is(key: Key) -> ColumnElement[bool]:
    return and_(
        Budget.rule == key.rule,
        Budget.user == key.user,
        Budget.client_id == key.client_id,
        Budget.period == key.period,
        Budget.measure == key.measure,
    )


def _change(key: Key, **values: object) -> Update:
    return update(Budget).where(_is(key)).values(**values).execution_options(synchronize_session=False)
