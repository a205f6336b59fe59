"""What the composition root wires, seen from outside the process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from assistant import bootstrap, settings
from assistant.domain import OFFLINE, ModelChoice, TurnStatus

SERVICE = "opentelemetry.proto.collector.trace.v1.TraceService"
QUESTION = "Hello there, planted greeting!"
SECONDS = 60.0


class Collector:
    """A collector of traces as OpenTelemetry's own is, on a port of this computer."""

    def __init__(self) -> None:
        self.received: list[ExportTraceServiceRequest] = []
        take = grpc.unary_unary_rpc_method_handler(
            self._take,
            request_deserializer=ExportTraceServiceRequest.FromString,
            response_serializer=ExportTraceServiceResponse.SerializeToString,
        )
        service = grpc.method_handlers_generic_handler(SERVICE, {"Export": take})
        self._server = grpc.server(ThreadPoolExecutor(1), handlers=(service,))
        self.url = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def _take(self, request: ExportTraceServiceRequest, context: object) -> ExportTraceServiceResponse:
        del context
        self.received.append(request)
        return ExportTraceServiceResponse()

    def close(self) -> None:
        """End the server."""
        self._server.stop(None).wait()


@pytest.fixture
def collector() -> Iterator[Collector]:
    running = Collector()
    yield running
    running.close()


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_question_is_traced_to_the_collector_when_the_settings_ask_for_it(
    switch: str, collector: Collector, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
    configured = settings.load(data_dir=data_dir, telemetry=switch)
    with bootstrap.opened(configured, own_index=False) as services:
        running = services.chat.ask(services.people.local(), None, QUESTION, ModelChoice(OFFLINE))
        assert running.result(SECONDS).turn.status is TurnStatus.COMPLETE
    spans = [
        span.name
        for request in collector.received
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert any(name.startswith("invoke_agent") for name in spans) is (switch == "on")
    assert "planted greeting" not in str(collector.received)
