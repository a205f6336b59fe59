"""The ways of signing in, one for each value of ``ASSISTANT_AUTH``: how the gate knows who sends a request.

A way is looked up by the settings at each request, works in a thread, and says nothing to the client itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

from assistant.people.links import digest
from assistant.web import cookies, proxy
from assistant.web.identity import DEMO_ADMIN, DEMO_STAFF, SESSION, Identified

if TYPE_CHECKING:
    from assistant.bootstrap import Services


Identify = Callable[["Services", HTTPConnection], Identified | None]
"""Returns who sends a request, None for nobody; may raise TwoCookies, and HTTPException for what is refused at once."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way of signing in.

    ``sign_in_at`` is where the sign-in page sends people on to, None where that has the form for a password itself.
    ``after_log_out`` gives the address that a log-out leads to.
    """

    identify: Identify
    sign_in_at: str | None = None
    after_log_out: Callable[[Services], str] = lambda _services: "/login"


def by_cookie(services: Services, connection: HTTPConnection) -> Identified | None:
    """Who has the cookie of a session that holds."""
    secure = cookies.is_secure(connection, services.settings.public_url)
    cookie = cookies.session_cookie(connection.scope["headers"], secure=secure)
    if cookie is None:
        return None
    session_id = digest(cookie)
    return None if services.sign_in.holder(session_id) is None else Identified(SESSION + session_id)


def local_person(connection: HTTPConnection) -> Identified:
    """The demo: whoever is at this machine, in the view that they chose."""
    chosen = cookies.values(connection.scope["headers"], cookies.VIEW)
    return Identified(DEMO_STAFF if chosen == ["staff"] else DEMO_ADMIN)


WAYS: dict[str, Way] = {
    "demo": Way(lambda _services, connection: local_person(connection), sign_in_at="/"),
    "password": Way(by_cookie),
    "oidc": Way(by_cookie, sign_in_at="/auth/oidc/start", after_log_out=lambda _services: "/auth/oidc/end"),
    "proxy": Way(proxy.ByProxy().identify, after_log_out=proxy.after_log_out),
}
"""By the values of ``ASSISTANT_AUTH``."""
