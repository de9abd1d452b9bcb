"""What is used of ceilings: one's own, and everybody's for those who watch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from server.api.door import Person
from server.api.paging import Limit
from server.api.problems import Problem
from server.api.visibility import sees_all
from server.budgets.reading import used
from server.policies import PolicySource
from server.store.engine import Store


class BudgetView(BaseModel):
    rule: str
    user: str
    client_id: str = Field(description="The agent; empty for the person alone.")
    period: str = Field(description='"day 2026-03-04" or "session ID".')
    measure: str = Field(description="What is counted; milliseconds for time. For probes the column follows.")
    taken: int = Field(description="May be ahead of what was used by a portion, for a second or so.")
    raised: int = Field(description="What people allowed beyond the rule's amount.")
    ceiling: int | None = Field(description="What may be taken, raises included; null when no rule bounds it any more.")
    updated_at: float = Field(description="UNIX seconds.")


def add_budgets(router: APIRouter, *, store: Store, policies: PolicySource) -> None:
    @router.get("/budgets", tags=["policy"], summary="What is used of ceilings, newest first")
    async def budgets(
        person: Person,
        user: Annotated[str, Query(max_length=128, description="Only this person's.")] = "",
        limit: Limit = 50,
    ) -> list[BudgetView]:
        whose = user if sees_all(person) else person.user
        if user and user != whose:
            raise Problem(403, "forbidden", "You may see your own budgets only.", "Ask an auditor.")
        document = policies.current.document
        counts = await used(store, user=whose, limit=limit)
        return [BudgetView(**asdict(each), ceiling=each.ceiling(document)) for each in counts]
