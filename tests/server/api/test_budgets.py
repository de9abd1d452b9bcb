"""What is used of ceilings: one's own, and everybody's for those who watch."""

from __future__ import annotations

import pytest

from server.budgets.counters import Counters, Key, Want
from tests.server.api.conftest import Api

pytestmark = pytest.mark.anyio

KEY = Key("gone", "dana", "bot", "day 2026-03-04", "rows")


async def test_people_see_their_own_budgets_and_auditors_all(api: Api) -> None:
    counters = Counters(api.store, clock=lambda: 1_772_000_000.0)
    await counters.take([Want(KEY, 100, 30), Want(KEY._replace(user="lee"), 100, 5)])
    async with await api.as_("dana") as client:
        (found,) = (await client.get("/api/v1/budgets")).json()
        assert (found["user"], found["taken"], found["ceiling"]) == ("dana", 30, None)
        assert (await client.get("/api/v1/budgets", params={"user": "lee"})).status_code == 403
    async with await api.as_("ada") as client:
        assert len((await client.get("/api/v1/budgets")).json()) == 2
        assert len((await client.get("/api/v1/budgets", params={"user": "lee"})).json()) == 1
