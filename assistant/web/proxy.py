"""Behind a proxy that signs people in: its word on who comes is taken, and nobody else's.

The first request of a person opens a session like any other; from then on both the session and the proxy's header must
be there and mean the same person.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from assistant.access import OutsideIdentity
from assistant.errors import SettingsError, SignInRefused, new_reference
from assistant.people.external import address_of, groups_of, name_of
from assistant.people.links import digest
from assistant.people.sessions import Visitor
from assistant.settings import Settings
from assistant.web import cookies, forms, peers
from assistant.web.identity import SESSION, Identified
from assistant.web.state import HOLDER

if TYPE_CHECKING:
    from assistant.bootstrap import Services

NOT_BY_THE_PROXY = "This address is for the company's proxy alone: use the address that you were given."
NO_PERSON = "The proxy did not say who you are: sign in there. (Number {}.)"
REFUSED = "{} (Number {}.)"
ENDED = "/auth/proxy/ended"
STILL_THERE = "Your session here has ended. The proxy still knows you, so the next page begins a new one."
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
LEADS_ON = re.compile(r"(/|https?://)[!-~]*")
REMEMBERED = 10_000
"""Sessions of which it is known what the proxy said last; of the others the database is told again."""

STRANGERS = 100
"""Addresses that the log names at most; there are many in the world."""

logger = logging.getLogger(__name__)


def need_settings(settings: Settings) -> None:
    """Raise SettingsError with a sentence that names the variable, when this way of signing in cannot work."""
    if not peers.networks(settings.proxy_peers):
        raise SettingsError(
            "ASSISTANT_PROXY_PEERS must name the proxies whose word on people is taken, such as 10.0.0.5, "
            "when ASSISTANT_AUTH is proxy."
        )
    for name in ("proxy_user_header", "proxy_name_header", "proxy_groups_header"):
        if not HEADER_NAME.fullmatch(getattr(settings, name)):
            raise SettingsError(f"ASSISTANT_{name.upper()} has a value that cannot be used: it is no name of a header.")
    if settings.proxy_logout_url is not None and not LEADS_ON.fullmatch(settings.proxy_logout_url):
        raise SettingsError(
            "ASSISTANT_PROXY_LOGOUT_URL has a value that cannot be used: give a path such as /oauth2/sign_out, or an "
            "https address."
        )


def after_log_out(services: Services) -> str:
    """Return where a log-out leads: on to the proxy's own, where the settings name it."""
    return services.settings.proxy_logout_url or ENDED


async def ended(_request: Request) -> Response:
    """Say that somebody is logged out, as far as that goes."""
    if HOLDER.settings is None or HOLDER.settings.auth != "proxy":
        raise HTTPException(404)
    return forms.link("Logged out", STILL_THERE, "/", "Go on")


class ByProxy:
    """Knows people by the proxy's headers; remembers what was said of the newest sessions, to see what changed."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, bytes] = OrderedDict()
        self._strangers: set[str] = set()
        self._lock = threading.Lock()

    def identify(self, services: Services, connection: HTTPConnection) -> Identified | None:
        """Return who comes, None for a request that needs a session and has none; raises HTTPException, TwoCookies."""
        settings = services.settings
        peer = connection.scope.get(peers.PEER)
        if not peers.is_named(peer, settings.proxy_peers):
            self._note_stranger(str(peer))
            raise HTTPException(403, NOT_BY_THE_PROXY)
        who = _named(settings, connection)
        secure = cookies.is_secure(connection, settings.public_url)
        cookie = cookies.session_cookie(connection.scope["headers"], secure=secure)
        holder = services.sign_in.holder(digest(cookie)) if cookie else None
        if cookie is not None and holder is not None and holder.email == who.email:
            return self._gone_on(services, who, digest(cookie))
        reads = connection.scope["type"] == "http" and connection.scope["method"] in ("GET", "HEAD")
        return self._begun(services, who, connection, cookie) if reads else None

    def _note_stranger(self, peer: str) -> None:
        """Have the log name each address once, so that a proxy that was forgotten can be told from an intruder."""
        with self._lock:
            is_new = peer not in self._strangers and len(self._strangers) < STRANGERS
            if is_new:
                self._strangers.add(peer)
        if is_new:
            logger.warning("Requests of %s are refused: it is not among ASSISTANT_PROXY_PEERS.", peer)

    def _gone_on(self, services: Services, who: OutsideIdentity, session_id: str) -> Identified:
        if self._is_news(session_id, who):
            _admitted(services, who)
            self._remember(session_id, who)
        return Identified(SESSION + session_id)

    def _begun(
        self, services: Services, who: OutsideIdentity, connection: HTTPConnection, old_cookie: str | None
    ) -> Identified:
        person_id = _admitted(services, who)
        address = connection.client.host if connection.client else ""
        visitor = Visitor(connection.headers.get("user-agent", ""), address, old_cookie)
        cookie = services.sign_in.open_session(person_id, who.source, visitor)
        self._remember(digest(cookie), who)
        return Identified(SESSION + digest(cookie), new_cookie=cookie)

    def _is_news(self, session_id: str, who: OutsideIdentity) -> bool:
        with self._lock:
            return self._said.get(session_id) != _summary(who)

    def _remember(self, session_id: str, who: OutsideIdentity) -> None:
        with self._lock:
            self._said[session_id] = _summary(who)
            self._said.move_to_end(session_id)
            while len(self._said) > REMEMBERED:
                self._said.popitem(last=False)


def _admitted(services: Services, who: OutsideIdentity) -> str:
    try:
        return services.external.admit(who).id
    except SignInRefused as error:
        logger.warning("reference %s: not let in: %s", error.reference, error.message)
        raise HTTPException(403, REFUSED.format(error.message, error.reference)) from None


def _named(settings: Settings, connection: HTTPConnection) -> OutsideIdentity:
    named = _values(connection, settings.proxy_user_header)
    email = address_of(named[0]) if len(named) == 1 else None
    if email is None:
        reference = new_reference()
        header = settings.proxy_user_header
        logger.warning("reference %s: the proxy sent %d values of %s, no mail address", reference, len(named), header)
        raise HTTPException(401, NO_PERSON.format(reference))
    names = _values(connection, settings.proxy_name_header)
    groups = [name for value in _values(connection, settings.proxy_groups_header) for name in value.split(",")]
    return OutsideIdentity("proxy", email, name_of(names[0]) if names else "", groups_of(groups))


def _values(connection: HTTPConnection, header: str) -> Sequence[str]:
    """Return a header's values as text: proxies send UTF-8, and the standard says Latin-1."""
    return [value.encode("latin-1").decode("utf-8", "replace") for value in connection.headers.getlist(header)]


def _summary(who: OutsideIdentity) -> bytes:
    return hashlib.sha256(repr((who.email, who.name, who.groups)).encode()).digest()
