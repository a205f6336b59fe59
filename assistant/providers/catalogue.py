"""The providers and models that a person can pick: rows of data, read from catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import SecretStr

from assistant.errors import ProviderUnavailable
from assistant.settings import Settings

CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the catalogue; ``character`` tells a person in a few words what it is like."""

    id: str
    label: str
    character: str


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider of the catalogue. ``needs`` names the variable of its key; ``built`` whether this version has it."""

    id: str
    label: str
    built: bool
    needs: str | None
    models: tuple[ModelInfo, ...]


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider as these settings have it. ``built`` is False for one that this version cannot use yet."""

    id: str
    label: str
    configured: bool
    needs: str | None
    models: tuple[ModelInfo, ...]
    built: bool = True


@cache
def rows() -> tuple[ProviderRow, ...]:
    """Return the catalogue in its order."""
    stored = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["providers"]
    return tuple(_row(provider) for provider in stored)


def providers(settings: Settings) -> list[ProviderState]:
    """Return all providers, those not set up too, so that a person sees what there could be."""
    return [
        ProviderState(row.id, row.label, _configured(row, settings), row.needs, row.models, row.built) for row in rows()
    ]


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


def key(row: ProviderRow, settings: Settings) -> str | None:
    """Return the provider's key from the settings, None when there is none."""
    secret = getattr(settings, row.needs.lower(), None) if row.needs else None
    return secret.get_secret_value() if isinstance(secret, SecretStr) else None


def _configured(row: ProviderRow, settings: Settings) -> bool:
    return row.built and (row.needs is None or bool(key(row, settings)))


def _row(stored: dict[str, object]) -> ProviderRow:
    models = stored.get("models", [])
    assert isinstance(models, list)  # noqa: S101  # our own file
    return ProviderRow(
        id=str(stored["id"]),
        label=str(stored["label"]),
        built=bool(stored["built"]),
        needs=str(stored["needs"]) if "needs" in stored else None,
        models=tuple(ModelInfo(**model) for model in models),
    )
