"""The providers and models that a person can pick: rows of data, read from catalogue.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from assistant.domain import Effort
from assistant.errors import ProviderUnavailable
from assistant.settings import Settings

CATALOGUE = Path(__file__).with_name("catalogue.toml")
OutputMode = Literal["tool", "native", "prompted"]
"""How a model is asked for a structure: by a tool's arguments, by its own JSON schema mode, or in words."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model of the catalogue, or one that its provider named (``discovered``).

    ``character`` is one word (Speed, Balance, Quality), ``note`` a few more. ``context`` and ``max_output`` are
    tokens, prices US dollars per million tokens; None is unknown. ``sampling`` says whether it takes temperature and
    top-p. From the day ``retires`` on the provider refuses it; ``successor`` is the model to take instead.
    """

    id: str
    label: str
    character: str = ""
    note: str = ""
    context: int | None = None
    max_output: int | None = None
    tools: bool = True
    output: OutputMode = "tool"
    efforts: tuple[Effort, ...] = ()
    sampling: bool = True
    retires: date | None = None
    successor: str | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    discovered: bool = False

    def retired(self, today: date) -> bool:
        """Whether its provider refuses it on this day."""
        return self.retires is not None and self.retires <= today


@dataclass(frozen=True, slots=True)
class ProviderRow:
    """A provider of the catalogue.

    ``kind`` picks the builder. ``needs`` are the variables without which it cannot be used, the key first;
    ``base_url`` is the variable of its address and ``address`` the usual one. ``extra`` names the optional part of
    the installation with its SDK, ``module`` what that makes importable. Text given to a ``private`` provider stays
    in the house. ``quick`` and ``thorough`` are the models that Auto picks from.
    """

    id: str
    label: str
    kind: str
    needs: tuple[str, ...] = ()
    base_url: str | None = None
    address: str | None = None
    extra: str | None = None
    module: str | None = None
    private: bool = False
    models: tuple[ModelInfo, ...] = ()
    quick: str | None = None
    thorough: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider as these settings have it. ``problem`` is a sentence when it cannot be used, empty when it can.

    ``needs`` names the variable that would set it up. ``key_source`` says where its key comes from ("environment" or
    ".env"), ``key_tail`` are the key's last four characters; the key itself is nowhere in here.
    """

    id: str
    label: str
    configured: bool
    needs: str | None
    models: tuple[ModelInfo, ...]
    problem: str = ""
    private: bool = False
    key_source: str | None = None
    key_tail: str | None = None
    quick: str | None = None
    thorough: str | None = None


@cache
def rows() -> tuple[ProviderRow, ...]:
    """Return the catalogue in its order."""
    stored = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["providers"]
    return tuple(_row(provider) for provider in stored)


def providers(settings: Settings) -> list[ProviderState]:
    """Return all providers, those not set up too, so that a person sees what there could be."""
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


def key(row: ProviderRow, settings: Settings) -> str | None:
    """Return the provider's key from the settings, None when there is none."""
    secret = getattr(settings, row.needs[0].lower(), None) if row.needs else None
    return secret.get_secret_value() if isinstance(secret, SecretStr) else None


def _state(row: ProviderRow, settings: Settings) -> ProviderState:
    configured = row.kind in BUILT and (not row.needs or bool(key(row, settings)))
    problem = "" if configured else f"Set {row.needs[0]}."
    return ProviderState(
        row.id,
        row.label,
        configured,
        row.needs[0] if row.needs else None,
        row.models,
        problem,
        row.private,
        quick=row.quick,
        thorough=row.thorough,
    )


BUILT = {"offline", "openai", "groq"}


def _row(stored: dict[str, Any]) -> ProviderRow:
    models = tuple(_model(model) for model in stored.pop("models", []))
    needs = tuple(stored.pop("needs", ()))
    return ProviderRow(**stored, needs=needs, models=models)


def _model(stored: dict[str, Any]) -> ModelInfo:
    return ModelInfo(**{**stored, "efforts": tuple(stored.get("efforts", ()))})
