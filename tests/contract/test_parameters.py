"""What a person sets stands on the wire of every provider, under the name that this wire has for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from chatting import Chatting
from contract.adapters import ADAPTERS, Adapter
from wire_behaviours import refuses
from wire_server import WireServer

from assistant.domain import Parameters, TurnStatus

LEAVE = "How many days of annual leave do full-time employees receive?"
SAMPLING = {
    "openai": "gpt-4o-mini",
    "openai-responses": "gpt-4o-mini",
    "anthropic": "claude-haiku-4-5",
    "openrouter": "openai/gpt-4o-mini",
    "aws-claude": "us.anthropic.claude-haiku-4-5-20251001-v1:0",
}
"""Models that take a temperature, where the usual one does not."""
PATHS: dict[str, dict[str, tuple[str, ...]]] = {
    "openai": {"effort": ("reasoning_effort",), "max_tokens": ("max_completion_tokens",)},
    "openai-responses": {"effort": ("reasoning", "effort"), "max_tokens": ("max_output_tokens",)},
    "groq": {"effort": ("reasoning_effort",), "max_tokens": ("max_completion_tokens",)},
    "anthropic": {"effort": ("output_config", "effort"), "max_tokens": ("max_tokens",)},
    "openrouter": {"effort": ("reasoning", "effort"), "max_tokens": ("max_tokens",)},
    "portkey": {"max_tokens": ("max_tokens",)},
    "ollama": {"max_tokens": ("max_tokens",)},
    "local": {"max_tokens": ("max_tokens",)},
    "aws-claude": {
        "effort": ("additionalModelRequestFields", "output_config", "effort"),
        "max_tokens": ("inferenceConfig", "maxTokens"),
        "temperature": ("inferenceConfig", "temperature"),
        "top_p": ("inferenceConfig", "topP"),
    },
}
"""Where a parameter stands in the body of a request; by its own name where nothing is said."""
THINKING = [one for one in ADAPTERS if "effort" in PATHS[one.provider]]


def test_temperature_and_length_are_on_the_wire(with_wire: Chatting, adapter: Adapter, wire: WireServer) -> None:
    body = sent(with_wire, sampling(adapter), wire, Parameters(temperature=0.25, max_tokens=777))
    assert at(body, adapter, "temperature") == 0.25
    assert 777 in (at(body, adapter, "max_tokens"), body.get("max_tokens"), body.get("max_completion_tokens"))


def test_top_p_is_on_the_wire(with_wire: Chatting, adapter: Adapter, wire: WireServer) -> None:
    assert at(sent(with_wire, sampling(adapter), wire, Parameters(top_p=0.5)), adapter, "top_p") == 0.5


@pytest.mark.parametrize("adapter", THINKING, ids=lambda adapter: adapter.provider)
@pytest.mark.parametrize("effort", ["low", "medium", "high"])
def test_effort_is_on_the_wire(with_wire: Chatting, adapter: Adapter, wire: WireServer, effort: str) -> None:
    body = sent(with_wire, adapter, wire, Parameters(effort=effort))  # type: ignore[arg-type]
    assert at(body, adapter, "effort") == effort


def test_what_nobody_set_is_left_to_the_model(with_wire: Chatting, adapter: Adapter, wire: WireServer) -> None:
    body = sent(with_wire, adapter, wire, Parameters())
    assert [at(body, adapter, name) for name in ("temperature", "top_p")] == [None, None]


def sampling(adapter: Adapter) -> Adapter:
    """The adapter with a model that takes a temperature."""
    return replace(adapter, model=SAMPLING.get(adapter.provider, adapter.model))


def sent(chatting: Chatting, adapter: Adapter, wire: WireServer, parameters: Parameters) -> Mapping[str, Any]:
    """The body of the one request that a question with these parameters sends."""
    wire.answers(refuses(404, "model_not_found"))
    turn = chatting.ask(LEAVE, choice=replace(adapter.choice, parameters=parameters))
    assert turn.status is TurnStatus.FAILED
    return wire.requests[0].body


def at(body: Mapping[str, Any], adapter: Adapter, parameter: str) -> object:
    """The parameter's value in a body, None where it is not."""
    value: Any = body
    for name in PATHS[adapter.provider].get(parameter, (parameter,)):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
