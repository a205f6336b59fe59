"""Models outside the house read bullets in place of secrets, wherever in a request these stand."""

from __future__ import annotations

import asyncio

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserPromptPart,
)

from assistant.domain import ModelChoice
from assistant.providers.blanking import Blanking, for_outside, keeping_secrets
from assistant.providers.scripted import Reply, ScriptedModel, ToolUse
from assistant.settings import Settings, load

KEY = "gsk_aB3dE5gH7jK9mN1pQ2sT4vW6xY8z"
CLOUD, OWN = ModelChoice("openai"), ModelChoice("ollama")


@pytest.fixture
def settings() -> Settings:
    return load(_env_file=None, OPENAI_API_KEY="sk-0123456789abcdef")


def wanted() -> bool:
    return True


def look_up(words: str) -> dict[str, list[str]]:
    """Look words up."""
    return {words: [f"password: {KEY}"]}


def test_no_secret_of_question_history_or_tool_is_sent(settings: Settings) -> None:
    script = ScriptedModel([Reply([ToolUse("look_up", {"words": "door"})]), Reply(["It is open."])])
    agent = Agent(for_outside(script, CLOUD, settings, wanted), tools=[look_up])
    said: list[ModelMessage] = [
        ModelRequest([UserPromptPart(f"My key is {KEY}")]),
        ModelResponse([TextPart(f"So it is {KEY}")]),
    ]
    result = asyncio.run(agent.run(f"The key is {KEY}. Why?", message_history=said))
    assert result.output == "It is open."
    sent = b"".join(ModelMessagesTypeAdapter.dump_json(call.messages) for call in script.calls).decode()
    assert KEY not in sent
    assert "The key is " + "•" * len(KEY) + ". Why?" in sent
    assert sent.count("•" * len(KEY)) >= 4


def test_a_stream_is_blanked_too(settings: Settings) -> None:
    script = ScriptedModel([Reply(["Yes."])])

    async def ask() -> None:
        async with Agent(for_outside(script, CLOUD, settings, wanted)).run_stream(f"Is it {KEY}?") as stream:
            assert await stream.get_output() == "Yes."

    asyncio.run(ask())
    assert KEY not in script.calls[0].prompt


def test_models_of_the_house_and_the_offline_one_read_everything(settings: Settings) -> None:
    script = ScriptedModel([])
    for choice in (OWN, ModelChoice("offline")):
        assert for_outside(script, choice, settings, wanted) is script


def test_a_server_that_only_calls_itself_local_is_outside() -> None:
    elsewhere = load(_env_file=None, OLLAMA_BASE_URL="https://ollama.north.example")
    assert isinstance(for_outside(ScriptedModel([]), OWN, elsewhere, wanted), Blanking)


def test_what_is_wanted_is_asked_each_time(settings: Settings) -> None:
    answers = [True, False]
    build = keeping_secrets(lambda *_, **__: ScriptedModel([]), lambda: answers.pop(0))
    assert isinstance(build(CLOUD, settings, None), Blanking)
    assert not isinstance(build(CLOUD, settings, None), Blanking)
