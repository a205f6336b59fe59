"""Who asks: the one function by which pages and routes learn the person, whatever the way of signing in is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from assistant.domain import Person

if TYPE_CHECKING:
    from assistant.bootstrap import Services

HEADER = "x-assistant-identity"
"""Set by the gate alone, which takes it out of what clients send: "session:…", "token:…" or "demo:…"."""


def person_of(services: Services, headers: Mapping[str, str]) -> Person:  # noqa: ARG001 - the demo has no sign-in
    """Return the person who sent a request with these headers. The demo has no sign-in: everyone is the local one."""
    return services.people.local()
