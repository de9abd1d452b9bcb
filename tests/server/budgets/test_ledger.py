"""Counts in a real store: never passed, shared by processes, kept by deaths, and cheap while a portion lasts."""

from __future__ import annotations

import time

import anyio
import anyio.lowlevel
import pytest

from server.budgets.counters import KEPT_SECONDS, Counters, Key
from server.budgets.ledger import Claim, Ledger
from server.budgets.reading import used
from server.store.engine import Store

pytestmark = pytest.mark.anyio

ROWS = Key("agents.read", "ada", "client-1", "day 2026-03-04", "rows")
NOW = 1_772_000_000.0


def ledger(store: Store, *, patience: float = 0.2) -> Ledger:
    """As a process of its own would have it."""
    return Ledger(Counters(store, clock=lambda: NOW), patience=patience)


async def take(ledger: Ledger, want: int, limit: int = 100, least: int = 1) -> int:
    """What one call gets and uses; 0 = it may not run."""
    granted, short = await ledger.reserve([Claim(ROWS, limit, want, least)])
    if short:
        return 0
    ledger.settle(ROWS, reserved=granted[0], used=granted[0])
    return granted[0]


async def test_a_ceiling_is_reached_exactly(store: Store) -> None:
    book = ledger(store)
    assert [await take(book, 40) for _ in range(4)] == [40, 40, 20, 0]


async def test_processes_share_one_count(store: Store) -> None:
    books = [ledger(store), ledger(store)]
    got = [await take(books[number % 2], 7) for number in range(40)]
    assert sum(got) <= 100
    for book in books:
        await book.give_back()
    got += [await take(books[0], 7) for _ in range(3)]
    assert sum(got) == 100


async def test_a_process_that_dies_leaves_the_count_too_high_and_never_too_low(store: Store) -> None:
    dead = ledger(store)
    assert await take(dead, 10, 1000) == 10
    (row,) = await used(store)
    assert row.taken == 60  # ten used, fifty taken ahead
    assert await take(ledger(store), 1000, 1000) == 940


async def test_what_is_not_used_goes_back(store: Store) -> None:
    book = ledger(store)
    ((amount,), _) = await book.reserve([Claim(ROWS, 1000, 500)])
    book.settle(ROWS, reserved=amount, used=3)
    await book.give_back()
    (row,) = await used(store)
    assert row.taken == 3


async def test_a_burst_gets_no_more_than_there_is(store: Store) -> None:
    book, got = ledger(store), list[int]()

    async def call() -> None:
        granted, short = await book.reserve([Claim(ROWS, 100, 30)])
        if not short:
            await anyio.lowlevel.checkpoint()
            book.settle(ROWS, reserved=granted[0], used=granted[0])
            got.append(granted[0])

    async with anyio.create_task_group() as calls:
        for _ in range(20):
            calls.start_soon(call)
    assert sum(got) == 100


async def test_a_burst_waits_for_what_others_hold_and_do_not_use(store: Store) -> None:
    book, ran = ledger(store, patience=5.0), list[int]()

    async def call() -> None:
        granted, short = await book.reserve([Claim(ROWS, 100, 100)])
        assert not short
        await anyio.lowlevel.checkpoint()
        book.settle(ROWS, reserved=granted[0], used=1)
        ran.append(granted[0])

    with anyio.fail_after(5):
        async with anyio.create_task_group() as calls:
            for _ in range(20):
                calls.start_soon(call)
    assert len(ran) == 20


async def test_too_little_to_be_of_use_is_nothing(store: Store) -> None:
    book = ledger(store)
    assert await take(book, 95) == 95
    assert await take(book, 50, least=6) == 0
    assert await take(book, 50, least=5) == 5


async def test_a_raise_allows_as_much_again_in_every_process(store: Store) -> None:
    book, other = ledger(store), ledger(store)
    assert await take(book, 100) == 100
    await book.raise_by([(ROWS, 100)])
    assert await take(other, 200) == 100
    assert await take(book, 1) == 0


async def test_of_several_claims_none_is_granted_when_one_is_short(store: Store) -> None:
    book, few = ledger(store), ROWS._replace(measure="statements")
    await take(book, 100)
    granted, short = await book.reserve([Claim(few, 10, 1), Claim(ROWS, 100, 5)])
    assert (granted, [claim.key for claim in short]) == ((), [ROWS])
    assert book.account(few).reserved == 0


async def test_most_calls_do_not_ask_the_store_and_cost_microseconds(store: Store) -> None:
    book = ledger(store)
    await take(book, 1, 100_000)
    trips, started = book.trips, time.perf_counter()
    for _ in range(2000):
        await take(book, 1, 100_000)
    assert book.trips - trips <= 1
    assert (time.perf_counter() - started) / 2000 < 0.000_5


async def test_old_counts_are_forgotten(store: Store) -> None:
    await take(ledger(store), 5)
    later = Counters(store, clock=lambda: NOW + KEPT_SECONDS + 1)
    await later.forget_old()
    assert await used(store) == []


async def test_portions_go_back_while_it_runs(store: Store) -> None:
    book = ledger(store)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(book.run)
        await take(book, 10, 1000)
        assert await returned(store, 10)
        tasks.cancel_scope.cancel()


async def returned(store: Store, taken: int) -> bool:
    for _ in range(200):
        if (await used(store))[0].taken == taken:
            return True
        await anyio.sleep(0.05)
    return False
