"""A stage is named once and measured everywhere."""

from __future__ import annotations

import timeit

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from server.config import Telemetry as Settings
from server.metrics import Metrics
from server.stages import STAGES, Stages, Timings
from server.telemetry import open_telemetry, traces_url


class Ticking:
    """A clock that is moved by hand, in nanoseconds."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def stages(clock: Ticking) -> Stages:
    return Stages(Metrics(version="1"), clock=clock)


def sample(stages: Stages, name: str, **labels: str) -> float | None:
    return stages.metrics.registry.get_sample_value(name, labels)


def test_time_counts_for_the_stage_that_spent_it_and_not_for_those_around_it(stages: Stages, clock: Ticking) -> None:
    timings = Timings()
    with stages.stage("execute", timings):
        clock.now += 5
        for _ in range(2):
            with stages.stage("mask", timings):
                clock.now += 10
        clock.now += 1
    with stages.stage("record", timings):
        clock.now += 100
    assert timings.own == {"execute": 6, "mask": 20, "record": 100}


def test_the_histogram_has_a_child_for_each_of_the_nine_stages_and_counts_runs(stages: Stages, clock: Ticking) -> None:
    with stages.stage("parse"):
        clock.now += 2_000_000_000
    assert len(STAGES) == 9
    assert sample(stages, "warded_stage_seconds_count", stage="parse") == 1
    assert sample(stages, "warded_stage_seconds_sum", stage="parse") == pytest.approx(2.0)
    assert sample(stages, "warded_stage_seconds_count", stage="respond") == 0


def test_a_stage_that_raises_is_timed_and_lets_the_error_through(stages: Stages, clock: Ticking) -> None:
    timings = Timings()

    def fail() -> None:
        with stages.stage("decide", timings):
            clock.now += 7
            raise ValueError

    with pytest.raises(ValueError):
        fail()
    assert timings.own == {"decide": 7}


def test_a_call_counts_as_held_while_it_waits_for_people(stages: Stages) -> None:
    with stages.stage("approve"):
        assert sample(stages, "warded_held_requests") == 1
        with stages.stage("execute"):
            assert sample(stages, "warded_held_requests") == 1
    assert sample(stages, "warded_held_requests") == 0


def test_a_finished_call_is_counted_by_verb_and_status_with_its_masked_cells(stages: Stages) -> None:
    stages.finish("sql_query", "ok", Timings(), masked_cells=3)
    stages.finish("sql_query", "denied", Timings())
    assert sample(stages, "warded_calls_total", verb="sql_query", status="ok") == 1
    assert sample(stages, "warded_calls_total", verb="sql_query", status="denied") == 1
    assert sample(stages, "warded_masked_cells_total") == 3


def test_a_stage_costs_a_few_microseconds() -> None:
    """The budget is 3 µs; ten times as much here, because a test machine is never quiet."""
    stages, timings = Stages(Metrics(version="1")), Timings()

    def run() -> None:
        with stages.stage("parse", timings):
            pass

    assert min(timeit.repeat(run, number=2000, repeat=5)) / 2000 < 30e-6


def test_spans_are_named_after_the_stages_nest_in_the_call_and_carry_no_message_of_an_error() -> None:
    exporter = InMemorySpanExporter()
    telemetry = open_telemetry(Settings(), version="1", exporter=exporter)
    with pytest.raises(ValueError), telemetry.stages.call("sql_query"), telemetry.stages.stage("execute"):
        raise ValueError("anna@example.org")
    telemetry.close()
    inner, outer = exporter.get_finished_spans()
    assert (inner.name, outer.name) == ("execute", "sql_query")
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert inner.status.status_code is StatusCode.ERROR
    assert "anna" not in inner.to_json() + outer.to_json()


def test_without_an_endpoint_there_is_no_tracer() -> None:
    telemetry = open_telemetry(Settings(), version="1")
    assert telemetry.tracer is None
    with telemetry.stages.call("sql_query"):
        telemetry.close()


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("http://otel:4318", "http://otel:4318/v1/traces"),
        ("http://otel:4318/", "http://otel:4318/v1/traces"),
        ("https://otel.example/custom/traces", "https://otel.example/custom/traces"),
    ],
)
def test_a_base_endpoint_gets_the_path_of_traces(endpoint: str, url: str) -> None:
    assert traces_url(endpoint) == url


def test_two_gateways_in_one_process_do_not_share_numbers() -> None:
    one, other = Metrics(version="1"), Metrics(version="1")
    one.masked_cells.inc()
    assert other.registry.get_sample_value("warded_masked_cells_total") == 0


def test_only_the_policy_in_force_is_exposed() -> None:
    metrics = Metrics(version="1.2.3")
    metrics.set_policy("old")
    metrics.set_policy("new")
    text = metrics.exposition().decode()
    assert 'warded_policy_info{version="new"} 1.0' in text
    assert 'version="old"' not in text
    assert 'version="1.2.3"' in text
