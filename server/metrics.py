"""What Prometheus can ask of this process. The registry is passed around, never the library's global one."""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, Counter, Gauge, Info, PlatformCollector, ProcessCollector
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from backends import row_walk

SECONDS = (0.00002, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 5.0, 30.0, 120.0)
"""Bounds of the stage histogram: a cached decision takes 5 µs, an approval up to minutes."""


class Metrics:
    """All series of Warded. Labels have few values: verbs, statuses, stages; never a user, a text or a resource."""

    def __init__(self, *, version: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.calls = self._counter("warded_calls", "Finished calls by verb and status.", "verb", "status")
        self.masked_cells = self._counter("warded_masked_cells", "Cells that were masked in answers.")
        self.recorder_errors = self._counter("warded_recorder_errors", "Calls refused because no record could be kept.")
        self.policy_reload_failures = self._counter(
            "warded_policy_reload_failures", "Changed policy documents that were refused; the old one stayed."
        )
        self.detection_failures = self._counter(
            "warded_detection_failures", "Batches of rows that detection could not look at.", "outcome"
        )
        self.catalog_changes = self._counter(
            "warded_catalog_changes", "Columns found sensitive after the first scan, changed or vanished.", "what"
        )
        self.blind_resources = Gauge(
            "warded_blind_resources",
            "Resources that were never scanned, or whose scan found nothing to mask.",
            ["why"],
            registry=self.registry,
        )
        self.definition_changes = self._counter(
            "warded_definition_changes", "Definitions of MCP servers that were new, changed or decided about.", "what"
        )
        self.definitions_waiting = Gauge(
            "warded_definitions_waiting",
            "Definitions of MCP servers that wait for a review, of all processes.",
            registry=self.registry,
        )
        self.budget_stops = self._counter(
            "warded_budget_stops", "Calls that were held or denied because a ceiling was reached.", "measure"
        )
        self.budget_cuts = self._counter("warded_budget_cuts", "Answers that were cut at a ceiling.", "measure")
        self.budget_raises = self._counter("warded_budget_raises", "Ceilings that people raised once.", "measure")
        self.stage_seconds = Durations("warded_stage_seconds", "Seconds a stage took by itself.", "stage")
        self.registry.register(self.stage_seconds)
        self.held_requests = Gauge("warded_held_requests", "Calls that wait for approval now.", registry=self.registry)
        self._policy = Gauge(
            "warded_policy_info", "Version (hash) of the policy document in force.", ["version"], registry=self.registry
        )
        build = Info("warded_build", "Version of this program; how native doors rewrite rows.", registry=self.registry)
        build.info({"version": version, "python": platform.python_version(), "row_walk": row_walk()})

    def set_policy(self, version: str) -> None:
        """The document in force; earlier versions vanish from the exposition."""
        self._policy.clear()
        self._policy.labels(version).set(1)

    def exposition(self) -> bytes:
        """The body of /metrics, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(name, help, labels, registry=self.registry)


class Durations(Collector):
    """A histogram of one label for the hot path: an observation costs a tenth of the library's own, which locks and
    looks at every bound. Increments of a list are safe here because only the event loop's thread observes."""

    def __init__(self, name: str, help: str, label: str) -> None:
        self._name, self._help, self._label = name, help, label
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, list[float]] = {}

    def observer(self, value: str) -> Callable[[float], None]:
        """What counts one duration (seconds) under this value of the label."""
        counts = self._counts.setdefault(value, [0] * (len(SECONDS) + 1))
        total = self._sums.setdefault(value, [0.0])

        def observe(seconds: float) -> None:
            counts[bisect_left(SECONDS, seconds)] += 1
            total[0] += seconds

        return observe

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._help, labels=[self._label])
        bounds = [*(str(bound) for bound in SECONDS), "+Inf"]
        for value, counts in self._counts.items():
            buckets = list(zip(bounds, accumulate(counts), strict=True))
            family.add_metric([value], buckets, self._sums[value][0])
        yield family
