"""Builds the pydantic-ai model of a choice; SDKs are imported when their provider is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain import ModelChoice
from assistant.errors import ProviderUnavailable
from assistant.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.providers.minilm import MiniLM


def build_model(choice: ModelChoice, settings: Settings, embedder: MiniLM) -> Model:
    """Return the model of ``choice``; raises ProviderUnavailable naming the variable that is missing."""
    del settings
    if choice.provider != "offline":
        raise ProviderUnavailable(f"The provider {choice.provider!r} is not set up.")
    from assistant.providers.offline.model import OfflineModel

    return OfflineModel(embedder)
