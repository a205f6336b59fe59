"""Models of Groq through its own SDK."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import httpx
from groq import AsyncGroq, AsyncStream, DefaultAsyncHttpxClient
from groq.types.chat import ChatCompletionChunk
from pydantic_ai.exceptions import ModelRequestRejectedError
from pydantic_ai.messages import ModelResponseStreamEvent
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.groq import GroqModel, GroqStreamedResponse
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.groq import GroqProvider

from assistant.providers import clients
from assistant.providers.clients import CONNECT_SECONDS, READ_SECONDS, Access
from assistant.providers.web_pages import HOOKS


def model(model_id: str, access: Access) -> Model:
    """Return the model."""
    return PlainGroqModel(model_id, provider=GroqProvider(groq_client=clients.client(access, client)))


def profile(kind: str, model_id: str) -> ModelProfile:
    """What pydantic-ai knows of the model."""
    del kind
    return GroqProvider.model_profile(model_id)


def client(access: Access) -> AsyncGroq:
    """Return a client; its SDK would give up after a minute of silence, and retry by itself."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    over = DefaultAsyncHttpxClient(follow_redirects=False, event_hooks=HOOKS, timeout=timeout)
    return AsyncGroq(api_key=access.secret, base_url=access.address, max_retries=0, timeout=timeout, http_client=over)


class PlainGroqModel(GroqModel):
    """Groq's model that does not hide a tool call which Groq refused in mid stream.

    The library would give the refused call to the person as the answer's text, or end the answer without a word.
    """

    async def _process_streamed_response(
        self, response: AsyncStream[ChatCompletionChunk], model_request_parameters: ModelRequestParameters
    ) -> GroqStreamedResponse:
        stream = await super()._process_streamed_response(response, model_request_parameters)
        given = {part.name: getattr(stream, part.name) for part in fields(stream) if part.init}
        return PlainGroqStream(**given)


class PlainGroqStream(GroqStreamedResponse):
    """The stream of such a model."""

    def _map_tool_use_failed(self, failed_generation: Any) -> Iterator[ModelResponseStreamEvent]:
        if not isinstance(failed_generation, str):  # a call with wrong arguments, which the model is told of
            return super()._map_tool_use_failed(failed_generation)
        raise ModelRequestRejectedError(
            self._model_name, "Groq refused a tool call.", provider_error_code="tool_use_failed", in_stream=True
        )
