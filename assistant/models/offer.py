"""What the picker shows: every provider and model, and of each that cannot be chosen why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from assistant.domain import ModelChoice
from assistant.models import lifecycle
from assistant.models.policy import ModelPolicy
from assistant.providers.catalogue import ModelInfo, ProviderState

NOT_ALLOWED = "Your administrator has not allowed it."


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model in the picker; ``why_not`` is a sentence when it cannot be chosen."""

    info: ModelInfo
    choosable: bool
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class ProviderOffer:
    """A provider in the picker; ``why_not`` is a sentence when none of its models can be chosen."""

    state: ProviderState
    choosable: bool
    why_not: str
    models: tuple[ModelOffer, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the picker shows. ``default`` may be Auto; when ``locked`` there is nothing else; ``auto_rule`` says it."""

    providers: tuple[ProviderOffer, ...]
    default: ModelChoice
    locked: bool
    auto_rule: str


class Offers:
    """Makes offers, and keeps those of each provider's models: a gateway names hundreds, and every page asks."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[ModelInfo, ...], ModelPolicy, date, tuple[ModelOffer, ...]]] = {}

    def of(self, state: ProviderState, policy: ModelPolicy, today: date) -> ProviderOffer:
        """Return how the picker shows a provider."""
        models = self._models(state, policy, today)
        if not state.configured:
            return ProviderOffer(state, False, state.problem, models)
        if not policy.allows(state.id, None):
            return ProviderOffer(state, False, NOT_ALLOWED, models)
        # A provider that names no models yet takes any id.
        if models and not any(model.choosable for model in models):
            return ProviderOffer(state, False, "None of its models can be used.", models)
        return ProviderOffer(state, True, "", models)

    def _models(self, state: ProviderState, policy: ModelPolicy, today: date) -> tuple[ModelOffer, ...]:
        models, under, day, kept = self._kept.get(state.id, ((), None, None, ()))
        # The same tuple comes as long as catalogue and list stay; comparing hundreds of models would cost the saving.
        if models is state.models and under == policy and day == today:
            return kept
        made = tuple(_model_offer(state, model, policy, today) for model in state.models)
        self._kept[state.id] = (state.models, policy, today, made)
        return made


def _model_offer(state: ProviderState, model: ModelInfo, policy: ModelPolicy, today: date) -> ModelOffer:
    if model.retired(today):
        heir = lifecycle.heir(state, model, today)
        instead = f" Take {heir.label} instead." if heir else ""
        return ModelOffer(model, False, f"{lifecycle.gone(state, model.id, model)}{instead}")
    if not policy.allows(state.id, model.id):
        return ModelOffer(model, False, NOT_ALLOWED)
    return ModelOffer(model, True)
