"""Models of Groq through its own SDK."""

from __future__ import annotations

import httpx
from groq import AsyncGroq
from pydantic_ai.models import Model
from pydantic_ai.models.groq import GroqModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.groq import GroqProvider

from assistant.providers import clients
from assistant.providers.clients import CONNECT_SECONDS, READ_SECONDS, Access


def model(model_id: str, access: Access) -> Model:
    """Return the model."""
    return GroqModel(model_id, provider=GroqProvider(groq_client=clients.client(access, client)))


def profile(kind: str, model_id: str) -> ModelProfile:
    """What pydantic-ai knows of the model."""
    del kind
    return GroqProvider.model_profile(model_id)


def client(access: Access) -> AsyncGroq:
    """Return a client; its SDK would give up after a minute of silence, and retry by itself."""
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    return AsyncGroq(api_key=access.secret, base_url=access.address, max_retries=0, timeout=timeout)
