"""What Prometheus can ask of this process. The registry is passed around, never the library's global one."""

from __future__ import annotations

import platform

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, PlatformCollector, ProcessCollector
from prometheus_client.exposition import generate_latest

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
        self.stage_seconds = Histogram(
            "warded_stage_seconds",
            "Seconds a stage took by itself.",
            ["stage"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.held_requests = Gauge("warded_held_requests", "Calls that wait for approval now.", registry=self.registry)
        self._policy = Gauge(
            "warded_policy_info", "Version (hash) of the policy document in force.", ["version"], registry=self.registry
        )
        build = Info("warded_build", "Version of this program.", registry=self.registry)
        build.info({"version": version, "python": platform.python_version()})

    def set_policy(self, version: str) -> None:
        """The document in force; earlier versions vanish from the exposition."""
        self._policy.clear()
        self._policy.labels(version).set(1)

    def exposition(self) -> bytes:
        """The body of /metrics, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(name, help, labels, registry=self.registry)
