"""Builds the pydantic-ai model of a choice; SDKs are imported when their provider is first used."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from assistant.domain import ModelChoice
from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue
from assistant.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.providers.minilm import MiniLM


def build_model(choice: ModelChoice, settings: Settings, embedder: MiniLM) -> Model:
    """Return the model of ``choice``, any id of a known provider; the same one for the same choice.

    Raises ProviderUnavailable naming the variable that is missing.
    """
    row = catalogue.provider(choice.provider)
    if not row.needs:
        return _offline(embedder)
    key = catalogue.key(row, settings)
    if not key:
        raise ProviderUnavailable(f"{row.label} is not set up: set {row.needs[0]}, or pick another model.")
    return BUILDERS[row.id](choice.model or row.models[0].id, key)


@cache
def _offline(embedder: MiniLM) -> Model:
    from assistant.providers.offline.model import OfflineModel

    return OfflineModel(embedder)


@cache
def _openai(model: str, key: str) -> Model:
    """A chat model of OpenAI, or of the server that OPENAI_BASE_URL names."""
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.profiles.openai import OpenAIModelProfile
    from pydantic_ai.providers.openai import OpenAIProvider

    # Without this a stream that a gateway cut in the middle counts as a whole answer.
    profile = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
    return OpenAIChatModel(model, provider=OpenAIProvider(api_key=key), profile=profile)


@cache
def _groq(model: str, key: str) -> Model:
    """A model on Groq, or on the server that GROQ_BASE_URL names."""
    from pydantic_ai.models.groq import GroqModel
    from pydantic_ai.providers.groq import GroqProvider

    return GroqModel(model, provider=GroqProvider(api_key=key))


BUILDERS = {"openai": _openai, "groq": _groq}
"""Clients are kept: a new one for each question would open a new connection, which costs a round trip or two."""
