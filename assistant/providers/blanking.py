"""A model outside the house that is not given the passwords and keys of documents: they are bullets in what it reads.

Everything that the model is given passes here: passages, tools' results, what was said before, the question. A bullet
stands for each sign, so that all else keeps its place; an answer can quote no secret, since the model never saw one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    RetryPromptPart,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from assistant.providers import catalogue, keys
from assistant.redaction import blanked

if TYPE_CHECKING:
    from assistant.domain import ModelChoice
    from assistant.settings import Settings

TEXTS_KEPT = 256
"""Texts whose blanked form is kept: the steps of a turn give the model the same ones again and again."""


def keeping_secrets(build: Callable[..., Model], wanted: Callable[[], bool]) -> Callable[..., Model]:
    """Return a builder of the same models; those outside the house read no secrets while ``wanted`` says so."""

    def built(choice: ModelChoice, settings: Settings, *others: Any, **options: Any) -> Model:
        return for_outside(build(choice, settings, *others, **options), choice, settings, wanted)

    return built


def for_outside(model: Model, choice: ModelChoice, settings: Settings, wanted: Callable[[], bool]) -> Model:
    """Return the model itself where what it reads stays in the house or blanks are not wanted, else a blanked one."""
    row = next((row for row in catalogue.rows() if row.id == choice.provider), None)
    if row is None or row.kind == "offline" or keys.is_private(row, settings) or not wanted():
        return model
    return Blanking(model)


class Blanking(WrapperModel):
    """A model that reads bullets in place of secrets."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask for a whole answer."""
        return await super().request(_blanked(messages), model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        """Ask for an answer in pieces."""
        asked = _blanked(messages), model_settings, model_request_parameters, run_context
        async with super().request_stream(*asked) as inner:
            yield inner


def _blanked(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    return [
        replace(message, parts=[_asked(part) for part in message.parts])
        if isinstance(message, ModelRequest)
        else replace(message, parts=[_answered(part) for part in message.parts])
        for message in messages
    ]


def _asked(part: ModelRequestPart) -> ModelRequestPart:
    if isinstance(part, UserPromptPart | ToolReturnPart | RetryPromptPart):
        return replace(part, content=_values(part.content))
    return part


def _answered(part: ModelResponsePart) -> ModelResponsePart:
    return replace(part, content=_text(part.content)) if isinstance(part, TextPart) else part


def _values(value: Any) -> Any:
    """A value as it was, with each text in it blanked."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {name: _values(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(map(_values, value))
    return value


@lru_cache(maxsize=TEXTS_KEPT)
def _text(text: str) -> str:
    return blanked(text)
