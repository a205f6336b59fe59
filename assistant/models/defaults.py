"""The default: what admins or the settings want, and what takes its place where that does not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from assistant.domain import AUTO, OFFLINE, ModelChoice
from assistant.models import lifecycle
from assistant.models.policy import ModelPolicy
from assistant.providers.catalogue import ProviderState
from assistant.settings import Settings


def wanted(policy: ModelPolicy, settings: Settings) -> ModelChoice:
    """Return what the admins want, else what the settings do, whether it holds or not."""
    return policy.default or ModelChoice(settings.default_provider, settings.default_model)


def holding(policy: ModelPolicy, settings: Settings, states: Sequence[ProviderState], today: date) -> ModelChoice:
    """Return what holds: Offline for an unknown provider, Auto for a forbidden one, the heir of a retired one."""
    choice = wanted(policy, settings)
    if choice.provider == AUTO:
        return choice
    state = _state(choice, states)
    if state is None:
        choice = ModelChoice(OFFLINE)
    if not policy.allows(choice.provider, choice.model):
        return ModelChoice(AUTO)
    known = lifecycle.info(state, choice.model) if state else None
    if state and known and known.retired(today):
        return replace(choice, model=lifecycle.standing(state, known.id, policy, today))
    return choice


def notice(policy: ModelPolicy, settings: Settings, states: Sequence[ProviderState]) -> str:
    """Return a sentence about why the wanted default does not hold, for all reasons but age; empty when it does."""
    choice = wanted(policy, settings)
    if choice.provider == AUTO:
        return ""
    state = _state(choice, states)
    if state is None:
        return (
            f"ASSISTANT_DEFAULT_PROVIDER names {choice.provider!r}, which does not exist "
            f"(there are {', '.join([AUTO, *(state.id for state in states)])}): Offline is the default until it is set."
        )
    if not state.configured:
        return f"The default {state.label} cannot be used: {state.problem}"
    if not policy.allows(choice.provider, choice.model):
        return f"The default {state.label} is not among the allowed models: Auto takes its place."
    return ""


def _state(choice: ModelChoice, states: Sequence[ProviderState]) -> ProviderState | None:
    return next((state for state in states if state.id == choice.provider), None)
