"""Reasoning between ``<think>`` tags is told apart from the answer, however the stream is cut."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, ModelResponsePart, TextPart, ThinkingPart, ToolCallPart
from pydantic_ai.models import Model
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.tools import Tool

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


class ChatServer(ThreadingHTTPServer):
    """Streams ``chunks`` as deltas of OpenAI's chat wire; ``asked`` are the requests so far."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[list[dict[str, Any]]] = []
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        deltas = self.server.answers.pop(0)
        reason = "tool_calls" if any("tool_calls" in delta for delta in deltas) else "stop"
        for delta in deltas:
            self._send({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        self._send({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}})
        self.wfile.write(b"data: [DONE]\n\n")

    def _send(self, values: dict[str, Any]) -> None:
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", **values}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def local(server: ChatServer) -> Model:
    address = f"http://127.0.0.1:{server.server_port}/v1"
    return ThinkTags(OpenAIChatModel("m", provider=OpenAICompatibleProvider("local", base_url=address, api_key="none")))


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
def test_over_the_wire_reasoning_and_answer_are_told_apart(cut: list[str], ask: Any, server: ChatServer) -> None:
    server.answers = [[{"content": text} for text in cut]]
    (response,) = asyncio.run(ask(local(server)))
    assert told(response.parts) == [("thinking", "27 or 28?"), ("text", "It is 27.")]
    assert (response.usage.output_tokens, response.finish_reason, response.state) == (5, "stop", "complete")


@pytest.mark.parametrize("ask", [_streamed, _asked])
@pytest.mark.parametrize(
    "cut", [["The tag ", "<think>", "is", "</think>", " text."], ["The tag <think>is</think> text."]]
)
def test_over_the_wire_a_tag_in_the_middle_of_an_answer_is_text(cut: list[str], ask: Any, server: ChatServer) -> None:
    server.answers = [[{"content": text} for text in cut]]
    (response,) = asyncio.run(ask(local(server)))
    assert told(response.parts) == [("text", CUT_NOWHERE)]


def test_reasoning_of_its_own_field_and_calls_come_through(server: ChatServer) -> None:
    call = {"index": 0, "id": "1", "type": "function", "function": {"name": "days", "arguments": '{"ye'}}
    rest = {"index": 0, "function": {"arguments": 'ar": 2026}'}}
    server.answers = [
        [
            {"reasoning_content": "Look"},
            {"reasoning_content": " it up."},
            {"tool_calls": [call]},
            {"tool_calls": [rest]},
        ],
        [{"content": "27."}],
    ]

    def days(year: int) -> str:
        """Days of a year."""
        return f"27 in {year}"

    first, second = asyncio.run(_streamed(local(server), Tool(days)))
    assert told(first.parts) == [("thinking", "Look it up.")]
    (called,) = [part for part in first.parts if isinstance(part, ToolCallPart)]
    assert (called.tool_name, called.args_as_dict()) == ("days", {"year": 2026})
    assert told(second.parts) == [("text", "27.")]
    assert "27 in 2026" in json.dumps(server.asked[1]["messages"])


def test_unfinished_reasoning_is_never_an_answer(server: ChatServer) -> None:
    server.answers = [[{"content": "<think>It may be 28"}], [{"content": "27."}]]
    responses = asyncio.run(_streamed(local(server)))
    assert [told(response.parts) for response in responses] == [[("thinking", "It may be 28")], [("text", "27.")]]


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
