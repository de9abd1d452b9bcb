"""The nine stages, in order, for every door.

    authenticate → resolve → parse → decide → approve → execute → mask → record → respond

`authenticate` happens at the door (server/identity) and `respond` is the
door's own words (server/tools); between them nothing knows which door was
used. `record` is a bracket around the rest: the opening event is durable
before execute, or execution is refused; the closing event follows whatever
happened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import replace
from typing import Any, assert_never

from policy.model import Allow, Deny, Hold, Identity, Operation
from policy.permit import issue
from server.answer import Answer, Plan, Problem, denied, failed
from server.approvals.stage import ApprovalStage, Approved, Progress
from server.bracket import Bracket, Brackets
from server.budgets.stage import Budgets, Turn
from server.catalog.flows import Flows
from server.ending import Calls, Ended
from server.estimating import Estimates
from server.executing import Executor, table_names
from server.judging import Judge, Judgement, Place
from server.parsing import understand
from server.recording.recorder import RecordingUnavailable
from server.rewriting import with_rewrite
from server.stages import Stages, Timings
from server.store.engine import StoreUnavailable


class Pipeline:
    """Owns the order of the stages and nothing else; each stage is a collaborator given by the composer."""

    def __init__(
        self,
        *,
        judge: Judge,
        approvals: ApprovalStage,
        executor: Executor,
        brackets: Brackets,
        stages: Stages,
        budgets: Budgets,
        estimates: Estimates,
        flows: Flows,
    ) -> None:
        self.judge, self.approvals, self.executor = judge, approvals, executor
        self.brackets, self.stages = brackets, stages
        self.budgets, self.estimates, self.flows = budgets, estimates, flows
        self.calls = Calls()
        self.draining = False

    async def run(
        self,
        identity: Identity,
        verb: str,
        arguments: Mapping[str, Any],
        *,
        door: str,
        progress: Progress | None = None,
        resource: str | None = None,
    ) -> Answer:
        """One call through all stages. Raises for our own bugs only, never for what a caller or a target can cause.

        `resource` = the one that the verb is bound to; all arguments are the verb's own then.
        """
        timings = Timings()
        bracket = self.brackets.begin(identity, verb, arguments, door=door)
        with self.stages.call(verb):
            async with bracket:
                try:
                    answer = await self._ending(
                        bracket, self._stages(bracket, verb, arguments, timings, progress, resource)
                    )
                    with self.stages.stage("record", timings):
                        await bracket.close(answer)
                except (RecordingUnavailable, StoreUnavailable) as error:
                    self.stages.metrics.recorder_errors.inc()
                    answer = bracket.unrecorded(error)
        self.stages.finish(verb, answer.status, timings, masked_cells=bracket.masked_cells)
        return answer

    async def _ending(self, bracket: Bracket, work: Awaitable[Answer]) -> Answer:
        """The answer, unless the caller's session is ended first: then the work is cancelled."""
        try:
            async with self.calls.during(bracket.identity.session):
                return await work
        except Ended:
            return failed(bracket.id, _ENDED)

    async def _stages(
        self,
        bracket: Bracket,
        verb: str,
        arguments: Mapping[str, Any],
        timings: Timings,
        progress: Progress | None,
        resource: str | None,
    ) -> Answer:
        if self.draining:
            return failed(bracket.id, _STOPPING)
        bound = resource is not None
        with self.stages.stage("resolve", timings):
            name = str(arguments.get("resource", "")) if resource is None else resource
            place = self.judge.resolve(bracket.identity, verb, name)
        if place is None:
            return failed(bracket.id, _nowhere(arguments))
        with self.stages.stage("parse", timings):
            try:
                operation = await understand(self.judge.upstreams, place, verb, arguments)
            except ValueError as error:
                return failed(bracket.id, Problem("invalid_arguments", str(error)), resource=place.resource.name)
        with self.stages.stage("decide", timings):
            judged = self.judge.decide(bracket.identity, place, operation)
        judged = await self.estimates.judged(bracket, place, judged, timings)
        if arguments.get("dry_run") and not bound:
            answer = await self._preview(bracket, place, judged, timings)
        else:
            answer = await self._act(bracket, place, judged, timings, progress)
        call = {"identity": bracket.identity, "verb": verb, "arguments": arguments}
        return await with_rewrite(self.judge, place, judged, answer, **call)

    async def _act(
        self, bracket: Bracket, place: Place, judged: Judgement, timings: Timings, progress: Progress | None
    ) -> Answer:
        turn = await self._turn(judged, timings)
        try:
            return await self._settled(bracket, place, turn, timings, progress)
        finally:
            turn.spending.close()

    async def _turn(self, judged: Judgement, timings: Timings) -> Turn:
        """What the ceilings leave of a call that may run."""
        decision = judged.decision
        allow = decision.grant if isinstance(decision, Hold) else decision
        if isinstance(allow, Deny) or not allow.obligations.ceilings:
            return self.budgets.free(judged)
        with self.stages.stage("decide", timings):
            return await self.budgets.enter(judged, self.executor.limits(allow.obligations, judged.query.operation))

    async def _settled(
        self, bracket: Bracket, place: Place, turn: Turn, timings: Timings, progress: Progress | None
    ) -> Answer:
        judged = turn.judged
        operation, decision = judged.query.operation, judged.decision
        match decision:
            case Deny():
                await bracket.open(judged, place)
                return denied(bracket.id, decision, operation, resource=place.resource.name)
            case _ if len(operation.statements) > 1:
                await bracket.open(judged, place)
                return failed(bracket.id, _ONE_STATEMENT, resource=place.resource.name)
            case Hold():
                with self.stages.stage("approve", timings):
                    settled = await self.approvals.settle(bracket, place, judged, decision, progress)
                if isinstance(settled, Answer):
                    return settled
                async with self.approvals.spending(settled.request) as spent:
                    answer = await self._approved(bracket, place, turn, settled, timings)
                    spent.append(answer)
                return answer
            case Allow():
                with self.stages.stage("record", timings):
                    await bracket.open(judged, place)
                return await self._execute(bracket, place, turn, decision, timings)
            case _:
                assert_never(decision)

    async def _approved(
        self, bracket: Bracket, place: Place, turn: Turn, settled: Approved, timings: Timings
    ) -> Answer:
        """Raise the ceilings that the approval was for, then run within them."""
        if not await self.budgets.raised(turn, settled.judgement.query.approvals):
            return failed(bracket.id, _CEILING, resource=place.resource.name)
        again = await self._turn(settled.judgement, timings)
        try:
            if not isinstance(again.judged.decision, Allow):
                return failed(bracket.id, _CEILING, resource=place.resource.name)
            return await self._execute(bracket, place, again, settled.allow, timings)
        finally:
            again.spending.close()

    async def _execute(self, bracket: Bracket, place: Place, turn: Turn, allow: Allow, timings: Timings) -> Answer:
        """Only behind an opening event, and only with a Permit."""
        query = turn.judged.query
        permit = issue(allow, query, login=place.login, decision_id=bracket.id)
        if query.operation.flows:
            await self.flows.before(place.resource.name, query.operation)
        bracket.executed = True
        answer, bracket.masked_cells = await self.executor.execute(
            permit, reasons=allow.reasons, label=bracket.label, timings=timings, spending=turn.spending
        )
        if query.operation.flows:
            self.flows.after(place.resource.name, query.operation)
        self.judge.taints.saw(query, rows=len(answer.rows) + len(answer.texts) + (answer.document is not None))
        return self.budgets.told(answer, turn.spending)

    async def _preview(self, bracket: Bracket, place: Place, judged: Judgement, timings: Timings) -> Answer:
        """A dry run: judge the operation, then plan it as an operation of its own. Nothing is executed."""
        operation, decision = judged.query.operation, judged.decision
        if isinstance(decision, Deny) or len(operation.statements) > 1:
            answer = await self._act(bracket, place, judged, timings, None)
            return replace(answer, plan=_plan(operation, None, ()))
        planned = self.judge.decide(bracket.identity, place, place.backend.preview(operation))
        if isinstance(planned.decision, Hold):  # nobody is asked for a dry run
            refusal = Deny(planned.decision.reasons, "Planning this statement needs an approval of its own.")
            planned = replace(planned, decision=refusal)
        answer = await self._settled(bracket, place, self.budgets.free(planned), timings, None)
        approvers = tuple(sorted(decision.approvers)) if isinstance(decision, Hold) else ()
        plan = _plan(operation, answer.plan, approvers)
        if answer.status != "ok":
            return replace(answer, plan=plan)
        step = f"held until {' and '.join(approvers)} approve" if approvers else "run at once"
        return replace(
            answer, plan=plan, rows=(), reasons=decision.reasons, next_step=f"Nothing was executed. It would be {step}."
        )


_ENDED = Problem("ended", "This session was ended; what was running was cancelled.", "Sign in again.")
_STOPPING = Problem("shutting_down", "This gateway is stopping; nothing was executed.", "Try again in a moment.")
_ONE_STATEMENT = Problem(
    "multiple_statements",
    "The text holds more than one statement; nothing was executed.",
    "Send one statement per call.",
)


_CEILING = Problem(
    "ceiling",
    "A ceiling was reached by other calls while this one waited; nothing was executed.",
    "Send the call again: it says who can raise the ceiling.",
)


def _nowhere(arguments: Mapping[str, Any]) -> Problem:
    name = str(arguments.get("resource", ""))[:80]
    words = f"There is no resource {name!r} that you can use with this tool."
    return Problem("unknown_resource", words, "Call list_resources to see what you can reach.")


def _plan(operation: Operation, found: Plan | None, approvers: tuple[str, ...]) -> Plan:
    rows = found.estimated_rows if found else None
    return Plan(operation.statements, table_names(operation), rows, approvers)
