"""One client's stay at a native door: each statement passes decide, approve and record before it runs.

The same Judge, approvals and brackets as for a tool call (pipeline.py); only execute and respond are the door's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, assert_never

import structlog

from backends.base import Columns, Limits, Upstream
from backends.door import Outcome, Refusal, Warrant, Watch
from catalog.masking import CellMask
from catalog.model import Login, Resource
from catalog.stream import StreamMasker
from policy.model import Allow, Deny, Hold, Identity, Operation, Reason
from policy.permit import Permit, issue
from server.answer import Answer, MaskedColumn, Problem, denied, failed
from server.approvals.stage import Approved, Progress
from server.bracket import READS, Bracket
from server.budgets.spending import Spending
from server.budgets.stage import Turn
from server.judging import Judgement, Place
from server.native.clearing import Clearance, Clearings, begun
from server.pipeline import Pipeline
from server.recording.events import ConnectionClosed, ConnectionOpened, TerminalRecorded
from server.recording.recorder import RecordingUnavailable
from server.recording.terminal import FOLDER, TerminalFile
from server.stages import Timings
from server.store.engine import StoreUnavailable

log = structlog.get_logger("warded.native")

VERB = "session"
ENDLESS = Limits(max_rows=10**9, max_bytes=10**12, timeout=30 * 86400.0)
"""A client of one's own gets all rows; only what a ceiling has left is less than this."""
REMIND_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came in: over which door, with which proof, from where."""

    door: str
    proof: str
    peer: str


class OpenWarrant:
    """A statement that may run, as the door holds it. See `backends.door.Warrant`."""

    def __init__(
        self, visit: PipelineVisit, bracket: Bracket, permit: Permit, *, held: AsyncExitStack, spending: Spending
    ) -> None:
        self._visit, self._bracket, self._permit, self._held = visit, bracket, permit, held
        visit.began()
        self._spending = spending
        held.callback(spending.close)
        self._spent: list[Answer] | None = None
        self._terminal: TerminalRecorded | None = None
        self.id = bracket.id
        self.tainted = visit.pipeline.executor._tainted(permit)
        kept, left = permit.obligations, spending.limits(ENDLESS)
        self.max_rows = _least(kept.max_rows, left.max_rows if left.max_rows < ENDLESS.max_rows else None)
        self.max_affected = None if permit.query.operation.actions <= READS else kept.max_affected
        self.timeout = _least(kept.timeout, left.timeout if left.timeout < ENDLESS.timeout else None)

    def finishes(self, spent: list[Answer]) -> None:
        """An approval was spent on this: its request is told the answer."""
        self._spent = spent

    def masks(self, columns: Columns) -> tuple[CellMask | None, ...]:
        return self._visit.pipeline.executor.mask_plan(self._permit, columns)

    def watch(self, columns: Columns) -> Watch | None:
        executor = self._visit.pipeline.executor
        return executor.watch(self._permit, executor.plan(self._permit, columns))

    def stream(self) -> StreamMasker:
        query, obligations = self._permit.query, self._permit.obligations
        manner = self._visit.pipeline.executor.masks.manner(query, obligations)
        return StreamMasker(manner=manner, revealed=obligations.revealed)

    def terminal(self, size: tuple[int, int]) -> TerminalFile:
        recorder = self._visit.pipeline.brackets.recorder
        return TerminalFile(
            recorder.folder / FOLDER, self.id, size=size, clock=self._visit.pipeline.judge.clock, closed=self._shown
        )

    def _shown(self, name: str, sha256: str, size: int) -> None:
        self._terminal = TerminalRecorded(operation_id=self.id, name=name, sha256=sha256, bytes=size)

    def end(self, outcome: Outcome) -> bool:
        """This end may have to wait for store or disk."""
        return False

    async def close(self, outcome: Outcome) -> None:
        """Record how it ended. What has run has run: a record that fails now is logged, and the next is refused."""
        self._visit.done()
        answer = _answer(self._bracket, self._visit.resource.name, outcome)
        self._bracket.masked_cells = outcome.masked_cells
        self._spending.charge(rows=outcome.rows, size=outcome.bytes, cells=outcome.masked_cells)
        self._visit.pipeline.judge.taints.saw(self._permit.query, rows=outcome.rows)
        if self._spent is not None:
            self._spent.append(answer)
        try:
            await self._held.aclose()
            if self._terminal is not None:
                recorder = self._visit.pipeline.brackets.recorder
                await recorder.append(self._visit.identity, self._terminal, durability="kernel")
            await self._bracket.end(answer, outcome=outcome.status, rows=outcome.rows)
        except (RecordingUnavailable, StoreUnavailable) as problem:
            log.error("the end of a statement was not recorded", operation=self.id, problem=str(problem))
        metrics = self._visit.pipeline.stages.metrics
        metrics.calls.labels(VERB, outcome.status).inc()
        if (operation := self._permit.query.operation).flows:
            self._visit.pipeline.flows.after(self._visit.resource.name, operation)
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
        """Statements that run now."""
        self.quiet_since = asyncio.get_running_loop().time()
        self._leave: Callable[[str], None] | None = None
        self._ended = ""
        self._clearings = Clearings(self)
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

    def began(self) -> None:
        self.busy += 1

    def done(self) -> None:
        self.busy -= 1
        self.quiet_since = asyncio.get_running_loop().time()

    # Statements

    def begin_at_once(self, operation: Operation, *, text: str, parameters: tuple[object, ...]) -> Warrant | None:
        """See `backends.door.Visit`."""
        pipeline = self.pipeline
        if pipeline.draining or pipeline.stages.tracer is not None:
            return None
        cleared = self._cleared(operation)
        if cleared is None:
            return None
        try:
            warrant = begun(self, cleared, text, parameters)
        except RecordingUnavailable:
            return None  # which `begin` will find, and say
        self.statements += 1
        return warrant

    def _cleared(self, operation: Operation) -> Clearance | None:
        place = self._current()
        return self._clearings.find(operation, place) if place is not None else None

    def preview(self, operation: Operation) -> Refusal | None:
        if self._cleared(operation) is not None:
            return None
        place = self._current()
        if place is None:
            return _GONE
        judged = self._decide(place, operation, estimated_rows=0)  # what the planner expects is asked when it runs
        return refusal_of(judged.decision, operation) if isinstance(judged.decision, Deny) else None

    def may_wait(self, operation: Operation) -> bool:
        place = self._current()
        return place is not None and isinstance(self._decide(place, operation).decision, Hold)

    async def begin(self, operation: Operation, *, tell: Callable[[str], None]) -> Warrant | Refusal:
        """Decide, ask people if need be, and write the opening event: only then is there a Warrant."""
        arguments = {"resource": self.resource.name, "sql": operation.text}
        bracket = self.pipeline.brackets.begin(self.identity, VERB, arguments, door=self.arrival.door)
        self.statements += 1
        self.quiet_since = asyncio.get_running_loop().time()
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
        asked = await self.pipeline.estimates.judged(bracket, place, self._decide(place, operation), Timings())
        turn = await self.pipeline.budgets.enter(asked, ENDLESS)
        try:
            return await self._judged(bracket, place, turn, tell)
        except BaseException:
            turn.spending.close()
            raise

    async def _judged(
        self, bracket: Bracket, place: Place, turn: Turn, tell: Callable[[str], None]
    ) -> Warrant | Refusal:
        judged = turn.judged
        operation, decision = judged.query.operation, judged.decision
        match decision:
            case Deny():
                await bracket.open(judged, place)
                await bracket.close(denied(bracket.id, decision, operation, resource=place.resource.name))
                return refusal_of(decision, operation, bracket.id)
            case Hold():
                return await self._held(bracket, place, turn, decision, tell)
            case Allow():
                await bracket.open(judged, place)
                await self._written(operation)
                return self._warrant(bracket, place, turn, decision, AsyncExitStack())
            case _:
                assert_never(decision)

    async def _held(
        self, bracket: Bracket, place: Place, turn: Turn, hold: Hold, tell: Callable[[str], None]
    ) -> Warrant | Refusal:
        with self.pipeline.stages.stage("approve"):
            settled = await self.pipeline.approvals.settle(bracket, place, turn.judged, hold, _reminder(tell))
        if isinstance(settled, Answer):
            await bracket.close(settled)
            return _unapproved(settled)
        await self._written(turn.judged.query.operation)
        stack = AsyncExitStack()
        spent = await stack.enter_async_context(self.pipeline.approvals.spending(settled.request))
        again = await self._raised(turn, settled)
        if again is None or not isinstance(again.judged.decision, Allow):
            await stack.aclose()
            await bracket.close(failed(bracket.id, Problem("ceiling", _CEILING.message, _CEILING.hint)))
            return _CEILING
        warrant = self._warrant(bracket, place, again, settled.allow, stack)
        warrant.finishes(spent)
        return warrant

    async def _raised(self, turn: Turn, settled: Approved) -> Turn | None:
        """What may be spent now that people agreed; None = they are not the ones who raise these ceilings."""
        if not await self.pipeline.budgets.raised(turn, settled.judgement.query.approvals):
            return None
        return await self.pipeline.budgets.enter(settled.judgement, ENDLESS)

    async def _written(self, operation: Operation) -> None:
        """Columns that get labelled values are labelled before they get them. Raises StoreUnavailable."""
        if operation.flows:
            await self.pipeline.flows.before(self.resource.name, operation)

    def _warrant(self, bracket: Bracket, place: Place, turn: Turn, allow: Allow, stack: AsyncExitStack) -> OpenWarrant:
        permit = issue(allow, turn.judged.query, login=place.login, decision_id=bracket.id)
        permit.spend()
        bracket.executed = True
        return OpenWarrant(self, bracket, permit, held=stack, spending=turn.spending)

    def _decide(self, place: Place, operation: Operation, *, estimated_rows: int | None = None) -> Judgement:
        with self.pipeline.stages.stage("decide"):
            return self.pipeline.judge.decide(self.identity, place, operation, estimated_rows=estimated_rows)

    def _current(self) -> Place | None:
        """Where this stay leads under the policy of now; None = no longer there, or as another account."""
        place = self.pipeline.judge.resolve(self.identity, _any_verb(self._place), self._place.resource.name)
        return place if place is not None and place.login == self._place.login else None


def _least(*bounds: float | None) -> Any:
    return min((bound for bound in bounds if bound is not None), default=None)


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


_CEILING = Refusal(
    "ceiling",
    "a ceiling was reached by other statements while this one waited; nothing was executed",
    hint="Send it again: it says who can raise the ceiling.",
)
_GONE = Refusal("denied", "this resource is no longer yours to use", hint="Ask its owner.")
_STOPPING = Refusal("stopping", "this gateway is stopping; nothing was executed", hint="Connect again in a moment.")
