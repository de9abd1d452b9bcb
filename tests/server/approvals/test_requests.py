"""A request's life: opened once, decided once, used once, whatever restarts in between."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.approvals.requests import USABLE_SECONDS, Approvals, VoteRefused
from server.store.engine import Store, open_store
from tests.server.approvals.held import ALICE, BOB, Clock, digest_of, hold, open_request, query, variations

pytestmark = pytest.mark.anyio


async def test_a_new_request_says_all_that_approvers_need(approvals: Approvals, clock: Clock) -> None:
    asked = query("DELETE FROM orders WHERE id = $1", parameters=(7, None, 1.5, "x", b"\x00"))
    made = await open_request(approvals, asked, hold("dba", "security", within=60))
    found = await approvals.get(made.id)
    assert found is not None
    assert (found.status, found.requester, found.session) == ("pending", "alice", "session-a")
    assert (found.client_id, found.client_name) == ("client-1", "Claude Code")
    assert (found.resource, found.login, found.verb, found.text) == (
        "shop",
        "writer",
        "sql_query",
        asked.operation.text,
    )
    assert found.parameters == [7, None, 1.5, "x", "b'\\x00'"]
    assert found.approvers == ["dba", "security"]
    assert (found.created_at, found.expires_at, found.decided_at) == (clock.now, clock.now + 60, None)
    assert found.facts["effects"] == ["delete"]
    assert found.facts["targets"] == ["public.orders"]
    assert found.facts["labels"] == ["EMAIL"]
    assert found.facts["revealed"] == ["EMAIL"]
    assert found.facts["reasons"][0]["text"] == "Writes need a second person."


@pytest.mark.parametrize("text", ["SELECT '\x00'", "SELECT '\ud800'"], ids=["NUL", "surrogate"])
async def test_text_that_no_store_can_keep_is_shown_visibly(approvals: Approvals, text: str) -> None:
    made = await open_request(approvals, query(text, parameters=(text, float("nan"))))
    found = await approvals.get(made.id)
    assert found is not None
    assert found.text in ("SELECT '␀'", "SELECT '\\ud800'")
    assert found.parameters == [found.text, "nan"]


async def test_the_same_call_again_attaches_to_the_live_request(approvals: Approvals) -> None:
    first = await open_request(approvals)
    assert (await open_request(approvals)).id == first.id
    await approvals.vote(first.id, identity=BOB, approve=True)
    assert (await open_request(approvals)).id == first.id, "an unused approval is picked up"
    assert await approvals.claim(first.id, digest=first.digest, requester="alice")
    assert (await open_request(approvals)).id != first.id, "a used one is not"


async def test_the_same_text_from_somebody_else_is_another_request(approvals: Approvals) -> None:
    first = await open_request(approvals)
    other = query(identity=replace(ALICE, user="mallory"))
    assert (await open_request(approvals, other)).id != first.id


async def test_a_denied_call_may_be_asked_again(approvals: Approvals) -> None:
    first = await open_request(approvals)
    await approvals.vote(first.id, identity=BOB, approve=False)
    assert (await open_request(approvals)).id != first.id


async def test_a_hold_without_approvers_is_refused(approvals: Approvals) -> None:
    with pytest.raises(ValueError, match="approve itself"):
        await open_request(approvals, held=replace(hold(), approvers=frozenset()))


async def test_an_approval_is_used_once_and_ends_with_its_outcome(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals)
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") is None, "not approved yet"
    assert not await approvals.finish(made.id, ok=True, outcome="ok")
    await approvals.vote(made.id, identity=BOB, approve=True)
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") == frozenset({"dba"})
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") is None
    clock.now += 1
    assert await approvals.finish(made.id, ok=False, outcome="42501")
    assert not await approvals.finish(made.id, ok=True, outcome="ok")
    found = await approvals.get(made.id)
    assert found is not None
    assert (found.status, found.outcome, found.finished_at) == ("failed", "42501", clock.now)


@pytest.mark.parametrize("respect", sorted(variations(query())))
async def test_an_approval_fits_nothing_else(approvals: Approvals, respect: str) -> None:
    made = await open_request(approvals)
    await approvals.vote(made.id, identity=BOB, approve=True)
    assert await approvals.claim(made.id, digest=variations(query())[respect], requester="alice") is None
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") == frozenset({"dba"})


async def test_an_approval_is_of_use_to_its_requester_only(approvals: Approvals) -> None:
    made = await open_request(approvals)
    await approvals.vote(made.id, identity=BOB, approve=True)
    assert await approvals.claim(made.id, digest=made.digest, requester="mallory") is None


async def test_a_request_that_does_not_exist_is_none(approvals: Approvals) -> None:
    assert await approvals.get("req_none") is None
    assert await approvals.claim("req_none", digest="d", requester="alice") is None
    with pytest.raises(LookupError):
        await approvals.wait("req_none", 1)
    with pytest.raises(VoteRefused, match="no such request"):
        await approvals.vote("req_none", identity=BOB, approve=True)


async def test_a_restart_forgets_nothing(approvals: Approvals, store: Store, store_url: str, clock: Clock) -> None:
    pending = await open_request(approvals)
    approved = await open_request(approvals, query("DELETE FROM a"))
    await approvals.vote(approved.id, identity=BOB, approve=True)
    running = await open_request(approvals, query("DELETE FROM b"))
    await approvals.vote(running.id, identity=BOB, approve=True)
    await approvals.claim(running.id, digest=running.digest, requester="alice")
    await store.close()

    again = await open_store(store_url)
    later = Approvals(again, clock=clock)
    statuses = {request.id: request.status for request in await later.list()}
    assert statuses == {pending.id: "pending", approved.id: "approved", running.id: "running"}
    assert await later.claim(approved.id, digest=approved.digest, requester="alice") == frozenset({"dba"})
    assert await later.claim(running.id, digest=running.digest, requester="alice") is None, "never twice"
    await later.vote(pending.id, identity=BOB, approve=True)
    await again.close()


async def test_nobody_answers_in_time_and_the_request_expires(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    clock.now += 59.9
    assert [request.status for request in await approvals.list()] == ["pending"]
    clock.now += 0.1
    with pytest.raises(VoteRefused) as caught:
        await approvals.vote(made.id, identity=BOB, approve=True)
    assert caught.value.code == "expired"
    found = await approvals.get(made.id)
    assert found is not None
    assert found.status == "expired"
    assert (await open_request(approvals)).id != made.id


async def test_what_expired_stays_expired_when_the_clock_jumps_back(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    clock.now += 3600
    assert [request.status for request in await approvals.list("expired")] == ["expired"]
    clock.now -= 3600
    found = await approvals.get(made.id)
    assert found is not None
    assert found.status == "expired"
    with pytest.raises(VoteRefused, match="expired"):
        await approvals.vote(made.id, identity=BOB, approve=True)


async def test_a_clock_that_jumps_back_hours_loses_no_request(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    clock.now -= 3600
    assert (await approvals.vote(made.id, identity=BOB, approve=True)).status == "approved"
    assert await approvals.claim(made.id, digest=made.digest, requester="alice")


async def test_an_approval_in_the_last_second_can_still_be_used_for_a_while(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    clock.now += 59
    await approvals.vote(made.id, identity=BOB, approve=True)
    clock.now += USABLE_SECONDS - 1
    assert (await open_request(approvals)).id == made.id
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") == frozenset({"dba"})


async def test_an_approval_that_nobody_used_expires(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals, held=hold(within=60))
    await approvals.vote(made.id, identity=BOB, approve=True)
    clock.now += USABLE_SECONDS
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") is None
    found = await approvals.get(made.id)
    assert found is not None
    assert found.status == "expired"


async def test_requests_are_listed_newest_first_page_by_page(approvals: Approvals, clock: Clock) -> None:
    made = []
    for number in range(7):
        clock.now += number % 2  # some share their time
        made.append(await open_request(approvals, query(f"DELETE FROM t{number}")))
    await approvals.vote(made[3].id, identity=BOB, approve=True)
    seen, before = [], None
    while page := await approvals.list(limit=3, before=before):
        seen += [request.id for request in page]
        before = (page[-1].created_at, page[-1].id)
    expected = sorted(made, key=lambda request: (request.created_at, request.id), reverse=True)
    assert seen == [request.id for request in expected]
    assert [request.id for request in await approvals.list("approved")] == [made[3].id]
    assert made[3].id not in [request.id for request in await approvals.list("pending")]


def test_the_digest_of_a_query_is_its_own() -> None:
    digests = [digest_of(query()), *variations(query()).values()]
    assert len(set(digests)) == len(digests)
