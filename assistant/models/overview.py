"""What admins see of a provider besides what people are offered: where it goes, how old its list is, what ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from assistant.models import lifecycle
from assistant.providers import keys, model_lists
from assistant.providers.catalogue import ModelInfo, ProviderRow, ProviderState
from assistant.settings import Settings

SOON = timedelta(days=90)
"""Ends that are nearer are warned of: about as long as it takes to try another model in earnest."""


@dataclass(frozen=True, slots=True)
class ModelOverview:
    """A model with its standing: ``ends`` is its last day when that has come or is near, ``heir`` what to take then."""

    info: ModelInfo
    gone: bool = False
    ends: date | None = None
    heir: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderOverview:
    """A provider with its models. ``host`` is where its requests go, None for its library's own address.

    ``listed_at`` is when it was last asked for its models, None for never. ``begun`` says that something was set for
    it, so that a problem of its is a mistake and no mere absence.
    """

    state: ProviderState
    host: str | None
    listed_at: datetime | None
    models: tuple[ModelOverview, ...]
    begun: bool


def overview(row: ProviderRow, state: ProviderState, settings: Settings, today: date) -> ProviderOverview:
    """Return what there is to see of a provider, without asking it."""
    listing = model_lists.last(row, settings)
    models = tuple(_model(state, model, today) for model in state.models)
    begun = any(keys.value_of(variable, settings) for variable in row.needs)
    host = _host(keys.address_of(row, settings))
    return ProviderOverview(state, host, listing.at if listing else None, models, begun)


def _model(state: ProviderState, model: ModelInfo, today: date) -> ModelOverview:
    if model.retires is None or model.retires - today > SOON:
        return ModelOverview(model)
    heir = lifecycle.heir(state, model, today)
    return ModelOverview(model, model.retired(today), model.retires, heir.label if heir else None)


def _host(address: str | None) -> str | None:
    """The host and port of an address; whatever else stands in it (a password, say) is left out."""
    try:
        parts = urlsplit(address or "")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    return f"{parts.hostname}{port}" if parts.hostname else None
