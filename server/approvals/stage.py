"""Stage approve: a Hold becomes an Allow by people's word, or an answer that says why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import anyio
import structlog

from policy.model import Allow, Hold
from server.answer import Answer, Problem, RequestView, failed, held
from server.approvals.requests import Approvals
from server.bracket import Bracket
from server.judging import Judge, Judgement, Place
from server.store.engine import StoreUnavailable
from server.store.models import Request

log = structlog.get_logger("warded.approvals")

Progress = Callable[[float, str], Awaitable[None]]
"""Called while a call waits: seconds waited so far, and words for people."""


@dataclass(frozen=True, slots=True)
class Approved:
    """The same query, allowed by the current policy with the approval as a fact, and the request that is now spent."""

    judgement: Judgement
    allow: Allow
    request: Request


class ApprovalStage:
    """Opens the request, waits a bounded time, and lets the current policy decide again."""

    def __init__(self, approvals: Approvals, judge: Judge, *, wait_seconds: float, public_url: str) -> None:
        self.approvals, self.judge = approvals, judge
        self.wait_seconds, self.public_url = wait_seconds, public_url

    async def settle(
        self, bracket: Bracket, place: Place, judged: Judgement, hold: Hold, progress: Progress | None
    ) -> Answer | Approved:
        """The opening event is durable before anybody is asked; approval is claimed exactly once."""
        request = await self.approvals.open(
            judged.query,
            hold,
            login=place.login,
            digest=judged.digest(place.login),
            policy_version=judged.engine.version,
        )
        await bracket.open(judged, place, request_id=request.id)
        tick = _ticker(request, progress) if progress else None
        request = await self.approvals.wait(request.id, self.wait_seconds, on_tick=tick)
        if request.status != "approved":
            return self._unapproved(bracket, hold, request, place)
        return await self._claim(bracket, place, judged, request)

    async def _claim(self, bracket: Bracket, place: Place, judged: Judgement, request: Request) -> Answer | Approved:
        """What was approved must still be what would run, under the policy of now."""
        query = judged.query
        today = self.judge.decide(query.identity, place, query.operation, estimated_rows=query.estimated_rows)
        today = replace(today, raises=judged.raises)
        groups = await self.approvals.claim(request.id, digest=today.digest(place.login), requester=query.identity.user)
        if groups is None:
            return failed(bracket.id, _NO_MATCH, resource=place.resource.name)
        again = self.judge.decide(
            query.identity, place, query.operation, approvals=groups, estimated_rows=query.estimated_rows
        )
        if not isinstance(again.decision, Allow):
            await self._finish(request, "refused by the policy of now")
            return failed(bracket.id, _NO_MATCH, resource=place.resource.name)
        await bracket.approved(request, groups)
        return Approved(again, again.decision, request)

    @asynccontextmanager
    async def spending(self, request: Request) -> AsyncIterator[list[Answer]]:
        """Around the one execution of a claimed request; put its answer into the list. However the execution ends,
        the request is finished, also when the caller hangs up in the middle."""
        answers: list[Answer] = []
        try:
            yield answers
        finally:
            status = answers[0].status if answers else "cancelled"
            with anyio.CancelScope(shield=True):
                await self._finish(request, status)

    async def _finish(self, request: Request, outcome: str) -> None:
        """What ran has run: a store that is down now cannot change the answer."""
        try:
            await self.approvals.finish(request.id, ok=outcome == "ok", outcome=outcome)
        except StoreUnavailable:
            log.error("request left running", request=request.id, outcome=outcome)

    def _unapproved(self, bracket: Bracket, hold: Hold, request: Request, place: Place) -> Answer:
        view, name = self.view(request), place.resource.name
        match request.status:
            case "pending":
                return held(bracket.id, hold, view, resource=name)
            case "denied" | "expired":
                words = f"Request {request.id} was {request.status}."
                answer = failed(bracket.id, Problem(f"request_{request.status}", words, _REFUSED), resource=name)
                return replace(answer, status="denied", request=view, reasons=hold.reasons)
            case _:
                return replace(failed(bracket.id, _ALREADY_USED, resource=name), request=view)

    def view(self, request: Request) -> RequestView:
        """The request as its requester may see it."""
        return RequestView(
            id=request.id,
            status=request.status,
            approvers=tuple(request.approvers),
            expires_at=request.expires_at,
            url=f"{self.public_url}/api/v1/requests/{request.id}",
        )


_NO_MATCH = Problem(
    "approval_mismatch",
    "The approval does not match what would run now (the policy or the call changed); nothing was executed.",
    "Send the call again to ask for a new approval.",
)
_ALREADY_USED = Problem(
    "request_used",
    "This approval was used by another call; an approval lets its statement run exactly once.",
    "Look at the effect of the earlier call before you ask again.",
)
_REFUSED = "Nothing was executed. Talk to the approvers before you ask again."


def _ticker(request: Request, progress: Progress) -> Callable[[float], Awaitable[None]]:
    words = f"Waiting for {' and '.join(request.approvers)} to approve request {request.id}"

    async def tick(waited: float) -> None:
        await progress(waited, words)

    return tick
