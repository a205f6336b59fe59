"""Traces tell which model answered and what it used, and not what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic_ai import Agent
from wire_behaviours import calls_tool, says
from wire_server import WireServer

from assistant.domain import ModelChoice
from assistant.providers import clients, telemetry
from assistant.providers.builders import build_model
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings, load

QUESTION = "What does the planted question ask?"
ANSWER = "The planted answer."
LOOKED_UP = "planted passage"


def settings(url: str, **values: str) -> Settings:
    return load(_env_file=None, GROQ_API_KEY="gsk_0123456789", GROQ_BASE_URL=url, **values)


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as running:
        running.answers(calls_tool("look_up", {"words": "planted argument"}), says(ANSWER))
        yield running


async def ask(configured: Settings, embedder: MiniLM) -> list[ReadableSpan]:
    def look_up(words: str) -> str:
        """Look words up."""
        return f"{LOOKED_UP} for {words}"

    exporter = InMemorySpanExporter()
    running = telemetry.start(configured, exporter)
    model = build_model(ModelChoice("groq"), configured, embedder)
    try:
        async with Agent(model, tools=[look_up], name="knowledge").run_stream_events(QUESTION) as events:
            async for _ in events:
                pass
    finally:
        await clients.close_clients()
        if running:
            running.stop()
    return list(exporter.get_finished_spans())


def written(spans: list[ReadableSpan]) -> str:
    return "\n".join(span.to_json() for span in spans)


def test_spans_follow_the_genai_convention_and_hold_no_text(server: WireServer, embedder: MiniLM) -> None:
    spans = asyncio.run(ask(settings(server.url, telemetry="on"), embedder))
    operations = {dict(span.attributes or {}).get("gen_ai.operation.name") for span in spans}
    assert operations == {"invoke_agent", "chat", "execute_tool"}
    chat = next(dict(span.attributes or {}) for span in spans if span.name.startswith("chat "))
    assert chat["gen_ai.request.model"] == "openai/gpt-oss-20b"
    assert chat["gen_ai.provider.name"] == "groq"
    assert (chat["gen_ai.usage.input_tokens"], chat["gen_ai.usage.output_tokens"]) == (1000, 100)
    assert "planted" not in written(spans)
    assert "gsk_0123456789" not in written(spans)


def test_text_is_in_the_spans_when_asked_for(server: WireServer, embedder: MiniLM) -> None:
    configured = settings(server.url, telemetry="on", telemetry_content="on")
    text = written(asyncio.run(ask(configured, embedder)))
    assert all(words in text for words in (QUESTION, ANSWER, LOOKED_UP))


def test_no_span_holds_a_secret_also_with_the_texts(server: WireServer, embedder: MiniLM) -> None:
    key = "gsk_aB3dE5gH7jK9mN1pQ2sT4vW6xY8z"
    server.answers(calls_tool("look_up", {"words": f"planted {key}"}), says(f"It is {key}, or gsk_0123456789."))
    configured = settings(server.url, telemetry="on", telemetry_content="on")
    spans = written(asyncio.run(ask(configured, embedder)))
    assert "planted [hidden]" in spans
    assert key not in spans
    assert "gsk_0123456789" not in spans


def test_by_default_there_are_no_spans(server: WireServer, embedder: MiniLM) -> None:
    assert asyncio.run(ask(settings(server.url), embedder)) == []


def test_after_the_end_there_are_no_more_spans(server: WireServer, embedder: MiniLM) -> None:
    exporter = InMemorySpanExporter()
    running = telemetry.start(settings(server.url, telemetry="on"), exporter)
    assert running is not None
    running.stop()
    assert asyncio.run(ask(settings(server.url), embedder)) == []
    assert exporter.get_finished_spans() == ()


def test_the_usual_exporter_is_there_without_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    running = telemetry.start(settings("http://127.0.0.1:9", telemetry="on"))
    assert running is not None
    running.stop()


def test_a_protocol_without_its_exporter_is_told_and_the_app_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")
    assert telemetry.start(settings("http://127.0.0.1:9", telemetry="on")) is None
    assert "http/protobuf" in caplog.text
