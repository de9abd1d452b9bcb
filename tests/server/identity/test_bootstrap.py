"""The code that makes the first account."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from server.identity.bootstrap import LIFE_SECONDS, MAX_ATTEMPTS, is_pending, needs_owner, new_code, redeem
from server.identity.users import add_user
from server.store.engine import Store
from server.store.models import Setting
from tests.server.identity.site import Clock

pytestmark = pytest.mark.anyio


async def test_a_code_is_redeemed_once(store: Store, clock: Clock) -> None:
    code = await new_code(store, clock=clock)
    assert re.fullmatch(r"([A-Z2-7]{5}-){3}[A-Z2-7]{5}", code)
    assert await is_pending(store, clock=clock)
    assert await redeem(store, f" {code.lower().replace('-', ' ')} ", clock=clock)
    assert not await redeem(store, code, clock=clock)
    assert not await is_pending(store, clock=clock)


async def test_of_simultaneous_redemptions_one_wins(store: Store, clock: Clock) -> None:
    code = await new_code(store, clock=clock)
    answers = await asyncio.gather(*[redeem(store, code, clock=clock) for _ in range(4)])
    assert sorted(answers) == [False, False, False, True]


async def test_only_the_hash_of_the_code_is_kept(store: Store, clock: Clock) -> None:
    code = await new_code(store, clock=clock)
    async with store.session() as session:
        kept = (await session.scalars(select(Setting))).one().value
    assert code not in kept
    assert code.replace("-", "") not in kept


async def test_a_newer_code_ends_the_older(store: Store, clock: Clock) -> None:
    old, new = await new_code(store, clock=clock), await new_code(store, clock=clock)
    assert not await redeem(store, old, clock=clock)
    assert await redeem(store, new, clock=clock)


async def test_a_code_ends_after_a_day(store: Store, clock: Clock) -> None:
    code = await new_code(store, clock=clock)
    clock.advance(LIFE_SECONDS)
    assert not await redeem(store, code, clock=clock)


async def test_wrong_attempts_end_the_code(store: Store, clock: Clock) -> None:
    code = await new_code(store, clock=clock)
    for _ in range(MAX_ATTEMPTS):
        assert not await redeem(store, "AAAAA-AAAAA-AAAAA-AAAAA", clock=clock)
    assert not await redeem(store, code, clock=clock)


async def test_without_a_code_nothing_is_redeemed(store: Store, clock: Clock) -> None:
    for attempt in ("", "-", "null", "\udc80"):
        assert not await redeem(store, attempt, clock=clock)


async def test_an_owner_is_needed_until_there_is_an_account(store: Store) -> None:
    assert await needs_owner(store)
    await add_user(store, "ada")
    assert not await needs_owner(store)
