"""The written rule of Auto: the first provider in order that is set up and allowed, quick or thorough by the route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from assistant.domain import OFFLINE, ModelChoice, Route
from assistant.models.lifecycle import label, standing
from assistant.models.policy import ModelPolicy
from assistant.providers.catalogue import ProviderState


class Taken(NamedTuple):
    """What Auto takes now: a provider and its two models."""

    state: ProviderState
    quick: str
    thorough: str


def order(states: Sequence[ProviderState], policy: ModelPolicy) -> list[ProviderState]:
    """Return the providers in the order in which Auto looks at them, those not set up too.

    Unless admins gave an order: private ones first, since their text stays in the house, then the catalogue's order.
    Offline is there in any case, as the last where admins did not place it.
    """
    by_id = {state.id: state for state in states}
    usual = [state.id for state in sorted(states, key=lambda state: not state.private) if state.id != OFFLINE]
    names = dict.fromkeys([*(policy.auto_order or usual), OFFLINE])
    return [by_id[name] for name in names if name in by_id]


def able(states: Sequence[ProviderState], policy: ModelPolicy, today: date) -> list[Taken]:
    """Return what could be taken, in order: providers that are set up and have an allowed model that answers."""
    found = []
    for state in order(states, policy):
        if state.configured:
            quick, thorough = (standing(state, wanted, policy, today) for wanted in (state.quick, state.thorough))
            if quick is not None and thorough is not None:
                found.append(Taken(state, quick, thorough))
    return found


def taken(states: Sequence[ProviderState], policy: ModelPolicy, today: date) -> Taken | None:
    """Return what the rule comes to; None when nothing allowed is set up."""
    return next(iter(able(states, policy, today)), None)


def choose(found: Taken, route: Route | None) -> ModelChoice:
    """Return the choice for a route; before the route is known the quick model."""
    model = found.thorough if route is Route.FACT_FINDING else found.quick
    return ModelChoice(found.state.id, model, auto=True)


def rule(states: Sequence[ProviderState], policy: ModelPolicy, today: date) -> str:
    """Return the rule in plain sentences, with the providers and models that it comes to."""
    ready = able(states, policy, today)
    if not ready:
        return "Auto finds no provider that is set up and allowed."
    found = ready[0]
    first = f"Auto takes the first that is set up: {', then '.join(each.state.label for each in ready)}."
    quick, thorough = label(found.state, found.quick), label(found.state, found.thorough)
    if quick == thorough:
        return f"{first} Every question goes to {quick}."
    return f"{first} Most questions go to {quick}, those that need facts from several documents to {thorough}."
