"""What each provider's real SDK sends: the path, the key, and a person's parameters by the provider's own names."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic_ai.direct import model_request
from pydantic_ai.messages import ModelRequest, TextPart
from wire_behaviours import says
from wire_server import Exchange, Received, WireServer

from assistant.domain import ModelChoice, Parameters
from assistant.providers import clients
from assistant.providers.builders import build_model, settings_for
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings, load

ALL = Parameters(effort="low", temperature=0.3, top_p=0.9, max_tokens=2000)
REPLY = "Hello from the wire."
COUNTED = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
CHAT = {
    "id": "c1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "provider": "as OpenRouter adds it",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": REPLY}}],
    "usage": COUNTED,
}
RESPONSES = {
    "id": "r1",
    "object": "response",
    "created_at": 1,
    "model": "m",
    "status": "completed",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "output": [
        {
            "id": "m1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": REPLY, "annotations": []}],
        }
    ],
}
MESSAGES = {
    "id": "m1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": REPLY}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 3, "output_tokens": 2},
}
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": REPLY}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5},
    "metrics": {"latencyMs": 1},
}
WIRES: dict[str, Mapping[str, Any]] = {
    "/responses": RESPONSES,
    "/messages?beta=true": MESSAGES,
    "/messages": MESSAGES,
    "/converse": CONVERSE,
    "/chat/completions": CHAT,
}


@dataclass(frozen=True)
class Sent:
    """What a provider's request must hold."""

    model: str
    variables: Mapping[str, str]
    path: str
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    never: frozenset[str] = field(default=frozenset({"temperature", "top_p"}))


SENT = {
    "openai": Sent(
        "gpt-6-luna",
        {"OPENAI_API_KEY": "sk-0123456789", "OPENAI_BASE_URL": "{url}/v1"},
        "/v1/chat/completions",
        {"authorization": "Bearer sk-0123456789"},
        {"reasoning_effort": "low", "max_completion_tokens": 2000},
    ),
    "openai-responses": Sent(
        "gpt-6-luna",
        {"OPENAI_API_KEY": "sk-0123456789", "OPENAI_BASE_URL": "{url}/v1"},
        "/v1/responses",
        {"authorization": "Bearer sk-0123456789"},
        {"max_output_tokens": 2000, "store": False},
    ),
    "groq": Sent(
        "openai/gpt-oss-120b",
        {"GROQ_API_KEY": "gsk_0123456789", "GROQ_BASE_URL": "{url}"},
        "/openai/v1/chat/completions",
        {"authorization": "Bearer gsk_0123456789"},
        {"reasoning_effort": "low", "max_tokens": 2000, "temperature": 0.3, "top_p": 0.9},
        frozenset(),
    ),
    "anthropic": Sent(
        "claude-haiku-5-5",
        {"ANTHROPIC_API_KEY": "sk-ant-0123456789", "ANTHROPIC_BASE_URL": "{url}"},
        "/v1/messages",
        {"authorization": "Bearer sk-ant-0123456789"},
        {"max_tokens": 2000},
    ),
    "aws-claude": Sent(
        "global.anthropic.claude-haiku-5-5",
        {
            "AWS_ACCESS_KEY_ID": "AKIA0123456789",
            "AWS_SECRET_ACCESS_KEY": "secret-0123456789",
            "AWS_SESSION_TOKEN": "session-0123456789",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "{url}",
        },
        "/model/global.anthropic.claude-haiku-5-5/converse",
        {"x-amz-security-token": "session-0123456789"},
        {"inferenceConfig": {"maxTokens": 2000}},
    ),
    "openrouter": Sent(
        "anthropic/claude-sonnet-5.5",
        {"OPENROUTER_API_KEY": "sk-or-0123456789", "OPENROUTER_BASE_URL": "{url}/api/v1"},
        "/api/v1/chat/completions",
        {"authorization": "Bearer sk-or-0123456789"},
        {"reasoning": {"effort": "low", "enabled": True}, "max_tokens": 2000},
    ),
    "portkey": Sent(
        "@openai-prod/gpt-6-luna",
        {"PORTKEY_API_KEY": "pk-0123456789", "PORTKEY_BASE_URL": "{url}/v1", "PORTKEY_CONFIG": "pc-staff"},
        "/v1/chat/completions",
        {"x-portkey-api-key": "pk-0123456789", "x-portkey-config": "pc-staff", "authorization": "Bearer none"},
        {"model": "@openai-prod/gpt-6-luna", "reasoning_effort": "low", "max_completion_tokens": 2000},
    ),
    "ollama": Sent(
        "gpt-oss:20b",
        {"OLLAMA_BASE_URL": "{url}"},
        "/v1/chat/completions",
        {"authorization": "Bearer none"},
        {"reasoning_effort": "low", "max_tokens": 2000, "temperature": 0.3, "top_p": 0.9},
        frozenset({"max_completion_tokens"}),
    ),
    "local": Sent(
        "qwen3-8b",
        {"LOCAL_BASE_URL": "{url}/v1", "LOCAL_API_KEY": "any"},
        "/v1/chat/completions",
        {"authorization": "Bearer any"},
        {"max_tokens": 2000, "temperature": 0.3, "top_p": 0.9},
        frozenset({"max_completion_tokens", "reasoning_effort"}),
    ),
}


def whole(exchange: Exchange) -> None:
    """Answer a request on whichever wire it came."""
    if exchange.streamed:
        return says(REPLY)(exchange)
    reply = next(reply for end, reply in WIRES.items() if exchange.received.path.endswith(end))
    return exchange.document(200, json.dumps(reply))


@pytest.fixture
def server() -> Iterator[WireServer]:
    with closing(WireServer()) as running:
        running.answers(whole)
        yield running


@pytest.fixture(autouse=True)
def _no_amazon_files(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


def settings(server: WireServer, variables: Mapping[str, str]) -> Settings:
    filled = {name: value.format(url=server.url) for name, value in variables.items()}
    return load(_env_file=None, **filled)


def request(choice: ModelChoice, configured: Settings, server: WireServer, embedder: MiniLM) -> Received:
    """Ask once through the provider's SDK; return what came over the wire."""

    async def ask() -> None:
        model = build_model(choice, configured, embedder)
        try:
            asked = [ModelRequest.user_text_prompt("Hello?")]
            response = await model_request(model, asked, model_settings=settings_for(choice, configured))
        finally:
            await clients.close_clients()
        assert [part.content for part in response.parts if isinstance(part, TextPart)] == [REPLY]

    asyncio.run(ask())
    return server.requests[-1]


def headers(received: Received) -> dict[str, str]:
    return {name.lower(): value for name, value in received.headers.items()}


@pytest.mark.parametrize("provider", SENT)
def test_a_request_has_the_providers_path_key_and_parameters(
    provider: str, server: WireServer, embedder: MiniLM
) -> None:
    sent = SENT[provider]
    choice = ModelChoice(provider, sent.model, ALL)
    received = request(choice, settings(server, sent.variables), server, embedder)
    assert received.path.partition("?")[0] == sent.path
    assert dict(headers(received), **sent.headers) == headers(received)
    assert dict(received.body, **sent.body) == received.body
    assert sent.never.isdisjoint(received.body)


def test_openai_responses_carries_the_effort(server: WireServer, embedder: MiniLM) -> None:
    sent = SENT["openai-responses"]
    choice = ModelChoice("openai-responses", sent.model, ALL)
    assert request(choice, settings(server, sent.variables), server, embedder).body["reasoning"]["effort"] == "low"


def test_claude_is_asked_to_think(server: WireServer, embedder: MiniLM) -> None:
    sent = SENT["anthropic"]
    received = request(ModelChoice("anthropic", sent.model, ALL), settings(server, sent.variables), server, embedder)
    assert received.body["thinking"]["type"] in ("adaptive", "enabled")
    assert received.body["output_config"]["effort"] == "low"


def test_bedrock_is_asked_with_a_signed_request_in_the_given_region(server: WireServer, embedder: MiniLM) -> None:
    variables = {**SENT["aws-claude"].variables, "AWS_REGION": "eu-central-1"}
    choice = ModelChoice("aws-claude", "eu.anthropic.claude-haiku-4-5-20251001-v1:0", ALL)
    received = request(choice, settings(server, variables), server, embedder)
    assert "Credential=AKIA0123456789/" in headers(received)["authorization"]
    assert "/eu-central-1/bedrock/aws4_request" in headers(received)["authorization"]
    assert "secret-0123456789" not in json.dumps(dict(received.headers))


def test_what_the_sdk_has_for_openai_goes_to_nobody_else(
    server: WireServer, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-secret")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-secret")
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "admin-secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Corporate: corporate-secret\nAuthorization: Bearer other-secret")
    for provider in ("openrouter", "portkey", "ollama", "local"):
        sent = SENT[provider]
        choice = ModelChoice(provider, sent.model)
        received = request(choice, settings(server, sent.variables), server, embedder)
        assert "secret" not in json.dumps(dict(received.headers)), provider
        assert "sk-0123456789" not in json.dumps(dict(received.headers)), provider
    received = request(ModelChoice("openai"), settings(server, SENT["openai"].variables), server, embedder)
    assert headers(received)["openai-organization"] == "org-secret"


def test_keys_in_a_file_are_used_though_the_sdks_never_read_it(
    server: WireServer, embedder: MiniLM, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    monkeypatch.delenv("GROQ_BASE_URL", raising=False)
    (tmp_path / ".env").write_text(f"GROQ_API_KEY=gsk_from_the_file\nGROQ_BASE_URL={server.url}\n")
    configured = load(_env_file=tmp_path / ".env")
    received = request(ModelChoice("groq"), configured, server, embedder)
    assert headers(received)["authorization"] == "Bearer gsk_from_the_file"


def test_a_refused_request_is_sent_once(server: WireServer, embedder: MiniLM) -> None:
    server.answers(lambda exchange: exchange.document(429, "{}"))
    for provider, sent in SENT.items():
        before = len(server.requests)
        with pytest.raises(Exception, match="429"):
            request(ModelChoice(provider, sent.model), settings(server, sent.variables), server, embedder)
        assert len(server.requests) == before + 1, provider
