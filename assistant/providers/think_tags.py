"""Reasoning that a model writes into its text, as many local ones do, told apart from the answer.

The library knows a tag only when a chunk of the stream is the tag and nothing else; here it may be cut anywhere.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from assistant.providers.rewritten_stream import Piece, RewrittenStream, Said, Thought, begun_tag

OPEN, CLOSE = "<think>", "</think>"


class ThinkTags(WrapperModel):
    """A model whose answers may begin with reasoning between ``<think>`` and ``</think>``."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask for a whole answer; streamed as well, as the library shows unfinished reasoning of an unstreamed one."""
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
        """Ask for an answer in pieces."""
        async with super().request_stream(messages, model_settings, model_request_parameters, run_context) as inner:
            yield RewrittenStream(inner.model_request_parameters, inner, ThinkReader(), (OPEN, CLOSE))


class ThinkReader:
    """Reads reasoning at the start of an answer; a tag that comes later is text like any other.

    Without its end the rest is reasoning: better no answer than reasoning shown as one.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state: Literal["start", "thinking", "answer"] = "start"
        self._thought = False

    def feed(self, text: str) -> Iterator[Piece]:
        """Take the next text; give what is certain by now."""
        self._held += text
        before = None
        while before != self._state:
            before = self._state
            yield from self._step()

    def end(self) -> Iterator[Piece]:
        """Give what was held back; white space around reasoning is no answer."""
        held, self._held = self._held, ""
        if held and not held.isspace():
            yield Thought(held) if self._state == "thinking" else Said(held)

    def _step(self) -> Iterator[Piece]:
        if self._state == "start":
            self._start()
        elif self._state == "thinking":
            yield from self._think()
        elif self._held:
            held, self._held = self._held, ""
            yield Said(held)

    def _start(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPEN):
            self._state, self._held = "thinking", begun.removeprefix(OPEN)
        elif not OPEN.startswith(begun):
            self._state, self._held = "answer", begun

    def _think(self) -> Iterator[Piece]:
        if not self._thought:
            self._held = self._held.lstrip()
        thought, closed, rest = self._held.partition(CLOSE)
        if not closed:
            certain = len(thought) - begun_tag(thought, CLOSE)
            thought, rest = thought[:certain], thought[certain:]
        self._state, self._held = "start" if closed else "thinking", rest
        if thought:
            self._thought = True
            yield Thought(thought)
