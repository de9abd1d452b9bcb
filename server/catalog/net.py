"""The live net under the labels: looks at values that are about to leave in clear.

Columns of an answer that come clear are swept for hard evidence; one hit hides its cell, two hide the column from
there on. Columns that nobody ever judged (computed ones) are classified once eight values were seen, and the verdict
is remembered for answers of the same shape. A verdict is only ever widened within an answer. When detection fails the
cells it would have looked at are hidden, not shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from backends.base import Column
from catalog.cellmask import PLAIN, CellMask, Manner, cell_mask
from catalog.columntypes import Family, parse_type
from catalog.labels import Labels
from catalog.model import Label, Locator
from catalog.sweep import Hit, labels_in, sweep, warm
from server.catalog.findings import Findings
from server.memory import Memory
from server.metrics import Metrics

log = structlog.get_logger("warded.detection")

FLIP = 2
"""Cells with hard evidence that hide the rest of a clear column."""
ENOUGH, MOST = 8, 24
"""Values from which a column is judged, and how many are looked at."""
RENEW = 100
"""Answers after which a remembered verdict is made anew."""
LONGEST = 1 << 20
"""Characters of one cell that are looked at; what is longer is hidden, never passed on unseen."""
OPENINGS = 5_000
"""Cells of a long answer at a door that look encoded (digests do) and are opened; beyond, plain evidence only."""
BREAKER_FAILURES, BREAKER_SECONDS = 5, 30.0

_NOT_TEXT = frozenset(
    {
        Family.INTEGER,
        Family.NUMERIC,
        Family.FLOAT,
        Family.BOOL,
        Family.DATE,
        Family.TIMESTAMP,
        Family.TIMESTAMPTZ,
        Family.UUID,
        Family.POINT,
    }
)
Row = list[str | None]
Sweep = Callable[[Sequence[str]], list[Hit]]
LabelsIn = Callable[..., tuple[set[Label], int]]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What is known of the columns of one answer, the same object for every answer alike. `watched` are the clear
    text columns that are swept, `unjudged` those of them and others that come from no scanned column."""

    columns: tuple[Column, ...]
    masks: tuple[CellMask | None, ...]
    watched: tuple[int, ...] = ()
    unjudged: tuple[int, ...] = ()
    revealed: frozenset[Label] = frozenset()
    manner: Manner = PLAIN


def plan_watch(
    labels: Labels,
    columns: tuple[Column, ...],
    masks: tuple[CellMask | None, ...],
    *,
    revealed: frozenset[Label],
    manner: Manner = PLAIN,
) -> Plan:
    """Which columns are looked at while they pass: not those that are hidden, revealed, or cleared by a reviewer."""
    if revealed >= frozenset(Label):
        return Plan(columns, masks, revealed=revealed)
    clear = [index for index, mask in enumerate(masks) if mask is None and _is_open(labels, columns[index].origin)]
    watched = tuple(index for index in clear if parse_type(columns[index].type).family not in _NOT_TEXT)
    unjudged = tuple(
        index
        for index in clear
        if columns[index].origin is None and parse_type(columns[index].type).family is not Family.BOOL
    )
    return Plan(columns, masks, watched, unjudged, revealed, manner)


def _is_open(labels: Labels, origin: Locator | None) -> bool:
    """Whether nobody decided that this column may be seen: a label that is revealed, or a reviewer, did."""
    return origin is None or not (labels.cleared(origin) or labels.of((origin,)))


@dataclass(slots=True)
class Judged:
    """A remembered verdict on a computed column; None = clear. `left` counts answers until it is made anew."""

    label: Label | None
    left: int = RENEW


class Net:
    """Makes one Watch an answer. `fail_open` names resources whose values pass when detection fails."""

    def __init__(
        self,
        findings: Findings,
        metrics: Metrics,
        *,
        fail_open: frozenset[str] = frozenset(),
        sweep: Sweep = sweep,
        labels_in: LabelsIn = labels_in,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.findings, self.metrics, self.fail_open = findings, metrics, fail_open
        self.sweep, self.labels_in, self.clock = sweep, labels_in, clock
        self.judged: Memory[Judged] = Memory()
        self._failures, self._open_until = 0, 0.0

    def watch(self, plan: Plan, resource: str, *, shape: str) -> Watch | None:
        """None = nothing of this answer needs a look. `shape` is the text of the statement."""
        return Watch(self, plan, resource, shape=shape) if plan.watched or plan.unjudged else None

    @property
    def resting(self) -> bool:
        """After several failures in a row nothing is tried for half a minute."""
        return self._open_until > self.clock()

    def succeeded(self) -> None:
        self._failures = 0

    def failed(self, resource: str, error: Exception | None) -> None:
        """Count, log without the error's words (they may hold a value), and rest after several."""
        self.metrics.detection_failures.labels("passed" if resource in self.fail_open else "hidden").inc()
        if error is None:
            return
        self._failures += 1
        log.error("detection failed", resource=resource, problem=type(error).__name__)
        if self._failures >= BREAKER_FAILURES:
            self._open_until, self._failures = self.clock() + BREAKER_SECONDS, 0
            log.critical("detection keeps failing; what it would look at is hidden", seconds=BREAKER_SECONDS)

    async def check(self) -> str:
        """For the readiness probe: "" or what is wrong."""
        return "Detection keeps failing; clear text columns are hidden." if self.resting else ""


class Watch:
    """Looks at the rows of one answer. `masks` are those in force for rows to come; they only ever grow.

    `partly` are columns of which single cells were hidden.
    """

    __slots__ = (
        "_active",
        "_counts",
        "_net",
        "_openings",
        "_plan",
        "_resource",
        "_shape",
        "_unjudged",
        "_values",
        "masks",
        "partly",
    )

    def __init__(self, net: Net, plan: Plan, resource: str, *, shape: str) -> None:
        self._net, self._plan, self._resource, self._shape = net, plan, resource, shape
        self.masks: list[CellMask | None] = list(plan.masks)
        self.partly: dict[int, CellMask] = {}
        self._active = plan.watched
        self._counts: dict[int, int] = {}
        self._openings = OPENINGS
        self._values: dict[int, list[str]] = {}
        self._unjudged = [index for index in plan.unjudged if not self._remembered(index)] if plan.unjudged else []

    def rows(self, rows: Sequence[Row]) -> int:
        """Look at rows that were masked by `masks`, and hide in place what must not pass; how many cells."""
        if not rows:
            return 0
        if self._net.resting:
            return self._hide_unseen(rows, None)
        try:
            hidden = self._judge(rows) if self._unjudged else 0
            hidden += self._sweep(rows) if self._active else 0
        except Exception as error:  # noqa: BLE001 - whatever detection dies of, what it did not see must not pass
            return self._hide_unseen(rows, error)
        self._net.succeeded()
        return hidden

    # For a door whose rows stay bytes

    @property
    def watched(self) -> tuple[int, ...]:
        """Columns whose cells have to be seen, ascending."""
        return tuple(sorted({*self._active, *self._unjudged}))

    def clean(self, cells: bytes, ends: Sequence[int]) -> bool:
        """Whether nothing need be hidden among the cells of the watched columns, row by row, each behind a NUL byte
        and ending at `ends`. Where it cannot tell it says no: then `rows` has to see them."""
        if self._net.resting or len(cells) > LONGEST or (self._unjudged and self._unjudged_among(ends)):
            return False
        try:
            found, opened = self._net.labels_in(cells, ends, most=self._openings)
        except Exception:  # noqa: BLE001 - whatever it dies of, `rows` will meet it and hide
            return False
        self._openings -= opened
        if found <= self._plan.revealed:
            self._net.succeeded()
            return True
        return False

    def _unjudged_among(self, ends: Sequence[int]) -> bool:
        """Whether a column that waits for values has any here."""
        watched = self.watched
        for index in self._unjudged:
            place = watched.index(index)
            for cell in range(place, len(ends), len(watched)):
                if ends[cell] - (ends[cell - 1] if cell else 0) > 1:
                    return True
        return False

    # Sweeping

    def _sweep(self, rows: Sequence[Row]) -> int:
        cells = [row[index] or "" for index in self._active for row in rows]
        hidden = self._cut(rows) if max(map(len, cells)) > LONGEST else 0
        if hidden:
            cells = [row[index] or "" for index in self._active for row in rows]
        hits = self._net.sweep(cells)
        return hidden + self._hide(rows, hits, cells) if hits else hidden

    def _cut(self, rows: Sequence[Row]) -> int:
        hidden = 0
        for index in self._active:
            mask = self._mask(index, Label.UNSCANNED)
            for row in rows:
                cell = row[index]
                if cell is not None and len(cell) > LONGEST:
                    row[index] = mask.redacted
                    self.partly[index] = mask
                    hidden += 1
        return hidden

    def _hide(self, rows: Sequence[Row], hits: Sequence[Hit], cells: Sequence[str]) -> int:
        """Hits come in the order of cells, so those of one column stand together and their rows ascend."""
        active, hidden, last = self._active, 0, -1
        for hit in hits:
            if hit.label in self._plan.revealed or hit.cell == last:
                continue
            last = hit.cell
            index, at = active[hit.cell // len(rows)], hit.cell % len(rows)
            if index not in self._active:  # flipped by an earlier hit: all rows from there on are hidden
                continue
            mask = self._mask(index, hit.label)
            count = self._counts[index] = self._counts.get(index, 0) + 1
            if count >= FLIP:
                hidden += self._flip(index, mask, rows[at:], detector="sweep")
                continue
            whole = hit.start == 0 and hit.end == len(cells[hit.cell])
            rows[at][index] = _hidden(mask, cells[hit.cell]) if whole else mask.redacted
            self.partly[index] = mask
            hidden += 1
            self._report(index, hit.label, detector="sweep", certain=False)
        return hidden

    # Judging what no scan has seen

    def _judge(self, rows: Sequence[Row]) -> int:
        hidden = 0
        for index in list(self._unjudged):
            seen = self._values.setdefault(index, [])
            seen += [cell for row in rows[: 4 * MOST] if (cell := row[index])][: MOST - len(seen)]
            if len(seen) < ENOUGH:
                continue
            self._unjudged.remove(index)
            label = self._classify(index, seen)
            self._net.judged.put(self._key(index), Judged(label))
            if label is not None and label not in self._plan.revealed:
                hidden += self._flip(index, self._mask(index, label), rows, detector="values")
        return hidden

    def _classify(self, index: int, values: Sequence[str]) -> Label | None:
        from catalog.classify import classify

        column = self._plan.columns[index]
        locator = Locator("column", ("", "", column.name))
        siblings = [other.name for other in self._plan.columns]
        finding = classify(locator, column.type, [value[:2000] for value in values], siblings=siblings)
        return finding.label if finding else None

    def _remembered(self, index: int) -> bool:
        known = self._net.judged.get(self._key(index))
        if known is None or known.left <= 0:
            return False
        known.left -= 1
        if known.label is not None and known.label not in self._plan.revealed:
            self.masks[index] = self._mask(index, known.label)
            self._active = tuple(other for other in self._active if other != index)
        return True

    def _key(self, index: int) -> tuple[str, str, int, Column]:
        return self._resource, self._shape, index, self._plan.columns[index]

    # Hiding

    def _flip(self, index: int, mask: CellMask, rows: Sequence[Row], *, detector: str) -> int:
        """From these rows on the column is masked, here and for whoever asks next."""
        hidden = 0
        for row in rows:
            if (cell := row[index]) is not None:
                row[index] = _hidden(mask, cell)
                hidden += 1
        self.masks[index] = mask
        self._active = tuple(other for other in self._active if other != index)
        if self._plan.columns[index].origin is None:
            self._net.judged.put(self._key(index), Judged(mask.label))
        self._report(index, mask.label, detector=detector, certain=True)
        return hidden

    def _hide_unseen(self, rows: Sequence[Row], error: Exception | None) -> int:
        self._net.failed(self._resource, error)
        if self._resource in self._net.fail_open:
            return 0
        hidden = 0
        for index in sorted({*self._active, *self._unjudged}):
            mask = self.partly[index] = self._mask(index, Label.UNSCANNED)
            for row in rows:
                if row[index] is not None:
                    row[index] = mask.redacted
                    hidden += 1
        return hidden

    def _mask(self, index: int, label: Label) -> CellMask:
        return cell_mask(label, self._plan.columns[index].type, self._plan.manner)

    def _report(self, index: int, label: Label, *, detector: str, certain: bool) -> None:
        origin = self._plan.columns[index].origin
        if origin is not None and origin.kind != "table":
            self._net.findings.note(self._resource, origin, label, detector=detector, certain=certain)


def _hidden(mask: CellMask, value: str) -> str | None:
    try:
        return mask.apply(value)
    except Exception:  # noqa: BLE001 - as in catalog.masking: the value must not pass
        return mask.redacted


__all__ = ["Net", "Plan", "Watch", "plan_watch", "warm"]
