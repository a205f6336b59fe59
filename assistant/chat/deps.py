"""What a turn works with, put together by the service and handed down to its steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from assistant import clock
from assistant.chat.patience import RetryPolicy
from assistant.chat.showing import Showing
from assistant.clock import Clock
from assistant.domain import ModelChoice
from assistant.settings import Settings
from assistant.storage.conversations import Conversations

if TYPE_CHECKING:
    from pydantic_ai import Tool
    from pydantic_ai.models import Model

    from assistant.chat.tools import AgentDeps
    from assistant.knowledge.service import KnowledgeBase
    from assistant.limits.budgets import Budgets
    from assistant.models.service import ModelService
    from assistant.providers.minilm import MiniLM
    from assistant.providers.offline.attacks import AttackClassifier
    from assistant.providers.offline.routing import RouteClassifier

Action: TypeAlias = "Tool[AgentDeps]"
"""A tool with an effect, made by ``approval.action``."""


class ModelBuilder(Protocol):
    """Builds models."""

    def __call__(self, choice: ModelChoice, settings: Settings, embedder: MiniLM, *, prompted: bool = False) -> Model:
        """Return a choice's model, ``prompted`` one that is told its tools in words; raises ProviderUnavailable."""


@dataclass(frozen=True)
class TurnDeps:
    """The engines and services that the steps of a turn share; ``actions`` are the tools with an effect."""

    stored: Conversations
    knowledge: KnowledgeBase
    embedder: MiniLM
    settings: Settings
    build_model: ModelBuilder
    classifier: RouteClassifier
    models: ModelService
    budgets: Budgets
    attacks: AttackClassifier
    showing: Showing
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    actions: tuple[Action, ...] = ()
    clock: Clock = clock.now
