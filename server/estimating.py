"""Between decide and execute: where a rule asks how many rows the planner expects, it is asked, and decided again.

Planning is an operation of its own: judged, recorded, planned in a READ ONLY transaction. Where that is not allowed or
does not succeed the estimate stays unknown, which counts as more than any bound.
"""

from __future__ import annotations

from collections.abc import Callable

from policy.model import Allow, Deny, Hold, Operation
from policy.permit import issue
from server.answer import Answer
from server.bracket import Bracket, Brackets
from server.executing import Executor
from server.judging import Judge, Judgement, Place
from server.memory import Memory
from server.stages import Timings

FRESH_SECONDS = 60.0
"""An estimate of the same statement, parameters and account is used again for so long."""


class Estimates:
    """`clock` gives UNIX seconds."""

    def __init__(self, judge: Judge, executor: Executor, brackets: Brackets, *, clock: Callable[[], float]) -> None:
        self._judge, self._executor, self._brackets, self._clock = judge, executor, brackets, clock
        self._known: Memory[tuple[float, int]] = Memory()

    async def judged(self, bracket: Bracket, place: Place, judged: Judgement, timings: Timings) -> Judgement:
        """The same operation judged with the estimate, if a rule in force asks for it. Raises RecordingUnavailable."""
        document, query = judged.engine.document, judged.query
        if not (document.estimates or document.bounds_estimates) or len(query.operation.statements) > 1:
            return judged
        best = self._judge.decide(query.identity, place, query.operation, estimated_rows=0)
        if isinstance(best.decision, Deny) and isinstance(judged.decision, Deny):
            return best  # refused whatever the planner says, and this says why
        if not document.estimates and not _bounded(best):
            return judged
        rows = await self._rows(bracket, place, query.operation, timings)
        return self._judge.decide(query.identity, place, query.operation, estimated_rows=rows)

    async def _rows(self, bracket: Bracket, place: Place, operation: Operation, timings: Timings) -> int | None:
        key = (operation.digest, place.resource.name, place.login.user)
        known = self._known.get(key)
        if known is not None and known[0] > self._clock() - FRESH_SECONDS:
            return known[1]
        answer = await self._plan(bracket, place, place.backend.preview(operation), timings)
        rows = answer.plan.estimated_rows if answer is not None and answer.plan is not None else None
        if rows is not None:
            self._known.put(key, (self._clock(), rows))
        return rows

    async def _plan(self, bracket: Bracket, place: Place, planning: Operation, timings: Timings) -> Answer | None:
        """Plan under a record of its own; None where policy does not allow it."""
        judged = self._judge.decide(bracket.identity, place, planning)
        if not isinstance(judged.decision, Allow):
            return None
        own = self._brackets.begin(bracket.identity, planning.verb, bracket.arguments, door=bracket.door)
        async with own:
            await own.open(judged, place)
            permit = issue(judged.decision, judged.query, login=place.login, decision_id=own.id)
            own.executed = True
            reasons = judged.decision.reasons
            answer, own.masked_cells = await self._executor.execute(
                permit, reasons=reasons, label=own.label, timings=timings
            )
            await own.close(answer)
        return answer


def _bounded(judged: Judgement) -> bool:
    decision = judged.decision
    allow = decision.grant if isinstance(decision, Hold) else decision
    return isinstance(allow, Allow) and allow.obligations.max_estimated is not None
