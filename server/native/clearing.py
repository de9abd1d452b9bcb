"""Statements that are decided once: what may run at once is remembered for as long as nothing it rests on has changed.

Remembered are reads alone, which policy lets run without an approval, a ceiling, an estimate or a bound on rows, and
whose record may rest on the kernel. Everything else is decided anew each time (visit.py). What it rests on: the
policy, the labels, the person (groups come with it), where the stay leads, and whether the session is tainted; each
is compared by identity before every run. What the server means by names is in the operation itself, which is another
object once the picture of the server is another.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import structlog

from backends.base import Columns
from backends.door import Outcome, Watch
from catalog.labels import Labels
from catalog.masking import CellMask, Manner
from catalog.model import Label
from catalog.stream import StreamMasker
from policy.model import Action, Allow, Operation, digest_of
from policy.permit import Permit, issue
from server.bracket import grade, opening
from server.catalog.net import Plan
from server.judging import Judgement, Place
from server.recording.events import to_dict
from server.recording.recorder import RecordingUnavailable
from server.recording.terminal import TerminalFile

if TYPE_CHECKING:
    from server.native.visit import PipelineVisit

MANY = 512
"""Operations that one stay remembers."""
VERB = "session"
log = structlog.get_logger("warded.native")


class Clearance:
    """One remembered decision. `permit` None = this operation is decided each time. The permit is spent where it is
    made: no upstream ever executes it."""

    __slots__ = (
        "columns", "engine", "fields", "identity", "labels", "operation", "permit", "place", "plan", "tainted_answer",
        "tainted_session", "timeout",
    )  # fmt: skip

    def __init__(self, visit: PipelineVisit, operation: Operation, judged: Judgement | None, place: Place) -> None:
        judge = visit.pipeline.judge
        self.operation, self.identity, self.place = operation, visit.identity, place
        self.engine, self.labels = judge.policies.current, judge.labels.get(place.resource.name)
        self.tainted_session = judge.taints.of(visit.identity.session)
        self.permit: Permit | None = None
        self.columns: Columns | None = None
        self.plan: Plan | None = None
        self.fields: Mapping[str, Any] = {}
        self.tainted_answer = False
        self.timeout: float | None = None
        if judged is not None and isinstance(judged.decision, Allow):
            self._clear(visit, judged, judged.decision)

    def _clear(self, visit: PipelineVisit, judged: Judgement, allow: Allow) -> None:
        permit = issue(allow, judged.query, login=self.place.login, decision_id="")
        permit.spend()
        self.permit, self.timeout = permit, allow.obligations.timeout
        self.tainted_answer = visit.pipeline.executor._tainted(permit)
        event = opening("", judged, self.place, door=visit.arrival.door)
        self.fields = to_dict(event)

    def holds(self, visit: PipelineVisit, place: Place | None) -> bool:
        """Whether everything that was looked at is as it was."""
        judge = visit.pipeline.judge
        return (
            place is self.place
            and visit.identity is self.identity
            and judge.policies.current is self.engine
            and judge.labels.get(self.place.resource.name) is self.labels
            and judge.taints.of(self.identity.session) is self.tainted_session
        )


class Clearings:
    """What one stay remembers, by operation. Never more than MANY."""

    def __init__(self, visit: PipelineVisit) -> None:
        self._visit = visit
        self._known: dict[int, Clearance] = {}

    def find(self, operation: Operation, place: Place) -> Clearance | None:
        """None = decide it. `place` is where the stay leads now."""
        known = self._known.get(id(operation))  # the entry keeps its operation, so the number is nobody else's
        if known is None or not known.holds(self._visit, place):
            known = self._decide(operation, place)
        return known if known.permit is not None else None

    def _decide(self, operation: Operation, place: Place) -> Clearance:
        judge = self._visit.pipeline.judge
        judged = None
        if _plain(operation) and not _changes_by_itself(judge.policies.current.document):
            judged = judge.decide(self._visit.identity, place, operation)
            judged = judged if _unbounded(judged) else None
        made = Clearance(self._visit, operation, judged, place)
        while len(self._known) >= MANY:
            self._known.pop(next(iter(self._known)), None)
        self._known[id(operation)] = made
        return made


def _plain(operation: Operation) -> bool:
    """A read that is one statement, understood to its end, and writes nothing that has to be followed."""
    return (
        operation.actions == {Action.READ}
        and len(operation.statements) == 1
        and not (operation.opaque or operation.problem or operation.flows or operation.reveals or operation.options)
        and not operation.parameters
    )


def _changes_by_itself(document: Any) -> bool:
    """Whether rules look at the time, or at what the planner expects."""
    return bool(document.uses_time or document.estimates or document.bounds_estimates)


def _unbounded(judged: Judgement) -> bool:
    decision = judged.decision
    if not isinstance(decision, Allow) or grade(judged.query.operation.actions, decision) != "kernel":
        return False
    kept = decision.obligations
    if kept.ceilings or kept.max_rows is not None or kept.max_affected is not None:
        return False
    return all(use.label is not Label.UNSCANNED for use in judged.uses)


class ClearedWarrant:
    """A statement that runs under a clearance. See `backends.door.Warrant`."""

    __slots__ = ("_cleared", "_identity", "_started", "_visit", "id", "max_affected", "max_rows", "tainted", "timeout")

    def __init__(self, visit: PipelineVisit, cleared: Clearance, operation_id: str) -> None:
        self._visit, self._cleared, self._identity = visit, cleared, visit.identity
        self.id = operation_id
        self._started = time.perf_counter()
        self.tainted: bool = cleared.tainted_answer
        self.max_rows: int | None = None
        self.max_affected: int | None = None
        self.timeout: float | None = cleared.timeout

    @property
    def _permit(self) -> Permit:
        assert self._cleared.permit is not None
        return self._cleared.permit

    def masks(self, columns: Columns) -> tuple[CellMask | None, ...]:
        plan = self._plan(columns)
        query = self._permit.query
        self._visit.pipeline.executor.readings.note(query.resource.name, query.identity, plan)
        return plan.masks

    def watch(self, columns: Columns) -> Watch | None:
        return self._visit.pipeline.executor.watch(self._permit, self._plan(columns))

    def _plan(self, columns: Columns) -> Plan:
        """As the labels of now have it, which may be newer than those that it was decided by."""
        cleared, executor = self._cleared, self._visit.pipeline.executor
        plan = cleared.plan
        same = plan is not None and cleared.columns is columns and self._labels_now() is cleared.labels
        if plan is not None and same and (not any(plan.masks) or plan.manner is self._manner()):
            return plan
        plan = executor.plan(self._permit, columns)
        if self._labels_now() is cleared.labels and not any(
            mask is not None and mask.label is Label.UNSCANNED for mask in plan.masks
        ):
            cleared.columns, cleared.plan = columns, plan
        return plan

    def _labels_now(self) -> Labels:
        return self._visit.pipeline.executor.labels.get(self._cleared.place.resource.name)

    def stream(self) -> StreamMasker:
        return StreamMasker(manner=self._manner(), revealed=self._permit.obligations.revealed)

    def _manner(self) -> Manner:
        permit = self._permit
        return self._visit.pipeline.executor.masks.manner(permit.query, permit.obligations)

    def terminal(self, size: tuple[int, int]) -> TerminalFile:
        """Raises OSError: what is cleared is a statement of SQL, and nothing of a terminal may be shown unrecorded."""
        raise OSError("a statement has no terminal")

    async def close(self, outcome: Outcome) -> None:
        self.end(outcome)

    def end(self, outcome: Outcome) -> bool:
        """Nothing here has to be waited for. What has run has run: a record that fails now is logged."""
        visit, pipeline = self._visit, self._visit.pipeline
        visit.done()
        pipeline.judge.taints.saw(self._permit.query, rows=outcome.rows)
        fields = {
            "operation_id": self.id,
            "outcome": outcome.status,
            "rows": outcome.rows,
            "affected": outcome.affected,
            "masked": [{"column": name, "label": mask.label, "mask": mask.kind} for name, mask in outcome.masked],
            "masked_cells": outcome.masked_cells,
            "truncated": outcome.truncated if outcome.status == "ok" else "",
            "error_code": "" if outcome.status == "ok" else outcome.error_code or outcome.status,
            "duration_ms": round((time.perf_counter() - self._started) * 1000, 3),
            "revealed": [],
            "mask_key": "",
        }
        try:
            pipeline.brackets.recorder.close_soon(self._identity, fields)
        except RecordingUnavailable as problem:
            log.error("the end of a statement was not recorded", operation=self.id, problem=str(problem))
        pipeline.stages.count(VERB, outcome.status, masked_cells=outcome.masked_cells)
        return True


def begun(visit: PipelineVisit, cleared: Clearance, text: str, parameters: tuple[object, ...]) -> ClearedWarrant:
    """Write the opening event: only then is there a Warrant. Raises RecordingUnavailable."""
    brackets, operation = visit.pipeline.brackets, cleared.operation
    warrant = ClearedWarrant(visit, cleared, brackets.new_id())
    fields = {
        **cleared.fields,
        "operation_id": warrant.id,
        "text": text,
        "parameters": list(parameters),
        "digest": digest_of(operation, text, parameters),
    }
    brackets.recorder.open_now(visit.identity, fields)
    visit.began()
    return warrant
