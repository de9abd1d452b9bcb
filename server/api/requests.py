"""Requests for approval, and people's answers to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from policy.model import Identity
from server.api.door import Person
from server.api.paging import CursorText, Limit, Page, from_cursor, to_cursor
from server.api.problems import Problem, not_found
from server.api.visibility import sees_request
from server.approvals.requests import Approvals
from server.approvals.voting import VoteRefused, seat
from server.recording.events import RequestDecided
from server.recording.recorder import Recorder
from server.store.models import Request, Vote

Status = Literal["pending", "approved", "denied", "expired", "running", "done", "failed"]
BATCH, MOST_BATCHES = 200, 5
"""How far one page looks for requests that its reader may see."""


class VoteView(BaseModel):
    group: str
    user: str
    approve: bool
    comment: str
    at: float


class RequestSummary(BaseModel):
    id: str
    status: Status
    requester: str
    client_id: str = Field(description="The agent that asked; empty = the person, without one.")
    client_name: str = Field(description="What the agent calls itself.")
    resource: str
    login: str = Field(description="The account at the target that it would run as.")
    verb: str
    text: str = Field(description="Exactly what would run.")
    parameters: list[Any]
    approvers: list[str] = Field(description="Groups that are asked, every one of them.")
    created_at: float
    expires_at: float


class RequestView(RequestSummary):
    facts: dict[str, Any] = Field(description="What the gateway itself found out about it.")
    digest: str = Field(description="What an approval is bound to.")
    policy_version: str
    decided_at: float | None
    finished_at: float | None
    outcome: str
    votes: list[VoteView]


class Answer(BaseModel):
    model_config = {"extra": "forbid"}

    comment: str = Field(default="", max_length=2000, description="The requester reads it.")
    group: str = Field(default="", max_length=128, description="For which of your groups; empty = one that is missing.")


AnswerBody = Annotated[Answer, Body(default_factory=Answer)]


def add_requests(router: APIRouter, *, approvals: Approvals, recorder: Recorder) -> None:
    async def visible(request_id: str, person: Identity) -> Request:
        found = await approvals.get(request_id)
        if found is None or not sees_request(person, found):
            raise not_found("request")
        return found

    async def view(request: Request) -> RequestView:
        return _view(request, [_vote(vote) for vote in await approvals.votes(request.id)])

    async def decide(request_id: str, person: Identity, answer: Answer, *, approve: bool) -> RequestView:
        """An answer is on disk before it counts. One that another answer overtook is noted as refused."""
        request = await visible(request_id, person)
        votes = await approvals.votes(request.id)
        try:
            group = seat(request, votes, identity=person, approve=approve, group=answer.group)
            await note(request.id, person, "approve" if approve else "deny", group=group, comment=answer.comment)
            try:
                decided = await approvals.vote(
                    request.id, identity=person, approve=approve, comment=answer.comment, group=group
                )
            except VoteRefused:
                await note(request.id, person, "refused", group=group)
                raise
        except VoteRefused as error:
            raise Problem(_status(error), "vote-refused", str(error), "Look at the request again.") from None
        return await view(decided)

    async def note(request_id: str, person: Identity, decision: str, *, group: str, comment: str = "") -> None:
        event = RequestDecided(request_id=request_id, decision=decision, user=person.user, group=group, comment=comment)
        await recorder.append(person, event, durability="disk")

    @router.get("/requests", tags=["approvals"], summary="Requests that you made or may decide, newest first")
    async def list_requests(
        person: Person,
        status: Annotated[Status | None, Query(description="Only these.")] = None,
        limit: Limit = 50,
        cursor: CursorText = "",
    ) -> Page[RequestSummary]:
        found, following = [], from_cursor(cursor)
        for _ in range(MOST_BATCHES):
            batch = await approvals.list(status=status, limit=BATCH, before=following)
            for request in batch:
                following = (request.created_at, request.id)
                if sees_request(person, request):
                    found.append(_summary(request))
                if len(found) == limit:
                    return Page(items=found, next=to_cursor(following))
            if len(batch) < BATCH:
                return Page(items=found)
        return Page(items=found, next=to_cursor(following) if following else None)

    @router.get("/requests/{request_id}", tags=["approvals"], summary="Everything that would run")
    async def show_request(request_id: str, person: Person) -> RequestView:
        return await view(await visible(request_id, person))

    @router.post("/requests/{request_id}/approve", tags=["approvals"], summary="Let it run, once")
    async def approve(request_id: str, person: Person, answer: AnswerBody) -> RequestView:
        return await decide(request_id, person, answer, approve=True)

    @router.post("/requests/{request_id}/deny", tags=["approvals"], summary="Refuse it")
    async def deny(request_id: str, person: Person, answer: AnswerBody) -> RequestView:
        return await decide(request_id, person, answer, approve=False)


def _vote(vote: Vote) -> VoteView:
    return VoteView(group=vote.group, user=vote.user, approve=vote.approve, comment=vote.comment, at=vote.at)


def _status(error: VoteRefused) -> int:
    """403 when it is the person who may not, 409 when it is the request that is no longer open."""
    return 403 if error.code in ("agent", "requester", "not_asked") else 409


def _summary(request: Request) -> RequestSummary:
    return RequestSummary(**_fields(request))


def _view(request: Request, votes: list[VoteView]) -> RequestView:
    names = ("facts", "digest", "policy_version", "decided_at", "finished_at", "outcome")
    return RequestView(**_fields(request), **{name: getattr(request, name) for name in names}, votes=votes)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in RequestSummary.model_fields}
