"""Every series that /metrics shows under our own name."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from server.metrics import Metrics
from server.reference.markdown import cell, code, table

_SUFFIX = {"counter": "_total", "info": "_info"}


def metric_parts() -> dict[str, str]:
    rows = [(code(name), kind, labels, cell(words)) for name, kind, labels, words in series()]
    return {"metrics": table(("Metric", "Type", "Labels", "Meaning"), rows)}


def series() -> Iterator[tuple[str, str, str, str]]:
    """(name as Prometheus shows it, type, labels, meaning)."""
    metrics = Metrics(version="0")
    labels = {each._name: each._labelnames for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)}
    for family in metrics.registry.collect():
        if family.name.startswith("warded_"):
            names = labels.get(family.name) or tuple(family.samples[0].labels if family.type == "info" else ())
            words = ", ".join(code(label) for label in names)
            yield f"{family.name}{_SUFFIX.get(family.type, '')}", family.type, words, family.documentation
