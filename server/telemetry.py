"""Everything that watches the process: metrics always, spans when an endpoint is configured. Logs are in logs.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from opentelemetry.trace import Tracer

from server.config import Telemetry as Settings
from server.metrics import Metrics
from server.stages import Stages

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What `compose` hands around; `close` sends spans that are still buffered, within the exporter's time-out."""

    metrics: Metrics
    stages: Stages
    provider: TracerProvider | None = None

    @property
    def tracer(self) -> Tracer | None:
        return self.stages.tracer

    def close(self) -> None:
        if self.provider is not None:
            self.provider.shutdown()


def open_telemetry(settings: Settings, *, version: str, exporter: SpanExporter | None = None) -> Telemetry:
    """Metrics and stages of one gateway; the SDK is imported only where spans are wanted. `exporter` replaces OTLP."""
    metrics = Metrics(version=version)
    if not settings.otlp_endpoint and exporter is None:
        return Telemetry(metrics, Stages(metrics))
    provider = _provider(exporter or _otlp(settings.otlp_endpoint), version)
    return Telemetry(metrics, Stages(metrics, tracer=provider.get_tracer("warded", version)), provider)


def _provider(exporter: SpanExporter, version: str) -> TracerProvider:
    """A provider of our own; the library's global one stays untouched."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "warded", "service.version": version}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _otlp(endpoint: str) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=traces_url(endpoint))


def traces_url(endpoint: str) -> str:
    """OTLP/HTTP: a base URL gets /v1/traces, a URL with a path is taken as it is (OTLP exporter specification)."""
    return endpoint if urlsplit(endpoint).path.strip("/") else f"{endpoint.rstrip('/')}/v1/traces"
