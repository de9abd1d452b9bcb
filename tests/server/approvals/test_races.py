"""Many at once, through several connections and two "processes": one transition, at most one execution."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import anyio
import pytest

from server.approvals.requests import Approvals, VoteRefused
from server.store.engine import Store, open_store
from tests.server.approvals.held import BOB, Clock, hold, open_request, person, query

pytestmark = pytest.mark.anyio
MANY = 100
T = TypeVar("T")


@pytest.fixture
async def processes(store: Store, store_url: str, clock: Clock) -> AsyncIterator[list[Approvals]]:
    """Two gateways on one store, each with connections of its own."""
    second = await open_store(store_url)
    yield [Approvals(store, clock=clock), Approvals(second, clock=clock)]
    await second.close()


async def _at_once(count: int, work: Callable[[int], Awaitable[T]]) -> list[T]:
    results: list[T] = []

    async def one(number: int) -> None:
        results.append(await work(number))

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(one, number)
    return results


async def test_of_a_hundred_claims_one_gets_the_approval(processes: list[Approvals]) -> None:
    made = await open_request(processes[0])
    await processes[1].vote(made.id, identity=BOB, approve=True)
    claims = await _at_once(
        MANY, lambda number: processes[number % 2].claim(made.id, digest=made.digest, requester="alice")
    )
    assert [claim for claim in claims if claim is not None] == [frozenset({"dba"})]


async def test_of_a_hundred_voters_one_decides(processes: list[Approvals]) -> None:
    made = await open_request(processes[0])

    async def vote(number: int) -> str:
        try:
            decided = await processes[number % 2].vote(
                made.id, identity=person(f"dba-{number}", "dba"), approve=number % 3 != 0
            )
        except VoteRefused as refused:
            return refused.code
        return decided.status

    answers = await _at_once(MANY, vote)
    (status,) = [answer for answer in answers if answer != "not_pending"]
    (decisive,) = await processes[0].votes(made.id)
    found = await processes[0].get(made.id)
    assert found is not None
    assert found.status == status == ("approved" if decisive.approve else "denied")


@pytest.mark.parametrize("turn", range(5))
async def test_voters_of_two_groups_and_claimers_race(processes: list[Approvals], turn: int) -> None:
    """Whatever the order: an approval needs one of each group, and nothing runs after a denial."""
    made = await open_request(processes[0], query(f"DELETE FROM t{turn}"), hold("dba", "security"))

    async def act(number: int) -> bool:
        gateway = processes[number % 2]
        if number % 4 == 3:
            return await gateway.claim(made.id, digest=made.digest, requester="alice") is not None
        group = ("dba", "security")[number % 3 == 0]
        try:
            await gateway.vote(made.id, identity=person(f"p{number}", group), approve=number != 6 + turn)
        except VoteRefused:
            return False
        return False

    claimed = sum(await _at_once(24, act))
    votes = await processes[0].votes(made.id)
    found = await processes[0].get(made.id)
    assert found is not None
    approving = sorted(vote.group for vote in votes if vote.approve)
    if found.status == "denied":
        assert claimed == 0
        assert sum(not vote.approve for vote in votes) == 1
    else:
        assert approving == ["dba", "security"]
        assert len(votes) == 2
        assert found.status == ("running" if claimed else "approved")
    assert claimed <= 1


async def test_one_person_who_clicks_twice_votes_once(processes: list[Approvals]) -> None:
    made = await open_request(processes[0], held=hold("dba", "security"))
    erin = person("erin", "dba", "security")

    async def vote(number: int) -> str:
        try:
            return (await processes[number % 2].vote(made.id, identity=erin, approve=True)).status
        except VoteRefused as refused:
            return refused.code

    assert sorted(await _at_once(20, vote)) == ["already_voted"] * 19 + ["pending"]
    found = await processes[0].get(made.id)
    assert found is not None
    assert found.status == "pending"


async def test_the_same_call_many_times_at_once_opens_one_request(processes: list[Approvals]) -> None:
    made = await _at_once(40, lambda number: open_request(processes[number % 2]))
    assert len({request.id for request in made}) == 1
    assert len(await processes[0].list()) == 1


async def test_expiry_and_approval_race_to_one_state(processes: list[Approvals], clock: Clock) -> None:
    made = await open_request(processes[0], held=hold(within=60))

    async def act(number: int) -> str:
        if number == 10:
            clock.now += 60
        if number % 2:
            found = await processes[0].get(made.id)
            assert found is not None
            return found.status
        try:
            decided = await processes[1].vote(made.id, identity=person(f"p{number}", "dba"), approve=True)
        except VoteRefused:
            return "pending"
        return decided.status

    seen = set(await _at_once(30, act)) - {"pending"}
    assert len(seen) == 1, "approved and expired never both"
