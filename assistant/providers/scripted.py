"""A model that plays a script: for tests of what is built on models, with the real agent loop in between.

::

    gate = Gate()
    model = ScriptedModel([Reply(["Employees receive 27 days. [1]", gate, " More."])])

Each request plays the next reply; one request too many fails, and ``calls`` keeps what every request was given.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    FinishReason,
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponseStreamEvent,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage


class Gate:
    """A place in a reply where the model waits until the test opens it; works across threads."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._lock = threading.Lock()
        self._opened = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def open(self) -> None:
        """Let the model go on."""
        with self._lock:
            self._opened = True
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)

    async def wait(self) -> None:
        """Tell that the model is here and wait until the gate is open."""
        event = asyncio.Event()
        with self._lock:
            self._waiting.append((asyncio.get_running_loop(), event))
            if self._opened:
                event.set()
        self.reached.set()
        await event.wait()


@dataclass(frozen=True)
class ToolUse:
    """The model calls a tool."""

    name: str
    arguments: Mapping[str, object]


@dataclass(frozen=True)
class Thought:
    """The model reasons before it answers."""

    text: str


@dataclass(frozen=True)
class Structured:
    """The model fills in the structure that was asked for."""

    values: Mapping[str, object]


Piece = str | Thought | Gate | ToolUse | Structured | Exception
"""Text, reasoning, a wait, a call, a structured result, or an error that is raised at this place."""


@dataclass(frozen=True)
class Reply:
    """What one request is answered with."""

    pieces: Sequence[Piece]
    usage: RequestUsage = field(default_factory=lambda: RequestUsage(input_tokens=100, output_tokens=20))
    finish_reason: FinishReason | None = "stop"


@dataclass(frozen=True)
class Call:
    """What one request was given."""

    messages: list[ModelMessage]
    parameters: ModelRequestParameters

    @property
    def prompt(self) -> str:
        """The latest text of the user."""
        requests = [message for message in self.messages if isinstance(message, ModelRequest)]
        parts = [part for request in requests for part in request.parts if isinstance(part, UserPromptPart)]
        return str(parts[-1].content) if parts else ""

    @property
    def instructions(self) -> str:
        """The agent's instructions."""
        return next((m.instructions or "" for m in reversed(self.messages) if isinstance(m, ModelRequest)), "")


class ScriptedModel(Model):
    """Plays replies in order. ``calls`` are the requests so far, ``left`` the replies not played yet."""

    def __init__(self, replies: Sequence[Reply]) -> None:
        super().__init__()
        self._replies = list(replies)
        self.calls: list[Call] = []

    @property
    def left(self) -> int:
        """Replies that were not asked for yet."""
        return len(self._replies)

    @property
    def model_name(self) -> str:
        """The model's id."""
        return "script"

    @property
    def system(self) -> str:
        """The provider's id."""
        return "scripted"

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Play the next reply at once."""
        async with self.request_stream(messages, model_settings, model_request_parameters) as stream:
            async for _ in stream:
                pass
            return stream.get()

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Play the next reply piece by piece."""
        del run_context
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        self.calls.append(Call(list(messages), parameters))
        if not self._replies:
            raise AssertionError(f"request {len(self.calls)} is one more than the script has")
        yield ScriptedStream(parameters, _reply=self._replies.pop(0))


@dataclass
class ScriptedStream(StreamedResponse):
    """A reply as pydantic-ai's stream events."""

    _reply: Reply
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for number, piece in enumerate(self._reply.pieces):
            if isinstance(piece, Exception):
                raise piece
            if isinstance(piece, Gate):
                await piece.wait()
                continue
            for event in self._events(number, piece):
                yield event
        self._usage = self._reply.usage
        self.finish_reason = self._reply.finish_reason

    def _events(self, number: int, piece: str | Thought | ToolUse | Structured) -> list[ModelResponseStreamEvent]:
        if isinstance(piece, str):
            return list(self._parts_manager.handle_text_delta(vendor_part_id="text", content=piece))
        if isinstance(piece, Thought):
            return list(self._parts_manager.handle_thinking_delta(vendor_part_id="thought", content=piece.text))
        if isinstance(piece, Structured):
            name, arguments = self.model_request_parameters.output_tools[0].name, piece.values
        else:
            name, arguments = piece.name, piece.arguments
        part = self._parts_manager.handle_tool_call_part(
            vendor_part_id=number, tool_name=name, args=dict(arguments), tool_call_id=f"call-{number}"
        )
        return [part]

    async def close_stream(self) -> None:
        """Nothing is open."""

    @property
    def model_name(self) -> str:
        """The model's id."""
        return "script"

    @property
    def provider_name(self) -> str:
        """The provider's id."""
        return "scripted"

    @property
    def provider_url(self) -> None:
        """There is no address."""
        return

    @property
    def timestamp(self) -> datetime:
        """When the reply began."""
        return self._timestamp
