"""Stages execute and mask: a Permit goes in, an Answer whose cells are already hidden comes out."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import assert_never

from backends.base import Chunk, Column, Columns, Document, Done, Json, Limits, Rows, Text
from backends.errors import UpstreamError
from catalog.jsonverdicts import Verdicts
from catalog.masking import CellMask, is_shown, mask_rows, plan_masks
from catalog.model import Label
from policy.model import Obligations, Operation, Reason
from policy.permit import Permit
from policy.reveals import columns_asked, reasons_of
from server.answer import Answer, MaskedColumn, Plan, Problem, RevealedColumn, failed, ok_step
from server.budgets.spending import Spending
from server.catalog.net import Net, Watch, plan_watch
from server.catalog.net import Plan as Watched
from server.catalog.readings import Readings
from server.config import Limits as Bounds
from server.documents import Documents
from server.masks import Masks, shown_columns
from server.memory import Memory
from server.stages import Stages, Timings
from server.texts import Texts
from server.upstreams import LabelBook, Upstreams


class Collected:
    """What has come so far of one answer; masked before it is kept."""

    __slots__ = (
        "columns", "document", "documents", "done", "masked_cells", "masks", "rows", "spending", "texts", "watch"
    )  # fmt: skip

    def __init__(self, spending: Spending | None = None) -> None:
        self.spending = spending
        self.texts: Texts | None = None
        self.documents: Documents | None = None
        self.columns: tuple[Column, ...] = ()
        self.masks: tuple[CellMask | None, ...] | None = None
        self.rows: list[list[str | None]] = []
        self.document: object = None
        self.done: Done | None = None
        self.masked_cells = 0
        self.watch: Watch | None = None

    def bounded(self, limits: Limits) -> Limits:
        return self.spending.limits(limits) if self.spending else limits

    @property
    def masked(self) -> tuple[MaskedColumn, ...]:
        partly = self.watch.partly if self.watch else {}
        hidden = [mask or partly.get(index) for index, mask in enumerate(self.masks or ())]
        pairs = zip(self.columns, hidden, strict=True)
        return tuple(MaskedColumn(column.name, mask.label, mask.kind) for column, mask in pairs if mask)


class Executor:
    """Runs permits. Nothing else in the program reaches `Upstream.execute`."""

    def __init__(
        self,
        *,
        upstreams: Upstreams,
        labels: LabelBook,
        bounds: Bounds,
        stages: Stages,
        net: Net,
        readings: Readings,
        masks: Masks,
    ) -> None:
        self.upstreams, self.labels, self.bounds, self.stages = upstreams, labels, bounds, stages
        self.net, self.readings, self.masks = net, readings, masks
        self._plans: Memory[Watched] = Memory()
        self._verdicts: dict[str, Verdicts] = {}  # of JSON documents, by resource

    async def execute(
        self,
        permit: Permit,
        *,
        reasons: tuple[Reason, ...],
        label: str,
        timings: Timings,
        spending: Spending | None = None,
    ) -> tuple[Answer, int]:
        """The answer and how many of its cells were masked. An error of the target is an answer, too.

        `spending` counts what passes and cuts it at what the ceilings of the rules have left.
        """
        query, collected = permit.query, Collected(spending)
        limits = self.limits(permit.obligations, query.operation)
        try:
            with self.stages.stage("execute", timings):
                upstream = self.upstreams.get(query.resource)
                # Closed here and now whatever happens: that is what cancels the work on the target.
                async with aclosing(upstream.execute(permit, limits=collected.bounded(limits), label=label)) as chunks:
                    async for chunk in chunks:
                        self._take(chunk, permit, collected, timings)
            done = collected.done
            if done is None:
                raise UpstreamError("lost", "no end of the answer", "the answer ended before it was whole")
        except UpstreamError as error:
            if spending is not None and error.code == "limit":
                spending.too_large(limits)
            problem = Problem(error.code, self._words(error, permit), error.remedy)
            answer = failed(permit.decision_id, problem, resource=query.resource.name, reasons=reasons)
            return answer, collected.masked_cells
        if spending is not None:
            done = replace(done, truncated=spending.word(done.truncated, limits))
        answer = self._answer(permit, collected, done, reasons)
        if collected.texts is not None:
            answer = await self._with_texts(answer, collected, timings)
        if collected.documents is not None:
            answer = await self._with_documents(answer, collected, timings)
        return answer, collected.masked_cells

    async def _with_texts(self, answer: Answer, collected: Collected, timings: Timings) -> Answer:
        texts = collected.texts
        assert texts is not None
        with self.stages.stage("mask", timings):
            shown = await texts.masked()
        hidden = sum(texts.counts.values())
        collected.masked_cells += hidden
        if collected.spending is not None:
            collected.spending.charge(rows=0, size=texts.size, cells=hidden)
        masked = (*answer.masked, *texts.columns)
        step = ok_step(truncated=answer.truncated, masked=bool(masked))
        return replace(answer, texts=shown, masked=masked, next_step=step)

    async def _with_documents(self, answer: Answer, collected: Collected, timings: Timings) -> Answer:
        documents = collected.documents
        assert documents is not None
        with self.stages.stage("mask", timings):
            document, texts = await documents.masked()
        hidden = sum(documents.found.values())
        collected.masked_cells += hidden
        if collected.spending is not None:
            collected.spending.charge(rows=0, size=documents.size, cells=hidden)
        masked = (*answer.masked, *documents.columns)
        step = ok_step(truncated=answer.truncated, masked=bool(masked))
        return replace(answer, document=document, texts={**answer.texts, **texts}, masked=masked, next_step=step)

    def _take(self, chunk: Chunk, permit: Permit, collected: Collected, timings: Timings) -> None:
        match chunk:
            case Columns():
                collected.columns = chunk.columns
                with self.stages.stage("mask", timings):
                    plan = self.plan(permit, chunk)
                    collected.watch = self.watch(permit, plan)
                    collected.masks = tuple(collected.watch.masks) if collected.watch else plan.masks
                    self.readings.note(permit.query.resource.name, permit.query.identity, plan)
            case Rows() if collected.masks is not None:
                with self.stages.stage("mask", timings):
                    if collected.spending is not None:
                        collected.spending.count(chunk.rows, collected.masks, collected.columns)
                    collected.masked_cells += mask_rows(chunk.rows, collected.masks)
                    if collected.watch is not None:
                        collected.masked_cells += collected.watch.rows(chunk.rows)
                        collected.masks = tuple(collected.watch.masks)
                if collected.spending is not None:
                    collected.spending.count_bytes(chunk.rows)
                collected.rows.extend(chunk.rows)
            case Document():
                collected.document = chunk.value
            case Text():
                if collected.texts is None:
                    manner = self.masks.manner(permit.query, permit.obligations)
                    collected.texts = Texts(manner, permit.obligations.revealed)
                collected.texts.take(chunk)
            case Json():
                if collected.documents is None:
                    manner = self.masks.manner(permit.query, permit.obligations)
                    verdicts = self._verdicts.setdefault(permit.query.resource.name, Verdicts())
                    collected.documents = Documents(manner, permit.obligations.revealed, verdicts)
                collected.documents.take(chunk)
            case Done():
                collected.done = chunk
            case Rows():
                raise UpstreamError("protocol", "undescribed data", "the target sent data that was not described")
            case _:
                assert_never(chunk)

    def mask_plan(self, permit: Permit, shape: Columns) -> tuple[CellMask | None, ...]:
        """For a door that walks its rows itself: the masks of labels. Counts as a reading."""
        plan = self.plan(permit, shape)
        self.readings.note(permit.query.resource.name, permit.query.identity, plan)
        return plan.masks

    def watch(self, permit: Permit, plan: Watched) -> Watch | None:
        """What looks at the clear columns of one answer while its rows pass; None = nothing needs a look."""
        return self.net.watch(plan, permit.query.resource.name, shape=permit.query.operation.text)

    def plan(self, permit: Permit, shape: Columns) -> Watched:
        """Which mask each result column gets, by where it comes from and never by its name in the result; and which
        columns are looked at while they pass. The same object for every answer alike."""
        query, operation = permit.query, permit.query.operation
        labels, revealed = self.labels.get(query.resource.name), permit.obligations.revealed
        relations = (*shape.relations, *operation.targets)
        manner = self.masks.manner(query, permit.obligations)
        shown = shown_columns(query, permit.obligations, labels)
        key = (labels.version, shape.columns, relations, operation.opaque, revealed, operation.columns, manner, shown)
        plan = self._plans.get(key)
        if plan is None:
            origins = [(column.origin, column.type) for column in shape.columns]
            masks = plan_masks(
                labels,
                origins,
                relations=relations,
                opaque=operation.opaque,
                revealed=revealed,
                columns_touched=operation.columns,
                shown=shown,
                manner=manner,
            )
            plan = self._plans.put(key, plan_watch(labels, shape.columns, masks, revealed=revealed, manner=manner))
        if any(mask is not None and mask.label == Label.UNSCANNED for mask in plan.masks):
            self.labels.on_unscanned(query.resource.name)
        return plan

    def _answer(self, permit: Permit, collected: Collected, done: Done, reasons: tuple[Reason, ...]) -> Answer:
        masked = collected.masked
        return Answer(
            status="ok",
            decision_id=permit.decision_id,
            resource=permit.query.resource.name,
            columns=collected.columns,
            rows=collected.rows,
            outcome=done.outcome,
            masked=masked,
            truncated=done.truncated,
            affected=done.affected,
            notices=() if self._tainted(permit) else done.notices,
            reasons=reasons,
            plan=_plan(permit.query.operation, collected.document),
            next_step=ok_step(truncated=done.truncated, masked=bool(masked)),
            masks=permit.obligations.masks,
            revealed=self._revealed(permit, collected.columns),
            mask_key=next((mask.key_id for mask in collected.masks or () if mask and mask.key_id), ""),
        )

    def _revealed(self, permit: Permit, columns: tuple[Column, ...]) -> tuple[RevealedColumn, ...]:
        """The labelled columns that came clear because they were asked for, each with the reason given."""
        query = permit.query
        if not query.operation.reveals:
            return ()
        labels, shown = self.labels.get(query.resource.name), []
        for asked in reasons_of(query.operation.options):
            wanted = frozenset(columns_asked([asked])) & shown_columns(query, permit.obligations, labels)
            for column in columns:
                if column.origin is not None and is_shown(column.origin, wanted):
                    label = labels.column(column.origin)
                    shown.append(RevealedColumn(column.name, label or "", asked["reason"]))
        return tuple(shown)

    def limits(self, obligations: Obligations, operation: Operation) -> Limits:
        """The bounds of one execution: the configured ones, what the rules and the caller ask for."""
        wishes = [self.bounds.max_rows]
        if obligations.max_rows is not None:
            wishes.append(obligations.max_rows)
        if asked := operation.options.get("max_rows"):
            wishes.append(int(asked))
        timeout = min(self.bounds.statement_seconds, obligations.timeout or self.bounds.statement_seconds)
        return Limits(
            max_rows=min(wishes),
            max_bytes=self.bounds.max_bytes,
            timeout=timeout,
            max_affected=obligations.max_affected,
        )

    def _tainted(self, permit: Permit) -> bool:
        """May the target's own words about this operation carry a value that would have been masked?"""
        operation = permit.query.operation
        hidden = self.labels.of(permit.query.resource.name, operation.targets) - permit.obligations.revealed
        return operation.opaque or bool(hidden)

    def _words(self, error: UpstreamError, permit: Permit) -> str:
        return error.safe if error.exposes_data and self._tainted(permit) else error.message


def table_names(operation: Operation) -> tuple[str, ...]:
    return tuple(sorted({str(target) for target in operation.targets}))


def _plan(operation: Operation, document: object) -> Plan | None:
    if not isinstance(document, dict):
        return None
    rows = document.get("estimated_rows")
    return Plan(operation.statements, table_names(operation), rows if isinstance(rows, int) else None, ())
