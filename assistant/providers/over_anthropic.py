"""Claude from Anthropic through its own SDK, which is an extra of the installation."""

from __future__ import annotations

from anthropic import AsyncAnthropic, DefaultAsyncHttpxClient
from pydantic_ai.models import Model
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.providers.anthropic import AnthropicProvider

from assistant.providers import clients
from assistant.providers.clients import Access
from assistant.providers.web_pages import HOOKS


def model(model_id: str, access: Access) -> Model:
    """Return the model."""
    return AnthropicModel(model_id, provider=AnthropicProvider(anthropic_client=clients.client(access, client)))


def profile(kind: str, model_id: str) -> ModelProfile:
    """What pydantic-ai knows of the model."""
    del kind
    return AnthropicProvider.model_profile(model_id) or ModelProfile()


def client(access: Access) -> AsyncAnthropic:
    """Return a client. Waits between tries are the turn's own, shown and bounded."""
    over = DefaultAsyncHttpxClient(follow_redirects=False, event_hooks=HOOKS)
    return AsyncAnthropic(api_key=access.secret, base_url=access.address, max_retries=0, http_client=over)
