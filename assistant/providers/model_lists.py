"""The providers' own lists of models, as the last look at them left them in files, and how they join the catalogue."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from assistant.providers import keys
from assistant.providers.model_info import ModelInfo, ProviderRow
from assistant.providers.prices import price
from assistant.settings import Settings

FRESH = timedelta(hours=48)
"""An older list says nothing about a model that it does not name: that one may be newer than the list."""
STALE = timedelta(hours=24)
"""After this a list should be asked for again."""
LARGEST_FILE = 4_000_000
"""Bytes. 2,000 models take about 800 kB."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a provider named at a time; ``account`` tells apart lists of different addresses and keys."""

    at: datetime
    account: str
    models: tuple[ModelInfo, ...]

    def age(self, now: datetime) -> timedelta:
        """How long ago it was; a time in the future counts as long ago."""
        return now - self.at if now >= self.at else timedelta.max


def last(row: ProviderRow, settings: Settings) -> Listing | None:
    """Return the provider's last list; None when there is none, it cannot be read or is of another address or key."""
    path = _path(row, settings)
    try:
        stat = path.stat()
    except OSError:
        return None
    listing = _read(path, stat.st_mtime_ns, stat.st_size)
    return listing if listing and listing.account == _account(row, settings) else None


def is_stale(row: ProviderRow, settings: Settings) -> bool:
    """Whether the provider should be asked for its list again."""
    listing = last(row, settings)
    return listing is None or listing.age(datetime.now(UTC)) > STALE


def keep(row: ProviderRow, settings: Settings, models: Sequence[ModelInfo]) -> None:
    """Store the provider's list in place of the last one; raises OSError when the folder takes no file.

    Prices are looked up here: thousands of them would hold up the page that reads the list.
    """
    path = _path(row, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    priced = _priced(row.id, models)
    listing = Listing(datetime.now(UTC), _account(row, settings), priced)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(asdict(listing), file, default=str)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def merged(row: ProviderRow, settings: Settings) -> tuple[ModelInfo, ...]:
    """Return the catalogue's models, then those that only the provider's list names, then the retired ones."""
    listing = last(row, settings)
    if listing is None:
        return _priced(row.id, (*row.models, *row.retired))
    return _merged(row, listing, datetime.now(UTC).date())


@lru_cache(maxsize=16)
def _merged(row: ProviderRow, listing: Listing, today: date) -> tuple[ModelInfo, ...]:
    named = {model.id: model for model in listing.models}
    missing = listing.at.date() if today - listing.at.date() <= FRESH else None
    offered = [_joined(model, named.get(model.id), missing) for model in row.models]
    retired = [_joined_old(model, named.get(model.id)) for model in row.retired]
    known = {model.id for model in (*offered, *retired)}
    extra = [model for model in listing.models if model.id not in known]
    return (*_priced(row.id, offered), *extra, *_priced(row.id, retired))


def _joined(model: ModelInfo, named: ModelInfo | None, missing: date | None) -> ModelInfo:
    """A model of the catalogue with what its provider says of it."""
    if named is None:
        note = f"{model.note}; not offered any more by the provider's list of {missing}" if missing else model.note
        return replace(model, unlisted=missing, note=note)
    return replace(
        model,
        retires=named.retires or model.retires,
        context=model.context or named.context,
        max_output=model.max_output or named.max_output,
        input_price=named.input_price,
        output_price=named.output_price,
    )


def _joined_old(model: ModelInfo, named: ModelInfo | None) -> ModelInfo:
    """A retired model: one that this account's list still names goes on, to the day that the list gives."""
    if named is None:
        return model
    return replace(named, label=model.label, successor=model.successor)


def _priced(provider_id: str, models: Iterable[ModelInfo]) -> tuple[ModelInfo, ...]:
    return tuple(_with_price(provider_id, model) for model in models)


@lru_cache(maxsize=8192)
def _with_price(provider_id: str, model: ModelInfo) -> ModelInfo:
    found = price(provider_id, model.id) if model.input_price is None else None
    return replace(model, input_price=found[0], output_price=found[1]) if found else model


def _path(row: ProviderRow, settings: Settings) -> Path:
    return settings.data_dir / "cache" / f"models-{row.id}.json"


def _account(row: ProviderRow, settings: Settings) -> str:
    """A digest: neither address (it may hold a password) nor key is written down."""
    secret = keys.key_of(row, settings)
    parts = (keys.address_of(row, settings) or "", secret.get_secret_value() if secret else "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


@lru_cache(maxsize=16)
def _read(path: Path, changed_ns: int, size: int) -> Listing | None:
    """Read a list; ``changed_ns`` and ``size`` make a changed file another call. A broken file is no list."""
    del changed_ns
    if size > LARGEST_FILE:
        return None
    try:
        return _listing(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, ArithmeticError, RecursionError):
        return None


def _listing(stored: dict[str, Any]) -> Listing:
    at = datetime.fromisoformat(stored["at"])
    if at.tzinfo is None:
        raise ValueError("a time without zone")
    return Listing(at, str(stored["account"]), tuple(_stored_model(model) for model in stored["models"]))


def _stored_model(stored: dict[str, Any]) -> ModelInfo:
    known = {field.name for field in fields(ModelInfo)}
    values = {name: value for name, value in stored.items() if name in known and value is not None}
    for name in ("input_price", "output_price"):
        if name in values:
            values[name] = Decimal(values[name])
    if "retires" in values:
        values["retires"] = date.fromisoformat(values["retires"])
    values["efforts"] = tuple(values.get("efforts", ()))
    return ModelInfo(**values)
