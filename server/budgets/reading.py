"""What is used of each ceiling, as the store has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from policy.document import Document
from server.store.engine import Store
from server.store.models import Budget


@dataclass(frozen=True, slots=True)
class Count:
    """One count of the store: milliseconds for `time`, a plain number for anything else.

    `taken` may be ahead of what was used by the portions that processes hold, for a second or so.
    """

    rule: str
    user: str
    client_id: str
    period: str
    measure: str
    taken: int
    raised: int
    updated_at: float

    def ceiling(self, document: Document) -> int | None:
        """What the rules of now allow, raises included; None = no rule bounds it any more."""
        rule = document.rule(self.rule)
        measure, period = self.measure.partition(" ")[0], self.period.partition(" ")[0]
        for each in rule.ceiling if rule else ():
            if (each.measure, each.period) == (measure, period):
                return each.amount + self.raised
        return None


async def used(store: Store, *, user: str = "", limit: int = 200) -> Sequence[Count]:
    """Newest first; `user` "" = everybody's. Raises StoreUnavailable."""
    query = select(Budget).order_by(Budget.updated_at.desc(), Budget.period, Budget.measure).limit(limit)
    if user:
        query = query.where(Budget.user == user)
    async with store.session(read_only=True) as session:
        return [_count(row) for row in (await session.execute(query)).scalars()]


def _count(row: Budget) -> Count:
    return Count(row.rule, row.user, row.client_id, row.period, row.measure, row.taken, row.raised, row.updated_at)
