"""Which models of a provider still answer, and what to take instead of one that does not."""

from __future__ import annotations

from datetime import date

from assistant.models.policy import ModelPolicy
from assistant.providers.catalogue import ModelInfo, ProviderState

SUCCESSIONS = 10
"""Successors are followed this far: more than there will be, and an end to a ring of them."""


def info(state: ProviderState, model: str | None) -> ModelInfo | None:
    """Return what is known of a model; None for an id that is not known."""
    return next((known for known in state.models if known.id == model), None)


def heir(state: ProviderState, model: ModelInfo, today: date) -> ModelInfo | None:
    """Return the model that takes a retired one's place and still answers; None when there is none."""
    for _step in range(SUCCESSIONS):
        after = info(state, model.successor)
        if after is None or not after.retired(today):
            return after
        model = after
    return None


def standing(state: ProviderState, wanted: str | None, policy: ModelPolicy, today: date) -> str | None:
    """Return the wanted model, else its heir, else the provider's first that is allowed and answers; None without any.

    An id that is not known is taken as it is: the catalogue does not know every model.
    """
    known = info(state, wanted)
    if wanted is not None and known is None:
        return wanted if policy.allows(state.id, wanted) else None
    # What the provider's own list leaves out comes last: it may be gone earlier than its date.
    candidates: list[ModelInfo | None] = [*sorted(state.models, key=lambda model: model.unlisted is not None)]
    if known is not None:
        candidates = [known, heir(state, known, today), *candidates]
    for candidate in candidates:
        if candidate is not None and not candidate.retired(today) and policy.allows(state.id, candidate.id):
            return candidate.id
    return _named(state, policy)


def _named(state: ProviderState, policy: ModelPolicy) -> str | None:
    """The first model of a provider that the allow-list itself names, known or not."""
    entries = (entry.partition("/") for entry in policy.allowed or ())
    return next(
        (model for provider, _, model in entries if provider == state.id and model and not info(state, model)), None
    )


def in_place_of(
    state: ProviderState, model: str, known: ModelInfo | None, policy: ModelPolicy, today: date, *, listed: bool
) -> tuple[str, str] | None:
    """Return the model to take for one that has gone, and a sentence that says so; None when it has not.

    ``known`` is what the catalogue has of it; ``listed`` says that the provider's own list is whole and fresh, so that
    a model missing there is gone.
    """
    after: str | None
    if known is not None and known.retired(today):
        why, after = gone(state, model, known), known.id
    elif listed and (known is None or known.unlisted):
        why, after = (
            f"{state.label} does not name {model} among its models any more.",
            known.successor if known else None,
        )
    else:
        return None
    heir_id = standing(state, after, policy, today)
    return None if heir_id in (None, model) else (heir_id, f"{why} {label(state, heir_id)} is the one to take now.")


def gone(state: ProviderState, model: str, known: ModelInfo) -> str:
    """Return a sentence that says since when a model does not answer."""
    day = f" on {known.retires.day} {known.retires:%B %Y}" if known.retires else ""
    return f"{state.label} retired {known.label or model}{day}."


def label(state: ProviderState, model: str) -> str:
    """Return a model's name for people; its id when it is not known."""
    known = info(state, model)
    return known.label if known else model
