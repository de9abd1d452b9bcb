"""Stage record: the bracket that every call runs in. No opening event, no execution; always a closing event."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Literal, Self

import anyio
import structlog

from policy.model import Action, Allow, Decision, Deny, Hold, Identity, Obligations, Reason
from server.answer import Answer, Problem, failed
from server.judging import Judgement, Place
from server.recording.events import OperationClosed, OperationOpened, RequestDecided
from server.recording.recorder import Recorder, RecordingUnavailable
from server.store.engine import StoreUnavailable
from server.store.models import Request

Durability = Literal["kernel", "disk"]
log = structlog.get_logger("warded.record")

READS = frozenset({Action.READ, Action.CONNECT})


class Brackets:
    """Makes one Bracket a call. `new_id` gives an id that no other call has."""

    def __init__(self, recorder: Recorder, *, new_id: Callable[[], str]) -> None:
        self.recorder, self.new_id = recorder, new_id

    def begin(self, identity: Identity, verb: str, arguments: Mapping[str, Any], *, door: str) -> Bracket:
        return Bracket(self.recorder, self.new_id(), identity=identity, verb=verb, arguments=arguments, door=door)


class Bracket:
    """One call's record. `id` is the decision id that the caller is given to look it up."""

    def __init__(
        self,
        recorder: Recorder,
        call_id: str,
        *,
        identity: Identity,
        verb: str,
        arguments: Mapping[str, Any],
        door: str,
    ) -> None:
        self.recorder, self.id, self.identity = recorder, call_id, identity
        self.verb, self.arguments, self.door = verb, arguments, door
        self.masked_cells = 0
        self.executed = False
        self.durability: Durability = "kernel"
        self._started = time.perf_counter()
        self._opened = self._closed = False

    @property
    def label(self) -> str:
        """Names person and session to the target (PostgreSQL: application_name)."""
        return f"warded {self.identity.user} {self.identity.session}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A call that was cancelled, or that broke, is closed in the record, whatever cancels it."""
        if kind is None or self._closed or not self._opened:
            return
        outcome = "failed" if issubclass(kind, Exception) else "cancelled"
        with anyio.CancelScope(shield=True):
            try:
                await self._append_closing(Answer(status="failed", decision_id=self.id), outcome=outcome)
            except RecordingUnavailable:
                log.error("closing event lost", operation=self.id, outcome=outcome)

    async def open(self, judged: Judgement, place: Place, *, request_id: str = "") -> None:
        """Write what is about to happen, durable in the grade it needs on return. Raises RecordingUnavailable."""
        self.durability = grade(judged.query.operation.actions, judged.decision)
        event = opening(self.id, judged, place, door=self.door, request_id=request_id)
        await self.recorder.append(self.identity, event, durability=self.durability)
        self._opened = True

    async def approved(self, request: Request, groups: frozenset[str]) -> None:
        """The approval that lets the operation of this bracket run, written before it runs."""
        event = RequestDecided(
            request_id=request.id, decision="approved", user="", group=" ".join(sorted(groups)), comment=""
        )
        await self.recorder.append(self.identity, event, durability="disk")

    async def close(self, answer: Answer) -> None:
        """Write how it ended. A call refused before it was judged is opened here, so that each call leaves a record."""
        if not self._opened:
            await self._open_refused(answer)
        await self._append_closing(answer, outcome=answer.status)
        self._closed = True

    def unrecorded(self, error: RecordingUnavailable | StoreUnavailable) -> Answer:
        """What a caller is told when store or record failed: what ran is said, rows are withheld."""
        log.error("record or store unavailable", operation=self.id, executed=self.executed, problem=str(error))
        words = "It was sent to the target, but its outcome could not be recorded; rows are withheld."
        message = f"{words if self.executed else 'Nothing was executed.'} {error}"
        return failed(self.id, Problem("unavailable", message, error.remedy))

    async def end(self, answer: Answer, *, outcome: str, rows: int) -> None:
        """As `close`, for rows that went through a door and are not in the answer."""
        await self._append_closing(answer, outcome=outcome, rows=rows)
        self._closed = True

    async def _append_closing(self, answer: Answer, *, outcome: str, rows: int | None = None) -> None:
        event = OperationClosed(
            operation_id=self.id,
            outcome=outcome,
            rows=len(answer.rows) if rows is None else rows,
            affected=answer.affected,
            masked=[{"column": m.column, "label": m.label, "mask": m.mask} for m in answer.masked],
            masked_cells=self.masked_cells,
            truncated=answer.truncated,
            error_code=answer.problem.code if answer.problem else "",
            duration_ms=round((time.perf_counter() - self._started) * 1000, 3),
            revealed=[{"column": r.column, "label": r.label, "reason": r.reason} for r in answer.revealed],
            mask_key=answer.mask_key,
        )
        await self.recorder.append(self.identity, event, durability=self.durability)

    async def _open_refused(self, answer: Answer) -> None:
        event = OperationOpened(
            operation_id=self.id,
            door=self.door,
            verb=self.verb,
            resource=str(self.arguments.get("resource", ""))[:256],
            login="",
            text=str(self.arguments.get("sql", ""))[:4096],
            parameters=[],
            actions=[],
            effects=[],
            targets=[],
            digest="",
            policy_version="",
            decision="refused",
            reasons=[{"rule": "", "text": answer.problem.message if answer.problem else "", "suggestion": ""}],
            request_id="",
        )
        await self.recorder.append(self.identity, event, durability="kernel")


def opening(call_id: str, judged: Judgement, place: Place, *, door: str, request_id: str = "") -> OperationOpened:
    """What is about to happen, as the record has it."""
    operation, decision = judged.query.operation, judged.decision
    return OperationOpened(
        operation_id=call_id,
        door=door,
        verb=operation.verb,
        resource=place.resource.name,
        login=place.login.user,
        text=operation.text,
        parameters=[_plain(value) for value in operation.parameters],
        actions=sorted(operation.actions),
        effects=sorted(operation.effects),
        targets=sorted({str(target) for target in operation.targets}),
        digest=operation.digest,
        policy_version=judged.engine.version,
        decision=type(decision).__name__.lower(),
        reasons=_reasons(decision.reasons),
        request_id=request_id,
    )


def grade(actions: frozenset[Action], decision: Decision) -> Durability:
    """Reads may rest on the kernel; everything else waits for the disk; policy may raise, never lower."""
    if not actions <= READS or _obligations(decision).durability == "disk":
        return "disk"
    return "kernel"


def _obligations(decision: Decision) -> Obligations:
    match decision:
        case Allow():
            return decision.obligations
        case Hold():
            return decision.grant.obligations
        case Deny():
            return Obligations()


def _reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    return [
        {"rule": reason.rule, "text": reason.text, "suggestion": reason.suggestion, "place": reason.place}
        for reason in reasons
    ]


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)
