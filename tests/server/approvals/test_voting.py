"""Who may answer, and what the answers add up to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policy.model import Agent, Identity
from server.approvals.requests import Approvals, VoteRefused
from tests.server.approvals.held import ALICE, BOB, CAROL, Clock, hold, open_request, person

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("voter", "code"),
    [
        (replace(ALICE, agent=None), "requester"),
        (ALICE, "agent"),
        (replace(BOB, agent=Agent("client-2")), "agent"),
        (CAROL, "not_asked"),
        (person("dave"), "not_asked"),
    ],
    ids=["the requester", "the requester's agent", "an approver's agent", "another group", "no group"],
)
@pytest.mark.parametrize("approve", [True, False], ids=["approve", "deny"])
async def test_who_may_not_answer_is_told_why(
    approvals: Approvals, voter: Identity, code: str, *, approve: bool
) -> None:
    made = await open_request(approvals)
    with pytest.raises(VoteRefused) as caught:
        await approvals.vote(made.id, identity=voter, approve=approve)
    assert caught.value.code == code
    assert await approvals.votes(made.id) == []


async def test_one_group_one_approval(approvals: Approvals, clock: Clock) -> None:
    made = await open_request(approvals)
    decided = await approvals.vote(made.id, identity=BOB, approve=True, comment="looks right\x00")
    assert (decided.status, decided.decided_at) == ("approved", clock.now)
    (vote,) = await approvals.votes(made.id)
    assert (vote.user, vote.group, vote.approve, vote.comment) == ("bob", "dba", True, "looks right␀")
    with pytest.raises(VoteRefused) as caught:
        await approvals.vote(made.id, identity=person("dan", "dba"), approve=False)
    assert caught.value.code == "not_pending"


async def test_every_group_that_is_asked_has_to_approve(approvals: Approvals) -> None:
    made = await open_request(approvals, held=hold("dba", "security"))
    assert (await approvals.vote(made.id, identity=BOB, approve=True)).status == "pending"
    with pytest.raises(VoteRefused) as caught:
        await approvals.vote(made.id, identity=person("dan", "dba"), approve=True)
    assert caught.value.code == "already_answered"
    assert (await approvals.vote(made.id, identity=CAROL, approve=True)).status == "approved"
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") == frozenset({"dba", "security"})


async def test_one_person_in_two_groups_counts_once(approvals: Approvals) -> None:
    made = await open_request(approvals, held=hold("dba", "security"))
    erin = person("erin", "dba", "security")
    assert (await approvals.vote(made.id, identity=erin, approve=True)).status == "pending"
    with pytest.raises(VoteRefused) as caught:
        await approvals.vote(made.id, identity=erin, approve=True)
    assert caught.value.code == "already_voted"
    assert (await approvals.vote(made.id, identity=CAROL, approve=True)).status == "approved"


async def test_a_person_in_two_groups_answers_for_the_one_that_is_free_or_chosen(approvals: Approvals) -> None:
    erin = person("erin", "dba", "security")
    made = await open_request(approvals, held=hold("dba", "security"))
    await approvals.vote(made.id, identity=BOB, approve=True)
    assert (await approvals.vote(made.id, identity=erin, approve=True)).status == "approved"

    other = await open_request(approvals, held=hold("dba", "security", "owners"))
    assert other.id == made.id, "the same call is attached to its approval"
    assert await approvals.claim(made.id, digest=made.digest, requester="alice")
    third = await open_request(approvals, held=hold("dba", "security"))
    await approvals.vote(third.id, identity=erin, approve=True, group="security")
    assert (await approvals.vote(third.id, identity=BOB, approve=True)).status == "approved"


async def test_nobody_answers_for_a_group_that_is_not_theirs(approvals: Approvals) -> None:
    made = await open_request(approvals, held=hold("dba", "security"))
    with pytest.raises(VoteRefused, match="security"):
        await approvals.vote(made.id, identity=BOB, approve=True, group="security")


@pytest.mark.parametrize("denier", [CAROL, person("dan", "dba")], ids=["another group", "a group that approved"])
async def test_one_denial_denies_whoever_approved_before(approvals: Approvals, denier: Identity) -> None:
    made = await open_request(approvals, held=hold("dba", "security"))
    await approvals.vote(made.id, identity=BOB, approve=True)
    assert (await approvals.vote(made.id, identity=denier, approve=False)).status == "denied"
    assert await approvals.claim(made.id, digest=made.digest, requester="alice") is None
    assert [vote.approve for vote in await approvals.votes(made.id)].count(False) == 1
