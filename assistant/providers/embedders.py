"""The embedding models an admin can pick: rows of data from embedders.toml, with what these settings have for them.

An embedding model's id is its name in the database: vectors of one id are only ever compared with each other.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from assistant.errors import NotFound
from assistant.providers import catalogue, keys
from assistant.providers.addresses import is_private_address
from assistant.providers.model_info import ProviderRow
from assistant.providers.prices import price
from assistant.settings import Settings

CATALOGUE = Path(__file__).with_name("embedders.toml")
OPENAI_ADDRESS = "https://api.openai.com/v1"
MODEL_VARIABLE, ADDRESS_VARIABLE, KEY_VARIABLE = "EMBEDDINGS_MODEL", "EMBEDDINGS_BASE_URL", "EMBEDDINGS_API_KEY"
# Its address gets the usual path where it names the host only, as with the servers of chat models.
OWN_SERVER = ProviderRow("endpoint", "Own server", "ollama", needs=(ADDRESS_VARIABLE,), base_url=ADDRESS_VARIABLE)


@dataclass(frozen=True, slots=True)
class EmbedderRow:
    """An embedding model of the catalogue; ``model`` is its id at the provider, ``dimensions`` None where unknown."""

    id: str
    label: str
    kind: Literal["embedded", "openai", "endpoint"]
    note: str
    model: str | None = None
    dimensions: int | None = None


@dataclass(frozen=True, slots=True)
class EmbedderChoice:
    """An embedding model as these settings have it. ``problem`` is a sentence when it cannot be used.

    ``host`` is the name of the server that would be given every document's text and every question, None for the
    embedded model; ``private`` says that this server is in the house. ``price`` is in US dollars per million tokens,
    None where it is not known.
    """

    id: str
    label: str
    note: str
    problem: str = ""
    host: str | None = None
    private: bool = True
    price: Decimal | None = None

    @property
    def configured(self) -> bool:
        """Whether it can be used."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Target:
    """Where a model's vectors come from.

    ``provider`` is its name in the usage ledger, ``price`` US dollars per million tokens, None where unknown.
    ``compact`` asks for vectors in base64, a third of the bytes.
    """

    id: str
    label: str
    provider: str
    model: str
    address: str
    key: SecretStr | None
    key_variable: str
    dimensions: int | None
    compact: bool
    price: Decimal | None = None


@cache
def rows() -> tuple[EmbedderRow, ...]:
    """Return the catalogue in its order."""
    stored: list[dict[str, Any]] = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))["embedders"]
    return tuple(EmbedderRow(**row) for row in stored)


def choices(settings: Settings) -> tuple[EmbedderChoice, ...]:
    """Return all embedding models, those not set up too; nothing is asked over the network."""
    return tuple(_choice(row, settings) for row in rows())


def choice(model_id: str, settings: Settings) -> EmbedderChoice:
    """Return one embedding model; raises NotFound with the known ids."""
    every = choices(settings)
    found = next((one for one in every if one.id == model_id), None)
    if found is None:
        raise NotFound(f"There is no embedding model {model_id!r}; there are {', '.join(one.id for one in every)}.")
    return found


def label(model_id: str) -> str:
    """Return a model's name for people; that of an own server is its id there."""
    return next((row.label for row in rows() if row.id == model_id), model_id.partition("/")[2] or model_id)


def target(model_id: str, settings: Settings) -> Target | None:
    """Return where this model's vectors come from; None when it is not set up (any more), or the embedded one."""
    for row in rows():
        if _id(row, settings) == model_id and row.kind != "embedded":
            return None if _problem(row, settings) else _target(row, settings)
    return None


def _choice(row: EmbedderRow, settings: Settings) -> EmbedderChoice:
    problem = _problem(row, settings)
    if row.kind == "embedded" or problem:
        return EmbedderChoice(_id(row, settings), row.label, row.note, problem)
    reached = _target(row, settings)
    private = row.kind == "endpoint" and is_private_address(reached.address)
    host = urlsplit(reached.address).hostname or ""
    return EmbedderChoice(reached.id, reached.label, row.note, host=host, private=private, price=reached.price)


def _id(row: EmbedderRow, settings: Settings) -> str:
    model = _own_model(settings)
    return f"{row.id}/{model}" if row.kind == "endpoint" and model else row.id


def _own_model(settings: Settings) -> str:
    return (settings.embeddings_model or "").strip()


def _problem(row: EmbedderRow, settings: Settings) -> str:
    if row.kind == "embedded":
        return ""
    if row.kind == "openai":
        return keys.state_of(catalogue.provider("openai"), settings).problem
    server = _server(settings)
    if not _own_model(settings):
        missing = "" if keys.address_of(server, settings) else f" and {ADDRESS_VARIABLE}"
        return f"Set {MODEL_VARIABLE}{missing}."
    key = settings.embeddings_api_key.get_secret_value() if settings.embeddings_api_key else ""
    return keys.state_of(server, settings).problem or keys.key_problem(KEY_VARIABLE, key)


def _target(row: EmbedderRow, settings: Settings) -> Target:
    if row.kind == "openai":
        return _openai(row, settings)
    server, model = _server(settings), _own_model(settings)
    own = server is OWN_SERVER
    return Target(
        _id(row, settings),
        f"{row.label}: {model}",
        row.id,
        model,
        keys.address_of(server, settings) or "",
        settings.embeddings_api_key if own else settings.local_api_key,
        KEY_VARIABLE if own else "LOCAL_API_KEY",
        None,
        compact=False,
    )


def _openai(row: EmbedderRow, settings: Settings) -> Target:
    openai, model = catalogue.provider("openai"), row.model or ""
    listed = price(openai.id, model)
    return Target(
        row.id,
        row.label,
        openai.id,
        model,
        keys.address_of(openai, settings) or OPENAI_ADDRESS,
        keys.key_of(openai, settings),
        "OPENAI_API_KEY",
        row.dimensions,
        compact=True,
        price=listed[0] if listed else None,
    )


def _server(settings: Settings) -> ProviderRow:
    """The server of its own address, else the one of local chat models; a key only goes to its own server."""
    local = settings.local_base_url and not settings.embeddings_base_url
    return catalogue.provider("local") if local else OWN_SERVER
