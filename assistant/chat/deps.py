"""What a turn works with, put together by the service and handed down to its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.domain import ModelChoice
from assistant.settings import Settings
from assistant.storage.conversations import Conversations

if TYPE_CHECKING:
    from pydantic_ai.models import Model

    from assistant.knowledge.service import KnowledgeBase
    from assistant.providers.minilm import MiniLM
    from assistant.providers.offline.routing import RouteClassifier

ModelBuilder = Callable[[ModelChoice, Settings, "MiniLM"], "Model"]
"""Builds the model of a choice; raises ProviderUnavailable."""


@dataclass(frozen=True)
class TurnDeps:
    """The engines and services that the steps of a turn share."""

    stored: Conversations
    knowledge: KnowledgeBase
    embedder: MiniLM
    settings: Settings
    build_model: ModelBuilder
    classifier: RouteClassifier
