"""The SDK clients and models of this process, kept: a new connection costs a question a round trip or two."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import SecretStr

T = TypeVar("T")

CONNECT_SECONDS = 5.0
READ_SECONDS = 600.0
"""The openai SDK's own bounds, for all. Silence before the first token is bounded by its own setting."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a client is made from: where it goes and with what. Two questions with equal ones share a client.

    ``options`` are the kind's own, such as a region; their values are secret here whether they are or not.
    """

    provider: str
    kind: str
    address: str | None
    key: SecretStr | None
    options: tuple[tuple[str, SecretStr], ...] = ()

    @property
    def secret(self) -> str | None:
        """The key's value."""
        return self.key.get_secret_value() if self.key else None

    def option(self, name: str) -> str | None:
        """The value of an option, None when it is not set."""
        value = dict(self.options).get(name)
        return value.get_secret_value() if value else None


MOST_MODELS = 256
"""Models kept at a time: their ids are free text, so their number is not bounded by itself."""

_lock = threading.RLock()
_clients: dict[Hashable, Any] = {}
_models: dict[Hashable, Any] = {}


def client(access: Access, make: Callable[[Access], T]) -> T:
    """Return the client for this access, made when first asked for."""
    return _kept(_clients, access, lambda: make(access))


def model(made_from: Hashable, make: Callable[[], T]) -> T:
    """Return the model made from these values, built when first asked for."""
    with _lock:
        if len(_models) >= MOST_MODELS and made_from not in _models:
            _models.clear()
        return _kept(_models, made_from, make)


def _kept(shelf: dict[Hashable, Any], made_from: Hashable, make: Callable[[], T]) -> T:
    with _lock:
        if made_from not in shelf:
            shelf[made_from] = make()
        return cast("T", shelf[made_from])


async def close_clients() -> None:
    """Close all connections; to be awaited on the loop that used them. The next question makes new clients."""
    with _lock:
        ending = list(_clients.values())
        _clients.clear()
        _models.clear()
    for one in ending:
        closed = one.close()
        if inspect.isawaitable(closed):
            await closed
