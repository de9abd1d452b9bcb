"""One client's stay at a native door: each statement passes decide, approve and record before it runs.

The same Judge, approvals and brackets as for a tool call (pipeline.py); only execute and respond are the door's.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import assert_never

import structlog

from backends.base import Columns, Upstream
from backends.door import Outcome, Refusal, Warrant
from catalog.masking import CellMask
from catalog.model import Login, Resource
from policy.model import Allow, Deny, Hold, Identity, Operation, Reason
from policy.permit import Permit, issue
from server.answer import Answer, MaskedColumn, Problem, denied, failed
from server.approvals.stage import Progress
from server.bracket import Bracket
from server.judging import Judgement, Place
from server.pipeline import Pipeline
from server.recording.events import ConnectionClosed, ConnectionOpened
from server.recording.recorder import RecordingUnavailable
from server.store.engine import StoreUnavailable

log = structlog.get_logger("warded.native")

VERB = "session"
REMIND_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came in: over which door, with which proof, from where."""

    door: str
    proof: str
    peer: str


class OpenWarrant:
    """A statement that may run, as the door holds it. See `backends.door.Warrant`."""

    def __init__(self, visit: PipelineVisit, bracket: Bracket, permit: Permit, held: AsyncExitStack) -> None:
        self._visit, self._bracket, self._permit, self._held = visit, bracket, permit, held
        self._spent: list[Answer] | None = None
        self.id = bracket.id
        self.tainted = visit.pipeline.executor._tainted(permit)
        self.max_rows = permit.obligations.max_rows
        self.max_affected = permit.obligations.max_affected
        self.timeout = permit.obligations.timeout

    def finishes(self, spent: list[Answer]) -> None:
        """An approval was spent on this: its request is told the answer."""
        self._spent = spent

    def masks(self, columns: Columns) -> tuple[CellMask | None, ...]:
        return self._visit.pipeline.executor.mask_plan(self._permit, columns)

    async def close(self, outcome: Outcome) -> None:
        """Record how it ended. What has run has run: a record that fails now is logged, and the next is refused."""
        answer = _answer(self._bracket, self._visit.resource.name, outcome)
        self._bracket.masked_cells = outcome.masked_cells
        if self._spent is not None:
            self._spent.append(answer)
        try:
            await self._held.aclose()
            await self._bracket.end(answer, outcome=outcome.status, rows=outcome.rows)
        except (RecordingUnavailable, StoreUnavailable) as problem:
            log.error("the end of a statement was not recorded", operation=self.id, problem=str(problem))
        metrics = self._visit.pipeline.stages.metrics
        metrics.calls.labels(VERB, outcome.status).inc()
        if outcome.masked_cells:
            metrics.masked_cells.inc(outcome.masked_cells)


class PipelineVisit:
    """See `backends.door.Visit`. `identity` may be replaced while the stay lasts: groups change."""

    def __init__(
        self, pipeline: Pipeline, identity: Identity, place: Place, arrival: Arrival, *, connection_id: str
    ) -> None:
        self.pipeline, self.identity, self.arrival = pipeline, identity, arrival
        self._place, self._id = place, connection_id
        self.statements = 0
        self.busy = 0
        self._leave: Callable[[str], None] | None = None
        self._ended = ""
        self.forgotten: Callable[[PipelineVisit], None] | None = None

    @property
    def user(self) -> str:
        return self.identity.user

    @property
    def resource(self) -> Resource:
        return self._place.resource

    @property
    def login(self) -> Login:
        return self._place.login

    @property
    def upstream(self) -> Upstream:
        return self.pipeline.judge.upstreams.get(self._place.resource)

    @property
    def label(self) -> str:
        return f"warded {self.identity.user} {self.identity.session}"

    async def open(self) -> None:
        """Raises RecordingUnavailable: nobody stays unrecorded."""
        event = ConnectionOpened(
            connection_id=self._id,
            door=self.arrival.door,
            resource=self.resource.name,
            login=self.login.user,
            proof=self.arrival.proof,
            peer=self.arrival.peer,
        )
        await self.pipeline.brackets.recorder.append(self.identity, event, durability="kernel")

    async def close(self, reason: str) -> None:
        if self.forgotten is not None:
            self.forgotten(self)
        event = ConnectionClosed(
            connection_id=self._id, reason=self._ended or reason or "the client left", statements=self.statements
        )
        try:
            await self.pipeline.brackets.recorder.append(self.identity, event, durability="kernel")
        except RecordingUnavailable as problem:
            log.error("the end of a connection was not recorded", connection=self._id, problem=str(problem))

    def on_end(self, leave: Callable[[str], None]) -> None:
        self._leave = leave
        if self._ended:
            leave(self._ended)

    def end(self, words: str) -> None:
        """Send the client away, at once."""
        if not self._ended:
            self._ended = words
            if self._leave is not None:
                self._leave(words)

    # Statements

    def preview(self, operation: Operation) -> Refusal | None:
        place = self._current()
        if place is None:
            return _GONE
        judged = self._decide(place, operation)
        return refusal_of(judged.decision, operation) if isinstance(judged.decision, Deny) else None

    def may_wait(self, operation: Operation) -> bool:
        place = self._current()
        return place is not None and isinstance(self._decide(place, operation).decision, Hold)

    async def begin(self, operation: Operation, *, tell: Callable[[str], None]) -> Warrant | Refusal:
        """Decide, ask people if need be, and write the opening event: only then is there a Warrant."""
        arguments = {"resource": self.resource.name, "sql": operation.text}
        bracket = self.pipeline.brackets.begin(self.identity, VERB, arguments, door=self.arrival.door)
        self.statements += 1
        async with bracket:
            try:
                return await self._settled(bracket, operation, tell)
            except (RecordingUnavailable, StoreUnavailable) as problem:
                self.pipeline.stages.metrics.recorder_errors.inc()
                answer = bracket.unrecorded(problem)
                words = answer.problem.message if answer.problem else "It could not be recorded."
                return Refusal("unavailable", words, hint=problem.remedy)

    async def _settled(self, bracket: Bracket, operation: Operation, tell: Callable[[str], None]) -> Warrant | Refusal:
        place = self._current()
        if self.pipeline.draining or place is None:
            return _STOPPING if self.pipeline.draining else _GONE
        judged = self._decide(place, operation)
        decision = judged.decision
        match decision:
            case Deny():
                await bracket.open(judged, place)
                await bracket.close(denied(bracket.id, decision, operation, resource=place.resource.name))
                return refusal_of(decision, operation, bracket.id)
            case Hold():
                return await self._held(bracket, place, judged, decision, tell)
            case Allow():
                await bracket.open(judged, place)
                return self._warrant(bracket, place, judged, decision, AsyncExitStack())
            case _:
                assert_never(decision)

    async def _held(
        self, bracket: Bracket, place: Place, judged: Judgement, hold: Hold, tell: Callable[[str], None]
    ) -> Warrant | Refusal:
        with self.pipeline.stages.stage("approve"):
            settled = await self.pipeline.approvals.settle(bracket, place, judged, hold, _reminder(tell))
        if isinstance(settled, Answer):
            await bracket.close(settled)
            return _unapproved(settled)
        stack = AsyncExitStack()
        spent = await stack.enter_async_context(self.pipeline.approvals.spending(settled.request))
        warrant = self._warrant(bracket, place, settled.judgement, settled.allow, stack)
        warrant.finishes(spent)
        return warrant

    def _warrant(
        self, bracket: Bracket, place: Place, judged: Judgement, allow: Allow, stack: AsyncExitStack
    ) -> OpenWarrant:
        permit = issue(allow, judged.query, login=place.login, decision_id=bracket.id)
        permit.spend()
        bracket.executed = True
        return OpenWarrant(self, bracket, permit, stack)

    def _decide(self, place: Place, operation: Operation) -> Judgement:
        with self.pipeline.stages.stage("decide"):
            return self.pipeline.judge.decide(self.identity, place, operation)

    def _current(self) -> Place | None:
        """Where this stay leads under the policy of now; None = no longer there, or as another account."""
        place = self.pipeline.judge.resolve(self.identity, _any_verb(self._place), self._place.resource.name)
        return place if place is not None and place.login == self._place.login else None


def _any_verb(place: Place) -> str:
    return place.backend.verbs[0].name


def refusal_of(deny: Deny, operation: Operation, decision_id: str = "") -> Refusal:
    """A denial for people: rules and reasons, then what would pass."""
    if operation.problem.startswith("syntax error"):
        return Refusal("syntax", operation.problem, "Nothing was executed.")
    reasons = list(deny.reasons) or [Reason("default", "No rule permits it.")]
    detail = " ".join(f"[{reason.rule}] {reason.text}" if reason.rule else reason.text for reason in reasons)
    if operation.problem:
        detail = f"{detail} ({operation.problem})"
    suggestions = [reason.suggestion for reason in reasons if reason.suggestion]
    suggestions += [each.suggestion for each in operation.statements if each.suggestion]
    hint = " ".join(dict.fromkeys(suggestions)) or deny.remedy or "Ask the owner of this resource for a rule."
    look_up = f" Decision {decision_id}." if decision_id else ""
    return Refusal("denied", "policy refused this statement; nothing was executed", detail + look_up, hint)


def _unapproved(answer: Answer) -> Refusal:
    problem, request = answer.problem, answer.request
    if answer.status == "held" and request is not None:
        words = f"this statement waits for approval: request {request.id}"
        groups = " and ".join(request.approvers)
        hint = "Nothing was executed. Send exactly the same statement again once it is approved; it then runs once."
        return Refusal("held", words, f"Somebody in {groups} must approve it: {request.url}", hint)
    message = problem.message if problem else "the statement was not approved"
    return Refusal("denied", message, "", problem.remedy if problem else "")


def _answer(bracket: Bracket, resource: str, outcome: Outcome) -> Answer:
    problem = Problem(outcome.error_code, "") if outcome.error_code else None
    masked = tuple(MaskedColumn(name, mask.label, mask.kind) for name, mask in outcome.masked)
    if outcome.status != "ok":
        return failed(bracket.id, problem or Problem(outcome.status, ""), resource=resource)
    return Answer(
        status="ok",
        decision_id=bracket.id,
        resource=resource,
        masked=masked,
        affected=outcome.affected,
        truncated=outcome.truncated,
    )


def _reminder(tell: Callable[[str], None]) -> Progress:
    told = -REMIND_SECONDS

    async def progress(waited: float, words: str) -> None:
        nonlocal told
        if waited - told >= REMIND_SECONDS:
            told = waited
            tell(words)

    return progress


_GONE = Refusal("denied", "this resource is no longer yours to use", hint="Ask its owner.")
_STOPPING = Refusal("stopping", "this gateway is stopping; nothing was executed", hint="Connect again in a moment.")
