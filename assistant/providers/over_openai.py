"""Models through the openai SDK: OpenAI's two interfaces, gateways, and every server that speaks the first one."""

from __future__ import annotations

from collections.abc import Callable

from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic_ai.models import Model
from pydantic_ai.models.ollama import OllamaModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.models.openrouter import OpenRouterModel
from pydantic_ai.profiles import ModelProfile, merge_profile
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.ollama import OllamaProvider
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.providers.openrouter import OpenRouterProvider

from assistant.errors import ProviderUnavailable
from assistant.providers import clients
from assistant.providers.clients import Access
from assistant.providers.openai_headers import NO_KEY, for_another
from assistant.providers.web_pages import HOOKS

WHOLE = OpenAIModelProfile(openai_chat_streaming_requires_finish_reason=True)
"""Without this a stream that a gateway cut in the middle counts as a whole answer."""
NOT_KEPT = OpenAIResponsesModelSettings(openai_store=False)
"""By default OpenAI keeps questions and answers of this interface for 30 days; the conversation is kept here."""
OLDER = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
"""Servers of open models know the output limit by its older name, ``max_tokens``."""
GPT_OSS = ModelProfile(supports_thinking=True, thinking_always_enabled=True)
"""gpt-oss takes an effort on every server that runs it; pydantic-ai sends one only where it knows the server."""
VENDORS = frozenset(
    {"anthropic", "bedrock", "cohere", "deepseek", "google", "groq", "meta", "mistral", "openai", "qwen", "xai"}
)
"""First words of a gateway's provider names that say whose models these are."""


def model(model_id: str, access: Access) -> Model:
    """Return the model; raises ProviderUnavailable when the id cannot be one of this provider."""
    return MODELS[access.kind](model_id, clients.client(access, client))


def profile(kind: str, model_id: str) -> ModelProfile:
    """What pydantic-ai knows of the model, with what this file adds."""
    known = KNOWN[kind](model_id) if kind != "openrouter" or "/" in model_id else None
    return merge_profile(known, _added(kind, model_id))


def client(access: Access) -> AsyncOpenAI:
    """Return a client for one address and key. Waits between tries are the turn's own, shown and bounded."""
    openai = access.kind in ("openai", "openai-responses")
    return AsyncOpenAI(
        base_url=access.address,
        api_key=NO_KEY if access.kind == "portkey" else access.secret or NO_KEY,
        max_retries=0,
        http_client=DefaultAsyncHttpxClient(follow_redirects=False, event_hooks=HOOKS),
        default_headers=None if openai else _headers(access),
    )


def _headers(access: Access) -> dict[str, str]:
    if access.kind != "portkey":
        return for_another(access.secret)
    # Authorization would be the key of the provider behind the gateway, which the gateway itself has.
    headers = {**for_another(None), "x-portkey-api-key": access.secret or ""}
    config = access.option("config")
    return {**headers, "x-portkey-config": config} if config else headers


def _chat(model_id: str, client: AsyncOpenAI) -> Model:
    return OpenAIChatModel(model_id, provider=OpenAIProvider(openai_client=client), profile=_added("openai", model_id))


def _responses(model_id: str, client: AsyncOpenAI) -> Model:
    return OpenAIResponsesModel(model_id, provider=OpenAIProvider(openai_client=client), settings=NOT_KEPT)


def _openrouter(model_id: str, client: AsyncOpenAI) -> Model:
    if "/" not in model_id:
        raise ProviderUnavailable(
            f"OpenRouter's model ids look like vendor/model; {model_id!r} does not. Pick another."
        )
    provider = OpenRouterProvider(openai_client=client)
    return OpenRouterModel(model_id, provider=provider, profile=_added("openrouter", model_id))


def _portkey(model_id: str, client: AsyncOpenAI) -> Model:
    provider = OpenAICompatibleProvider("portkey", openai_client=client, profile=_behind_portkey)
    return OpenAIChatModel(model_id, provider=provider, profile=_added("portkey", model_id))


def _ollama(model_id: str, client: AsyncOpenAI) -> Model:
    return OllamaModel(model_id, provider=OllamaProvider(openai_client=client), profile=_added("ollama", model_id))


def _compatible(model_id: str, client: AsyncOpenAI) -> Model:
    provider = OpenAICompatibleProvider("local", openai_client=client)
    return OpenAIChatModel(model_id, provider=provider, profile=_added("compatible", model_id))


def _behind_portkey(model_id: str) -> ModelProfile | None:
    """The profile of ``@provider/model``; a provider's name there is the company's own, such as ``@openai-prod``."""
    slug, _, own_id = model_id.removeprefix("@").partition("/")
    vendor = slug.lower().partition("-")[0]
    return OpenAICompatibleProvider.model_profile(f"{vendor}/{own_id}" if vendor in VENDORS else own_id or model_id)


def _added(kind: str, model_id: str) -> ModelProfile:
    open_model = kind in ("ollama", "compatible")
    reasons = open_model and "gpt-oss" in model_id.lower()
    return merge_profile(WHOLE, OLDER if open_model else None, GPT_OSS if reasons else None)


MODELS: dict[str, Callable[[str, AsyncOpenAI], Model]] = {
    "openai": _chat,
    "openai-responses": _responses,
    "openrouter": _openrouter,
    "portkey": _portkey,
    "ollama": _ollama,
    "compatible": _compatible,
}
KNOWN: dict[str, Callable[[str], ModelProfile | None]] = {
    "openai": OpenAIProvider.model_profile,
    "openai-responses": OpenAIProvider.model_profile,
    "openrouter": OpenRouterProvider.model_profile,
    "portkey": _behind_portkey,
    "ollama": OllamaProvider.model_profile,
    "compatible": OpenAICompatibleProvider.model_profile,
}
"""Both by the kind of the provider's row."""
