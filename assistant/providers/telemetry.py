"""OpenTelemetry traces of model calls in the GenAI convention: model, tokens, cost and times, without what was said.

Off unless ``ASSISTANT_TELEMETRY=on``. Where the spans go is said by OpenTelemetry's own variables
(``OTEL_EXPORTER_OTLP_ENDPOINT`` and the others); they are sent by gRPC, or by HTTP where that exporter is installed
and ``OTEL_EXPORTER_OTLP_PROTOCOL`` asks for it.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from assistant import log as logs
from assistant.redaction import redacted
from assistant.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

SERVICE = "internal-knowledge-assistant"
"""The service's name in traces, where OTEL_SERVICE_NAME gives no other."""
PROTOCOL_VARIABLES = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")

log = logging.getLogger(__name__)


class Telemetry:
    """Spans of all agents of this process, from ``start`` to ``stop``."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider

    def stop(self) -> None:
        """End instrumentation and send what is still waiting."""
        from pydantic_ai import Agent

        Agent.instrument_all(False)
        self._provider.shutdown()


def start(settings: Settings, exporter: SpanExporter | None = None) -> Telemetry | None:
    """Trace all agents from now on; None when the settings do not ask for it or no exporter fits.

    Questions, answers and tool arguments are in the spans only with ``ASSISTANT_TELEMETRY_CONTENT=on``, and then too
    without what looks like a key or is one of the settings' own.
    """
    chosen = (exporter or _exporter()) if settings.telemetry else None
    if chosen is None:
        return None
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from pydantic_ai import Agent, InstrumentationSettings

    provider = _provider()
    cleaned = cast("SpanExporter", Cleaned(chosen, logs.secrets(settings)))
    provider.add_span_processor(BatchSpanProcessor(cleaned))
    content = settings.telemetry_content
    Agent.instrument_all(
        InstrumentationSettings(tracer_provider=provider, include_content=content, include_binary_content=content)
    )
    return Telemetry(provider)


class Cleaned:
    """An exporter that gives spans on without secrets, in whatever of them text stands."""

    def __init__(self, exporter: SpanExporter, hide: Sequence[str]) -> None:
        self._exporter = exporter
        self._hide = hide

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans."""
        return self._exporter.export([self._clean(span) for span in spans])

    def shutdown(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what waits."""
        return self._exporter.force_flush(timeout_millis)

    def _clean(self, span: ReadableSpan) -> ReadableSpan:
        from opentelemetry.sdk.trace import Event, ReadableSpan
        from opentelemetry.trace import Status

        return ReadableSpan(
            name=self._text(span.name),
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=self._values(span.attributes),
            events=[Event(self._text(one.name), self._values(one.attributes), one.timestamp) for one in span.events],
            links=span.links,
            kind=span.kind,
            status=Status(span.status.status_code, self._values(span.status.description)),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def _text(self, text: str) -> str:
        return redacted(text, self._hide)

    def _values(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, Mapping):
            return {name: self._values(inner) for name, inner in value.items()}
        return tuple(map(self._values, value)) if isinstance(value, (list, tuple)) else value


def _provider() -> TracerProvider:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    name = os.environ.get("OTEL_SERVICE_NAME") or SERVICE
    # Ended by ``stop``: an exit hook would come after the loop and the log have gone.
    return TracerProvider(resource=Resource.create({"service.name": name}), shutdown_on_exit=False)


def _exporter() -> SpanExporter | None:
    protocol = next(filter(None, (os.environ.get(name) for name in PROTOCOL_VARIABLES)), "grpc")
    way = "http" if protocol.startswith("http") else "grpc"
    try:
        module = importlib.import_module(f"opentelemetry.exporter.otlp.proto.{way}.trace_exporter")
        return cast("SpanExporter", module.OTLPSpanExporter())
    except (ImportError, ValueError) as error:
        log.warning("no traces are sent, the exporter for the protocol %s cannot be used: %s", protocol, error)
        return None
