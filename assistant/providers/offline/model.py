"""The offline model: a pydantic-ai model like any other, answered by rules in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    TextPart,
    ToolCallPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from assistant.providers.passages import CANNOT_ANSWER

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM
    from assistant.providers.offline.routing import RouteClassifier

PROVIDER = "offline"
MODEL_NAME = "quotes"
"""The id of the only offline model."""

Piece = str | ToolCallPart


class OfflineModel(Model):
    """Answers by quoting the passages of the prompt, plans by rules, and costs nothing."""

    def __init__(self, embedder: MiniLM, classifier: RouteClassifier | None = None) -> None:
        super().__init__()
        self._embedder = embedder
        self._classifier = classifier

    @property
    def model_name(self) -> str:
        """The model's id."""
        return MODEL_NAME

    @property
    def system(self) -> str:
        """The provider's id."""
        return PROVIDER

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer at once."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        pieces = list(self._pieces(messages, parameters))
        calls = [piece for piece in pieces if isinstance(piece, ToolCallPart)]
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        parts: list[TextPart | ToolCallPart] = [*([TextPart(text)] if text else []), *calls]
        return ModelResponse(parts=parts, model_name=MODEL_NAME, provider_name=PROVIDER, finish_reason="stop")

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Answer sentence by sentence."""
        del run_context
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        yield OfflineStream(parameters, _pieces=self._pieces(messages, parameters))

    def _pieces(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> Iterator[Piece]:
        del messages, parameters
        yield CANNOT_ANSWER


@dataclass
class OfflineStream(StreamedResponse):
    """Pieces of an answer as pydantic-ai's stream events; there is no connection to close."""

    _pieces: Iterator[Piece]
    _timestamp: datetime = field(default_factory=lambda: datetime.now(UTC))

    async def _get_event_iterator(self) -> AsyncIterator[ModelResponseStreamEvent]:
        for number, piece in enumerate(self._pieces):
            if self.cancelled:
                return
            if isinstance(piece, str):
                for event in self._parts_manager.handle_text_delta(vendor_part_id="answer", content=piece):
                    yield event
            else:
                yield self._parts_manager.handle_tool_call_part(
                    vendor_part_id=number,
                    tool_name=piece.tool_name,
                    args=piece.args_as_dict(),
                    tool_call_id=piece.tool_call_id,
                )
        self.finish_reason = "stop"

    async def close_stream(self) -> None:
        """Nothing is open."""

    @property
    def model_name(self) -> str:
        """The model's id."""
        return MODEL_NAME

    @property
    def provider_name(self) -> str:
        """The provider's id."""
        return PROVIDER

    @property
    def provider_url(self) -> None:
        """There is no address."""
        return

    @property
    def timestamp(self) -> datetime:
        """When the answer began."""
        return self._timestamp
