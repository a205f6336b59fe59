"""Builds the pydantic-ai model of a choice; an SDK is imported when its provider is warmed or first used."""

from __future__ import annotations

import importlib
import logging
from functools import cache
from typing import TYPE_CHECKING, Protocol, cast

from pydantic import SecretStr

from assistant.domain import ModelChoice
from assistant.errors import ProviderUnavailable
from assistant.providers import catalogue, clients, keys, model_lists, parameters
from assistant.providers.clients import Access
from assistant.providers.model_info import ProviderRow
from assistant.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model
    from pydantic_ai.profiles import ModelProfile
    from pydantic_ai.settings import ModelSettings

    from assistant.providers.minilm import MiniLM

HOMES = {
    "openai": "over_openai",
    "openai-responses": "over_openai",
    "openrouter": "over_openai",
    "portkey": "over_openai",
    "ollama": "over_openai",
    "compatible": "over_openai",
    "groq": "over_groq",
    "anthropic": "over_anthropic",
    "bedrock": "over_bedrock",
}
"""By the kind of a provider's row, the module that speaks to it; importing it imports the SDK."""
OPTIONS = {
    "portkey": {"config": "PORTKEY_CONFIG"},
    "bedrock": {
        "secret": "AWS_SECRET_ACCESS_KEY",
        "session": "AWS_SESSION_TOKEN",
        "token": "AWS_BEARER_TOKEN_BEDROCK",
        "profile": "AWS_PROFILE",
        "region": "AWS_REGION",
    },
}
"""By kind, the variables besides key and address that its client is made from."""
THINKS_IN_TAGS = ("ollama", "compatible")
"""Kinds whose models may write their reasoning into the text, between ``<think>`` tags."""

log = logging.getLogger(__name__)


class Home(Protocol):
    """A module that speaks to a kind of provider."""

    def model(self, model_id: str, access: Access) -> Model:
        """Return a model over a kept client; raises ProviderUnavailable."""

    def profile(self, kind: str, model_id: str) -> ModelProfile:
        """What is known of the model; no client is made."""


def build_model(choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> Model:
    """Return the model of ``choice``, any id of a known provider; the same one for the same choice.

    ``prompted`` asks for tools in words instead of the provider's own tool calls. Raises ProviderUnavailable with
    what is wrong and what to do.
    """
    import pydantic_ai

    pydantic_ai.BANNER_ENABLED = False  # it would greet whoever looks at the terminal with the first answer
    row = catalogue.provider(choice.provider)
    if row.kind == "offline":
        _heed_offline(row, choice)
        return _offline(embedder)
    access = access_of(row, settings)
    model_id = _model_id(row, choice, settings)
    if model_id is None:
        raise ProviderUnavailable(
            f"{row.label} has no usual model: name one, or have its list fetched on the Models page."
        )
    info = catalogue.find(row.id, model_id, settings)
    in_words = prompted or (info is not None and not info.tools)
    home = _home(row.kind)
    return clients.model((access, model_id, in_words), lambda: _built(home, model_id, access, in_words))


def settings_for(choice: ModelChoice, settings: Settings) -> ModelSettings:
    """Return effort, temperature, top-p and output limit of ``choice``, as far as its model takes them."""
    row = next((row for row in catalogue.rows() if row.id == choice.provider), None)
    model_id = _model_id(row, choice, settings) if row else None
    if row is None or row.kind == "offline" or model_id is None:
        return {}
    info = catalogue.find(row.id, model_id, settings)
    return parameters.model_settings(choice.parameters, model_id, info, _profile(row.kind, model_id))


def warm(provider_id: str, settings: Settings) -> None:
    """Import what the provider's first question would import, and make its client. Nothing is raised, nothing sent."""
    try:
        row = catalogue.provider(provider_id)
        if row.kind != "offline" and not keys.state_of(row, settings).problem:
            # Making a client takes 0.1 to 0.3 s, for certificates and the SDK's parts that load late.
            _home(row.kind).model(row.models[0].id if row.models else provider_id, access_of(row, settings))
    except Exception:  # the first question says what is wrong, to the person who asks it
        log.warning("the provider %s could not be warmed", provider_id, exc_info=True)


def _heed_offline(row: ProviderRow, choice: ModelChoice) -> None:
    """A model named without its provider must not be answered for by rules under its name."""
    if choice.model is not None and choice.model not in [model.id for model in row.models]:
        raise ProviderUnavailable(f"{row.label} has no model {choice.model!r}: pick the provider that has it as well.")


def access_of(row: ProviderRow, settings: Settings) -> Access:
    """Return what a client of the provider is made from; raises ProviderUnavailable with what is wrong."""
    state = keys.state_of(row, settings)
    if state.problem:
        raise ProviderUnavailable(f"{row.label} cannot be used. {state.problem} Until then pick another model.")
    return Access(row.id, row.kind, state.address, keys.key_of(row, settings), _options(row, settings))


def _built(home: Home, model_id: str, access: Access, in_words: bool) -> Model:
    model = home.model(model_id, access)
    if access.kind in THINKS_IN_TAGS:
        from assistant.providers.think_tags import ThinkTags

        model = ThinkTags(model)
    if in_words:
        from assistant.providers.prompted_tools import PromptedTools

        model = PromptedTools(model)
    return model


def _model_id(row: ProviderRow, choice: ModelChoice, settings: Settings) -> str | None:
    """The model asked for, else the provider's usual one: the first of the catalogue or of its own list."""
    usual = next(iter(row.models or model_lists.merged(row, settings)), None)
    return choice.model or (usual.id if usual else None)


def _options(row: ProviderRow, settings: Settings) -> tuple[tuple[str, SecretStr], ...]:
    found = {name: keys.value_of(variable, settings) for name, variable in OPTIONS.get(row.kind, {}).items()}
    return tuple((name, SecretStr(value)) for name, value in found.items() if value)


def _profile(kind: str, model_id: str) -> ModelProfile:
    try:
        return _home(kind).profile(kind, model_id)
    except ImportError:  # an extra that is missing; building the model says so
        return {}


def _home(kind: str) -> Home:
    return cast("Home", importlib.import_module(f"assistant.providers.{HOMES[kind]}"))


@cache
def _offline(embedder: MiniLM) -> Model:
    from assistant.providers.offline.model import OfflineModel

    return OfflineModel(embedder)
