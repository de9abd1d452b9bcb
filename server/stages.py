"""Names each stage once, and gets span, histogram and per-call timing of it for free.

A stage costs about 2 µs. Time is exclusive: what a stage spends in another one
that runs inside it (mask inside execute) counts for the inner one only, so
that the shares of one call add up.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import Literal, get_args

from opentelemetry.trace import Span, Status, StatusCode, Tracer
from prometheus_client import Counter

from server.metrics import Metrics

StageName = Literal["authenticate", "resolve", "parse", "decide", "approve", "execute", "mask", "record", "respond"]
STAGES: tuple[StageName, ...] = get_args(StageName)


class Timings:
    """Nanoseconds that each stage of one call took by itself. One call runs in one task, so nothing is locked."""

    __slots__ = ("inner", "own")

    def __init__(self) -> None:
        self.own: dict[str, int] = {}
        self.inner = 0  # nanoseconds of the stages that ended inside the one that is open

    def milliseconds(self) -> dict[str, float]:
        return {name: round(spent / 1e6, 3) for name, spent in self.own.items()}


class Stage:
    """One run of one stage. Enter it once."""

    __slots__ = ("_name", "_observe", "_outer", "_span", "_stages", "_started", "_timings")

    def __init__(self, stages: Stages, name: StageName, timings: Timings | None) -> None:
        self._stages, self._name, self._timings = stages, name, timings
        self._observe = stages.observe[name]
        self._span: AbstractContextManager[Span] | None = None

    def __enter__(self) -> None:
        if self._stages.tracer is not None:
            self._span = _span(self._stages.tracer, self._name)
            self._span.__enter__()
        if self._timings is not None:
            self._outer, self._timings.inner = self._timings.inner, 0
        self._started = self._stages.clock()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        own = elapsed = self._stages.clock() - self._started
        timings = self._timings
        if timings is not None:
            own -= timings.inner
            timings.inner = self._outer + elapsed
            timings.own[self._name] = timings.own.get(self._name, 0) + own
        self._observe(own * 1e-9)
        if self._span is not None:
            self._end_span(kind)

    def _end_span(self, kind: type[BaseException] | None) -> None:
        assert self._span is not None
        if kind is not None:
            _mark_failed(kind)
        # The exception itself stays out of the span: its message may carry a value of the target.
        self._span.__exit__(None, None, None)


class Waiting(Stage):
    """The stage in which a call waits for people: counted while it lasts."""

    __slots__ = ()

    def __enter__(self) -> None:
        super().__enter__()
        self._stages.metrics.held_requests.inc()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stages.metrics.held_requests.dec()
        super().__exit__(kind, error, trace)


class Stages:
    """Makes stages. `tracer` None = no spans, and nothing of OpenTelemetry runs. `clock` counts nanoseconds."""

    def __init__(
        self, metrics: Metrics, *, tracer: Tracer | None = None, clock: Callable[[], int] = time.perf_counter_ns
    ) -> None:
        self.metrics, self.tracer, self.clock = metrics, tracer, clock
        self._counts: dict[tuple[str, str], Counter] = {}  # finding a series costs more than counting in it
        self.observe = {name: metrics.stage_seconds.observer(name) for name in STAGES}

    def stage(self, name: StageName, timings: Timings | None = None) -> Stage:
        return Waiting(self, name, timings) if name == "approve" else Stage(self, name, timings)

    def call(self, verb: str) -> AbstractContextManager[object]:
        """The span around the stages of one call."""
        return nullcontext() if self.tracer is None else _span(self.tracer, verb)

    def finish(self, verb: str, status: str, timings: Timings, *, masked_cells: int = 0) -> None:
        """Count a call that has ended."""
        self.count(verb, status, masked_cells=masked_cells)

    def count(self, verb: str, status: str, *, masked_cells: int = 0) -> None:
        """The same for what has no timings of its own."""
        counted = self._counts.get((verb, status))
        if counted is None:
            counted = self._counts[verb, status] = self.metrics.calls.labels(verb, status)
        counted.inc()
        if masked_cells:
            self.metrics.masked_cells.inc(masked_cells)


def _span(tracer: Tracer, name: str) -> AbstractContextManager[Span]:
    return tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False)


def _mark_failed(kind: type[BaseException]) -> None:
    from opentelemetry.trace import get_current_span

    get_current_span().set_status(Status(StatusCode.ERROR, kind.__name__))
