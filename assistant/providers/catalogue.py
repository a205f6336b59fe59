"""The providers and models that a person can pick: rows of data, read from catalogue.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from assistant.errors import ProviderUnavailable
from assistant.providers import keys
from assistant.providers.model_info import ModelInfo, OutputMode, ProviderRow, ProviderState
from assistant.providers.model_lists import merged
from assistant.settings import Settings

__all__ = ["ModelInfo", "OutputMode", "ProviderRow", "ProviderState", "find", "label", "provider", "providers", "rows"]

CATALOGUE = Path(__file__).with_name("catalogue.toml")
REGIONS = ("us.", "eu.", "apac.", "jp.", "au.", "us-gov.", "global.")
"""In front of a model's id on Amazon Bedrock, where it says in which regions it may run."""


@cache
def rows() -> tuple[ProviderRow, ...]:
    """Return the catalogue in its order."""
    stored = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["providers"]
    by_id = {provider["id"]: provider for provider in stored}
    return tuple(_row(provider, by_id[provider.get("models_of", provider["id"])]) for provider in stored)


def providers(settings: Settings) -> list[ProviderState]:
    """Return all providers, those not set up too, so that a person sees what there could be.

    Fast and offline: the providers' own lists are read from the files that the last look at them left.
    """
    return [_state(row, settings) for row in rows()]


def provider(provider_id: str) -> ProviderRow:
    """Return a provider; raises ProviderUnavailable with the known ids."""
    for row in rows():
        if row.id == provider_id:
            return row
    known = ", ".join(row.id for row in rows())
    raise ProviderUnavailable(f"There is no provider {provider_id!r}; there are {known}.")


def label(provider_id: str) -> str:
    """Return a provider's name for people; an unknown id as it is."""
    return next((row.label for row in rows() if row.id == provider_id), provider_id)


def find(provider_id: str, model_id: str, settings: Settings) -> ModelInfo | None:
    """Return what is known of a model, retired ones too; None when neither catalogue nor provider ever named it."""
    row = next((row for row in rows() if row.id == provider_id), None)
    if row is None:
        return None
    models = merged(row, settings)
    exact = next((model for model in models if model.id == model_id), None)
    return exact or next((model for model in models if _without_region(model.id) == _without_region(model_id)), None)


def _state(row: ProviderRow, settings: Settings) -> ProviderState:
    state = keys.state_of(row, settings)
    return ProviderState(
        row.id,
        row.label,
        not state.problem,
        merged(row, settings),
        state.problem,
        keys.is_private(row, settings),
        state.source,
        state.tail,
        row.quick,
        row.thorough,
    )


def _without_region(model_id: str) -> str:
    return next((model_id.removeprefix(region) for region in REGIONS if model_id.startswith(region)), model_id)


def _row(stored: dict[str, Any], listed: dict[str, Any]) -> ProviderRow:
    plain = {name: value for name, value in stored.items() if name not in ("models", "retired_models", "models_of")}
    models = tuple(_model(model) for model in listed.get("models", ()))
    retired = tuple(_model(model) for model in listed.get("retired_models", ()))
    return ProviderRow(**{**plain, "needs": tuple(stored.get("needs", ())), "models": models, "retired": retired})


def _model(stored: dict[str, Any]) -> ModelInfo:
    return ModelInfo(**{**stored, "efforts": tuple(stored.get("efforts", ()))})
