"""Who asks: the one function by which pages and routes learn the person, whatever the way of signing in is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.domain import Person, Role
from assistant.errors import SignedOut

if TYPE_CHECKING:
    from assistant.bootstrap import Services

HEADER = "x-assistant-identity"
"""Set by the gate alone, which takes it out of what clients send: "session:…", "token:…" or "demo:…"."""
SESSION, TOKEN = "session:", "token:"
DEMO_ADMIN, DEMO_STAFF = "demo:admin", "demo:staff"
NOBODY = "Nobody is signed in here: sign in."
ENDED = "Your session has ended: sign in again."


@dataclass(frozen=True, slots=True)
class Identified:
    """Who sends a request, as the gate passes it on: ``identity`` is the header's value.

    ``new_cookie`` is one that the browser is to have from now on, where the way opened a session just now.
    """

    identity: str
    new_cookie: str | None = None


def person_of(services: Services, headers: Mapping[str, str]) -> Person:
    """Return the person who sent a request with these headers; raises SignedOut where none is signed in (any more).

    The demo has no sign-in: whoever reaches it, from this machine alone, is the local operator in one of two views.
    """
    given = headers.get(HEADER, "")
    if services.settings.auth == "demo":
        return _local(services, given)
    person = None
    if given.startswith(SESSION):
        person = services.sign_in.holder(given.removeprefix(SESSION))
    elif given.startswith(TOKEN):
        person = services.sign_in.token_holder(given.removeprefix(TOKEN))
    if person is None:
        raise SignedOut(ENDED if given else NOBODY)
    return person


def _local(services: Services, given: str) -> Person:
    """The operator; outside a running app, as in tests of single pages, nobody has set the header."""
    if given not in ("", DEMO_ADMIN, DEMO_STAFF):
        raise SignedOut(NOBODY)
    local = services.people.local()
    return replace(local, role=Role.STAFF) if given == DEMO_STAFF else local
