"""Reasoning between ``<think>`` tags is told apart from the answer, however the stream is cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pydantic_ai import Agent, CancellationToken
from pydantic_ai.exceptions import ModelAPIError, RunCancelled
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.tools import Tool
from wire_behaviours import calls_tool, cut_cleanly, cut_hard, endless, error_inside, says
from wire_server import WireServer

from assistant.providers.prompted_tools import PromptedTools
from assistant.providers.rewritten_stream import Piece, Said, Thought
from assistant.providers.scripted import Reply, ScriptedModel, ToolUse
from assistant.providers.think_tags import ThinkReader, ThinkTags

ANSWERS = {
    "<think>27 or 28?</think>\n\nIt is 27 days. [1]": [Thought("27 or 28?"), Said("It is 27 days. [1]")],
    "\n <think>\n27?\n</think>27": [Thought("27?\n"), Said("27")],
    "<think>\n\n</think>\n\nHello": [Said("Hello")],
    "<think>a</think> \n<think>b</think>c": [Thought("ab"), Said("c")],
    "<think>never closed, 28 days": [Thought("never closed, 28 days")],
    "<think>cut in the tag</thi": [Thought("cut in the tag</thi")],
    "The tag <think>is</think> text here": [Said("The tag <think>is</think> text here")],
    "<think>a < b</b></think>x <think>y": [Thought("a < b</b>"), Said("x <think>y")],
    "<thinking aloud> no": [Said("<thinking aloud> no")],
    "<thi": [Said("<thi")],
    "<": [Said("<")],
    "  ": [],
    "</think>closing only": [Said("</think>closing only")],
}


CUT_NOWHERE = "The tag <think>is</think> text."


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with neighbours of a kind joined."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(piece, Said) and isinstance(last, Said):
            found[-1] = Said(last.text + piece.text)
        elif isinstance(piece, Thought) and isinstance(last, Thought):
            found[-1] = Thought(last.text + piece.text)
        else:
            found.append(piece)
    return found


def read(*chunks: str) -> list[Piece]:
    reader = ThinkReader()
    pieces = [piece for chunk in chunks for piece in reader.feed(chunk)]
    return joined([*pieces, *reader.end()])


@pytest.mark.parametrize(("text", "says"), ANSWERS.items())
def test_every_way_to_cut_a_stream_says_the_same(text: str, says: list[Piece]) -> None:
    assert read(text) == says
    assert read(*text) == says
    for first in range(len(text) + 1):
        for second in range(first, len(text) + 1):
            assert read(text[:first], text[first:second], text[second:]) == says, (first, second)


def test_an_answer_is_shown_as_soon_as_it_is_certain() -> None:
    reader = ThinkReader()
    assert [*reader.feed("<think>27")] == [Thought("27")]
    assert [*reader.feed("</think>It")] == [Said("It")]
    assert [*reader.feed(" is <")] == [Said(" is <")]


def local(wire: WireServer) -> Model:
    provider = OpenAICompatibleProvider("local", base_url=f"{wire.url}/v1", api_key="none")
    whole = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return ThinkTags(OpenAIChatModel("m", provider=provider, profile=whole))


async def _streamed(model: Model, *tools: Tool[None]) -> list[ModelResponse]:
    async with Agent(model, tools=tools).run_stream_events("How many days?") as events:
        async for _ in events:
            pass
        assert events.result is not None
        return [message for message in events.result.all_messages() if isinstance(message, ModelResponse)]


async def _asked(model: Model, *tools: Tool[None]) -> list[ModelResponse]:
    messages = (await Agent(model, tools=tools).run("How many days?")).all_messages()
    return [message for message in messages if isinstance(message, ModelResponse)]


def told(parts: Sequence[ModelResponsePart]) -> list[tuple[str, str]]:
    return [(part.part_kind, part.content) for part in parts if isinstance(part, TextPart | ThinkingPart)]


@pytest.mark.parametrize("ask", [_streamed, _asked])
@pytest.mark.parametrize(
    "cut",
    [
        ["<think>", "27 or ", "28?", "</think>", "\n\n", "It is 27."],
        ["<thi", "nk>27 or 28?</th", "ink>\n\nIt is 27."],
        ["<think>27 or 28?</think>It is 27."],
    ],
)
def test_over_the_wire_reasoning_and_answer_are_told_apart(cut: list[str], ask: Any, wire: WireServer) -> None:
    wire.answers(says(*cut))
    (response,) = asyncio.run(ask(local(wire)))
    assert told(response.parts) == [("thinking", "27 or 28?"), ("text", "It is 27.")]
    assert (response.usage.output_tokens, response.finish_reason, response.state) == (100, "stop", "complete")


@pytest.mark.parametrize("ask", [_streamed, _asked])
@pytest.mark.parametrize(
    "cut", [["The tag ", "<think>", "is", "</think>", " text."], ["The tag <think>is</think> text."]]
)
def test_over_the_wire_a_tag_in_the_middle_of_an_answer_is_text(cut: list[str], ask: Any, wire: WireServer) -> None:
    wire.answers(says(*cut))
    (response,) = asyncio.run(ask(local(wire)))
    assert told(response.parts) == [("text", CUT_NOWHERE)]


def test_reasoning_of_its_own_field_comes_through(wire: WireServer) -> None:
    wire.answers(says("27", " days.", reasoning=["Look", " it up."]))
    (response,) = asyncio.run(_streamed(local(wire)))
    assert told(response.parts) == [("thinking", "Look it up."), ("text", "27 days.")]


def test_a_call_over_the_wire_comes_through(wire: WireServer) -> None:
    def days(year: int) -> str:
        """Days of a year."""
        return f"27 in {year}"

    wire.answers(calls_tool("days", {"year": 2026}, "<think>Look", " it up.</think>"), says("27."))
    first, second = asyncio.run(_streamed(local(wire), Tool(days)))
    (called,) = [part for part in first.parts if isinstance(part, ToolCallPart)]
    assert (called.tool_name, called.args_as_dict()) == ("days", {"year": 2026})
    assert [told(first.parts), told(second.parts)] == [[("thinking", "Look it up.")], [("text", "27.")]]
    assert "27 in 2026" in str(wire.requests[1].body["messages"])


def test_unfinished_reasoning_is_never_an_answer(wire: WireServer) -> None:
    wire.answers(says("<think>It may be 28"), says("27."))
    responses = asyncio.run(_streamed(local(wire)))
    assert [told(response.parts) for response in responses] == [[("thinking", "It may be 28")], [("text", "27.")]]


@pytest.mark.parametrize("fault", [cut_cleanly("<think>a</think>It ", "is"), cut_hard("It is"), error_inside("It is")])
def test_a_fault_on_the_wire_stays_a_fault(fault: Any, wire: WireServer) -> None:
    wire.answers(fault)
    with pytest.raises(ModelAPIError):
        asyncio.run(_streamed(local(wire)))


def test_a_stop_hangs_up_and_keeps_what_came(wire: WireServer) -> None:
    wire.answers(endless)
    response = asyncio.run(_stopped(local(wire)))
    assert wire.wait_for_hang_up() is not None
    assert response.state == "interrupted"
    assert [part.part_kind for part in response.parts] == ["text"]


async def _stopped(model: Model) -> ModelResponse:
    token = CancellationToken()
    with pytest.raises(RunCancelled) as stopped:
        await _until_first_words(model, token)
    response = stopped.value.all_messages()[-1]
    assert isinstance(response, ModelResponse)
    return response


async def _until_first_words(model: Model, token: CancellationToken) -> None:
    async with Agent(model).run_stream_events("Go on", cancellation_token=token) as events:
        async for event in events:
            if isinstance(event, PartDeltaEvent):
                token.cancel()


class Watched:
    """A deadline that sees which events it is asked to watch."""

    def __init__(self) -> None:
        self.seen: list[object] = []

    async def iterate(self, events: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for event in events:
            self.seen.append(event)
            yield event


def test_text_that_is_held_back_counts_as_come_in_time() -> None:
    deadline = Watched()
    block = '<TOOL_CALLS>{"tools": [{"name": "days", "params": {}}]}'
    shown = asyncio.run(_watched(PromptedTools(ThinkTags(ScriptedModel([Reply([*block])]))), deadline))
    assert len(deadline.seen) == len(block)
    assert shown == 1


async def _watched(model: Model, deadline: Any) -> int:
    async with model.request_stream([ModelRequest([UserPromptPart("Go")])], None, ModelRequestParameters()) as stream:
        stream._enforce_request_deadline(deadline)
        return len([event async for event in stream if isinstance(event, PartStartEvent)])


def test_reasoning_in_tags_and_tools_in_words_go_together() -> None:
    block = '<TOOL_CALLS>{"tools": [{"name": "days", "params": {"year": 2026}}]}</TOOL_CALLS>'

    def days(year: int) -> str:
        """Days of a year."""
        return f"27 in {year}"

    text = f"<think>Should I write {block}?</think>{block}"
    model = ScriptedModel([Reply([*text]), Reply(["27."])])
    first, second = asyncio.run(_streamed(PromptedTools(ThinkTags(model)), Tool(days)))
    assert told(first.parts) == [("thinking", f"Should I write {block}?")]
    assert [part.tool_name for part in first.parts if isinstance(part, ToolCallPart)] == ["days"]
    assert told(second.parts) == [("text", "27.")]


def test_a_call_of_the_models_own_passes() -> None:
    def days(year: int) -> str:
        """Days of a year."""
        return f"27 in {year}"

    model = ScriptedModel([Reply(["<think>Look.</think>", ToolUse("days", {"year": 2026})]), Reply(["27."])])
    first, _ = asyncio.run(_streamed(ThinkTags(model), Tool(days)))
    assert [part.part_kind for part in first.parts] == ["thinking", "tool-call"]
