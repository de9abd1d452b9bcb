"""Waiting: woken at once in this process, soon by others, never longer than asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import anyio
import pytest

from server.approvals.requests import POLL_SECONDS, Approvals
from server.store.engine import Store, StoreUnavailable, open_store
from tests.server.approvals.held import BOB, Clock, hold, open_request
from tests.support.databases import StoreDatabases

pytestmark = pytest.mark.anyio


async def _timed(work: Awaitable[object]) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def _soon(work: Callable[[], Awaitable[object]]) -> None:
    await anyio.sleep(0.05)
    await work()


async def test_a_decision_in_this_process_wakes_at_once(approvals: Approvals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.approvals.requests.POLL_SECONDS", 30.0)
    made = await open_request(approvals)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_soon, lambda: approvals.vote(made.id, identity=BOB, approve=True))
        with anyio.fail_after(10):
            decided = [await approvals.wait(made.id, 30) for _ in range(2)]
    assert [request.status for request in decided] == ["approved", "approved"]
    assert approvals._waiting == {}


async def test_everybody_who_waits_is_woken(approvals: Approvals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.approvals.requests.POLL_SECONDS", 30.0)
    made = await open_request(approvals)
    with anyio.fail_after(10):
        waiting = [asyncio.create_task(approvals.wait(made.id, 30)) for _ in range(10)]
        await _soon(lambda: approvals.vote(made.id, identity=BOB, approve=False))
        assert {(await each).status for each in waiting} == {"denied"}


async def test_a_decision_of_another_process_is_seen_by_polling(
    approvals: Approvals, store_url: str, clock: Clock
) -> None:
    assert POLL_SECONDS <= 0.5
    made = await open_request(approvals)
    other = await open_store(store_url)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_soon, lambda: Approvals(other, clock=clock).vote(made.id, identity=BOB, approve=True))
        with anyio.fail_after(10):
            assert (await approvals.wait(made.id, 9)).status == "approved"
    await other.close()


async def test_waiting_ends_when_asked_and_leaves_the_request_pending(approvals: Approvals) -> None:
    made = await open_request(approvals)
    assert 0.2 <= await _timed(approvals.wait(made.id, 0.2)) < 2
    assert (await approvals.wait(made.id, 0)).status == "pending"
    assert approvals._waiting == {}


async def test_a_wall_clock_that_jumps_does_not_prolong_waiting(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_soon, lambda: _set(clock, clock.now - 86_400))
        assert await _timed(approvals.wait(made.id, 0.3)) < 3


async def _set(clock: Clock, now: float) -> None:
    clock.now = now


async def test_expiry_ends_waiting(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_soon, lambda: _set(clock, clock.now + 60))
        with anyio.fail_after(10):
            assert (await approvals.wait(made.id, 30)).status == "expired"


async def test_a_waiter_is_told_how_long_it_waited(approvals: Approvals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.approvals.requests.POLL_SECONDS", 0.02)
    made, ticks = await open_request(approvals), list[float]()

    async def tick(waited: float) -> None:
        ticks.append(waited)

    await approvals.wait(made.id, 0.3, on_tick=tick)
    assert len(ticks) >= 2
    assert ticks == sorted(ticks)
    assert ticks[-1] <= 0.3


async def test_a_tick_that_hangs_does_not_prolong_waiting(approvals: Approvals) -> None:
    made = await open_request(approvals)

    async def hang(_: float) -> None:
        await anyio.sleep(60)

    assert await _timed(approvals.wait(made.id, 0.2, on_tick=hang)) < 5


async def test_a_cancelled_waiter_leaves_nothing_behind(approvals: Approvals) -> None:
    made = await open_request(approvals)
    with anyio.move_on_after(0.1):
        await approvals.wait(made.id, 60)
    assert approvals._waiting == {}
    assert (await approvals.vote(made.id, identity=BOB, approve=True)).status == "approved"


async def test_a_store_that_goes_down_ends_waiting_with_its_error(databases: StoreDatabases, clock: Clock) -> None:
    url = databases.create()
    store: Store = await open_store(url)
    approvals = Approvals(store, clock=clock)
    made = await open_request(approvals)
    waiting = asyncio.create_task(approvals.wait(made.id, 30))
    await asyncio.sleep(0.05)
    await asyncio.to_thread(databases.drop, url)
    with pytest.raises(StoreUnavailable):
        await waiting
    await store.close()
