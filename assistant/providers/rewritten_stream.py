"""A model's answer whose text is read on its way: what stands in it as marks becomes reasoning or tool calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from pydantic_ai.messages import (
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
    ToolCallPart,
    ToolCallPartDelta,
)
from pydantic_ai.models import StreamedResponse
from pydantic_ai.usage import RequestUsage

FROM_TAG = "content"
"""The id that the library gives to reasoning which it took out of the text."""


@dataclass(frozen=True, slots=True)
class Said:
    """Text of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    """Text of the reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call. ``arguments`` are not checked against the tool's schema."""

    tool: str
    arguments: dict[str, object]


Piece = Said | Thought | Called


def begun_tag(text: str, tag: str) -> int:
    """How many characters at the end of ``text`` may be the beginning of ``tag``, in capitals or not; not all of it."""
    tail, wanted = text[1 - len(tag) :].lower(), tag.lower()
    return next((length for length in range(len(tail), 0, -1) if tail.endswith(wanted[:length])), 0)


class Reader(Protocol):
    """Reads one answer's text as it comes. How the text is cut into pieces makes no difference to what it says."""

    def feed(self, text: str) -> Iterable[Piece]:
        """Take the next text; give what is certain by now."""

    def end(self) -> Iterable[Piece]:
        """The text ends here, or something else stands between it and what follows; give what was held back."""


@dataclass
class RewrittenStream(StreamedResponse):
    """The events of ``inner`` with its text as ``reader`` reads it.

    Where the library itself took a tag out of the text (it knows one only when it comes alone), ``tags`` are put back,
    so that the reader sees what the model wrote.
    """

    inner: StreamedResponse
    reader: Reader
    tags: tuple[str, str] = ("", "")
    _number: int = field(default=0, init=False)
    _kind: type[Piece] | None = field(default=None, init=False)
    _calls: int = field(default=0, init=False)
    _in_tags: bool = field(default=False, init=False)

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        try:
            async for event in self.inner:
                for made in self._read(event):
                    yield made
            for made in self._shown(self.reader.end()):
                yield made
        finally:
            self._take_over()

    def _read(self, event: ModelResponseStreamEvent) -> Iterator[ModelResponseStreamEvent]:
        if isinstance(event, PartStartEvent):
            yield from self._started(event.index, event.part)
        elif isinstance(event, PartDeltaEvent):
            yield from self._grown(event)

    def _started(self, index: int, part: ModelResponsePart) -> Iterator[ModelResponseStreamEvent]:
        if isinstance(part, TextPart):
            closing, self._in_tags = self.tags[1] if self._in_tags else "", False
            yield from self._shown(self.reader.feed(closing + part.content))
        elif isinstance(part, ThinkingPart) and part.id == FROM_TAG and self.tags[0]:
            self._in_tags = True
            yield from self._shown(self.reader.feed(self.tags[0] + part.content))
        else:
            yield from self._shown(self.reader.end())
            self._kind = None
            yield self._parts_manager.handle_part(vendor_part_id=("inner", index), part=replace(part))

    def _grown(self, event: PartDeltaEvent) -> Iterator[ModelResponseStreamEvent]:
        delta, part = event.delta, ("inner", event.index)
        if isinstance(delta, TextPartDelta):
            yield from self._shown(self.reader.feed(delta.content_delta))
        elif isinstance(delta, ThinkingPartDelta) and self._in_tags:
            yield from self._shown(self.reader.feed(delta.content_delta or ""))
        elif isinstance(delta, ThinkingPartDelta):
            yield from self._parts_manager.handle_thinking_delta(
                vendor_part_id=part,
                content=delta.content_delta,
                signature=delta.signature_delta,
                provider_name=delta.provider_name,
                provider_details=delta.provider_details,
            )
        elif isinstance(delta, ToolCallPartDelta):
            yield from self._parts_manager.handle_tool_call_delta_events(
                vendor_part_id=part,
                tool_name=delta.tool_name_delta,
                args=delta.args_delta,
                tool_call_id=delta.tool_call_id,
                provider_name=delta.provider_name,
                provider_details=delta.provider_details,
            )

    def _shown(self, pieces: Iterable[Piece]) -> Iterator[ModelResponseStreamEvent]:
        for piece in pieces:
            if self._kind is not type(piece) or isinstance(piece, Called):
                self._kind, self._number = type(piece), self._number + 1
            if isinstance(piece, Said):
                yield from self._parts_manager.handle_text_delta(vendor_part_id=self._number, content=piece.text)
            elif isinstance(piece, Thought):
                yield from self._parts_manager.handle_thinking_delta(vendor_part_id=self._number, content=piece.text)
            else:
                self._calls += 1
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=self._number, tool_name=piece.tool, args=piece.arguments
                )

    def _take_over(self) -> None:
        """What the provider said of the answer as a whole."""
        self.provider_response_id = self.inner.provider_response_id
        self.provider_details = self.inner.provider_details
        self.canonical_system = self.inner.canonical_system
        self.state = self.inner.state
        self.metadata = self.inner.metadata
        said = self.inner.finish_reason
        self.finish_reason = "tool_call" if self._calls and said == "stop" else said

    def _enforce_request_deadline(self, deadline: Any) -> None:
        """Let the deadline for the first event look at what comes in: what is held back here came in time too."""
        self.inner._enforce_request_deadline(deadline)

    def get(self) -> ModelResponse:
        """The answer so far."""
        self._take_over()
        return super().get()

    async def close_stream(self) -> None:
        """Hang up."""
        await self.inner.cancel()

    def get_stream_cancel_errors(self) -> tuple[type[BaseException], ...]:
        """The errors that hanging up causes."""
        return self.inner.get_stream_cancel_errors()

    @property
    def usage(self) -> RequestUsage:
        """What the provider counted so far."""
        return self.inner.usage

    @property
    def model_name(self) -> str:
        """The model's id."""
        return self.inner.model_name

    @property
    def provider_name(self) -> str | None:
        """The provider's id."""
        return self.inner.provider_name

    @property
    def provider_url(self) -> str | None:
        """The provider's address."""
        return self.inner.provider_url

    @property
    def timestamp(self) -> datetime:
        """When the answer began."""
        return self.inner.timestamp


def rewritten(parts: Iterable[ModelResponsePart], reader: Reader) -> list[ModelResponsePart]:
    """Return the parts of a whole answer with its text as ``reader`` reads it."""
    made: list[ModelResponsePart] = []
    for part in parts:
        if isinstance(part, TextPart):
            _join(made, reader.feed(part.content))
        else:
            _join(made, reader.end())
            made.append(part)
    _join(made, reader.end())
    return made


def _join(made: list[ModelResponsePart], pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        last = made[-1] if made else None
        if isinstance(piece, Said) and isinstance(last, TextPart):
            made[-1] = replace(last, content=last.content + piece.text)
        else:
            made.append(_part(piece))


def _part(piece: Piece) -> ModelResponsePart:
    if isinstance(piece, Called):
        return ToolCallPart(piece.tool, piece.arguments)
    return TextPart(piece.text) if isinstance(piece, Said) else ThinkingPart(piece.text)
