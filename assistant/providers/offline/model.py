"""The offline model: a pydantic-ai model like any other, answered by rules in this process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponseStreamEvent, TextPart, ToolCallPart
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import ToolDefinition

from assistant.domain import OFFLINE, Route
from assistant.providers.offline import talk
from assistant.providers.offline.arithmetic import find_sum, result_sentence
from assistant.providers.offline.asked import CALCULATE, Asked, read_request
from assistant.providers.offline.extract import answer
from assistant.providers.offline.followup import stand_alone
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.passages import CANNOT_ANSWER

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

MODEL_NAME = "quotes"
"""The id of the only offline model."""

Piece = str | ToolCallPart


class OfflineModel(Model):
    """Answers by quoting the passages of the prompt, plans by rules, and costs nothing."""

    def __init__(self, embedder: MiniLM, classifier: RouteClassifier | None = None) -> None:
        super().__init__()
        self._embedder = embedder
        self._classifier = classifier or RouteClassifier(embedder)

    @property
    def model_name(self) -> str:
        """The model's id."""
        return MODEL_NAME

    @property
    def system(self) -> str:
        """The provider's id."""
        return OFFLINE

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Answer at once."""
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        pieces = await anyio.to_thread.run_sync(self._pieces, messages, parameters)
        calls = [piece for piece in pieces if isinstance(piece, ToolCallPart)]
        text = "".join(piece for piece in pieces if isinstance(piece, str))
        parts: list[TextPart | ToolCallPart] = [*([TextPart(text)] if text else []), *calls]
        return ModelResponse(parts=parts, model_name=MODEL_NAME, provider_name=OFFLINE, finish_reason="stop")

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
        pieces = await anyio.to_thread.run_sync(self._pieces, messages, parameters)
        yield OfflineStream(parameters, _pieces=pieces)

    def _pieces(self, messages: list[ModelMessage], parameters: ModelRequestParameters) -> list[Piece]:
        """Decide what to say; blocks for about 30 ms, which is why it runs in a thread."""
        asked = read_request(messages)
        if parameters.output_tools:
            return [self._plan(asked, parameters.output_tools[0])]
        if asked.route is Route.ACTION:
            return [talk.ACTION]
        if asked.route is Route.GENERAL:
            return [talk.general(asked.question)]
        return (
            self._sum(asked, parameters)
            or list(answer(asked.question, asked.passages, self._embedder))
            or [CANNOT_ANSWER]
        )

    def _sum(self, asked: Asked, parameters: ModelRequestParameters) -> list[Piece]:
        """Call the calculator for a sum, or write what it returned; nothing when no sum is asked for."""
        wanted = find_sum(asked.question) if asked.route is Route.FACT_FINDING else None
        tool = next((tool for tool in parameters.function_tools if tool.name == CALCULATE), None)
        if wanted is None or tool is None:
            return []
        if asked.calculated is not None:
            return [result_sentence(wanted.expression, asked.calculated, wanted.unit)]
        return [ToolCallPart(CALCULATE, {_first_property(tool): wanted.expression})]

    def _plan(self, asked: Asked, tool: ToolDefinition) -> ToolCallPart:
        """Fill in the planning tool by the rules."""
        standalone = stand_alone(asked.question, asked.history)
        guess = self._classifier.classify(standalone.question)
        filled = {
            "standalone_question": standalone.question,
            "search_queries": list(dict.fromkeys([standalone.question, asked.question])),
            "route": guess.route.value,
            "confidence": guess.confidence,
            "reason": guess.reason,
        }
        wanted = tool.parameters_json_schema.get("properties", {})
        return ToolCallPart(tool.name, {name: value for name, value in filled.items() if name in wanted})


@dataclass
class OfflineStream(StreamedResponse):
    """Pieces of an answer as pydantic-ai's stream events; there is no connection to close."""

    _pieces: Sequence[Piece]
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
        return OFFLINE

    @property
    def provider_url(self) -> None:
        """There is no address."""
        return

    @property
    def timestamp(self) -> datetime:
        """When the answer began."""
        return self._timestamp


def _first_property(tool: ToolDefinition) -> str:
    return next(iter(tool.parameters_json_schema.get("properties", {})), "expression")
