"""The gate: nothing of the app is reached without a session, over http or websocket, but what signing in needs.

It stands before everything else, decides by the path that the app would route by, reads no body of what it refuses,
and tells the app who asks in a header that it takes out of what clients send.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import anyio
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.domain import Role
from assistant.errors import SignedOut
from assistant.people.rights import ONLY_ADMINS, ONLY_EDITORS
from assistant.web import admission, bearer, forms, ways
from assistant.web.asked import Asked
from assistant.web.cookies import TwoCookies, is_secure, session_header
from assistant.web.identity import HEADER, NOBODY, Identified, person_of
from assistant.web.local_path import path_of
from assistant.web.state import HOLDER

if TYPE_CHECKING:
    from assistant.bootstrap import Services

AT_ONCE = 16
"""Look-ups that run side by side; the threads of everything else are left alone."""
ALIVE = ("/healthz", "/_stcore/health")
"""Asked by machines, by whatever name they know this one; they tell nothing that is anybody's."""
SIGN_IN, AUTH = "/login", "/auth/"
OWN_ROUTES = "/documents/"
KEPT_UPLOADS, KEPT_MEDIA = "/_stcore/upload_file/", "/media/"
"""Where Streamlit takes files into memory, without a limit to how many, and where it gives some out of it."""
FORWARDED = "x-forwarded-"
"""How most headers begin that proxies add."""
METRICS = "/_stcore/metrics"
FORWARDING = (
    "forwarded", "via", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-original-forwarded-for"
)  # fmt: skip
"""Others that proxies and tunnels add; one that adds nothing cannot be told from a browser."""
NO_STORE = {"Cache-Control": "no-store"}
DEMO_BEHIND_A_PROXY = (
    "The demo mode has no sign-in, so it is not shown through a proxy: set ASSISTANT_AUTH to another way of signing in."
)
TWO_COOKIES = "This browser sent two session cookies: delete the cookies of this site and sign in again."
TWO_HOSTS = "This request names two hosts."
NO_FILE = "There is no such file."

Owns = Callable[[str, str], bool]
"""Says whether what is kept at a path (the first) belongs to whom an identity names."""


class _Refused(Exception):
    """Raised for what does not pass, with what a client over http is told."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class Gate:
    """ASGI middleware; ``hosts`` gives the names under which the app may be asked, ``assets`` the open files.

    ``owns`` says what of that which is kept for single tabs is there for whom; without it nothing is for anybody.
    """

    def __init__(self, app: ASGIApp, hosts: admission.Hosts, assets: frozenset[str], owns: Owns | None = None) -> None:
        self._app = app
        self._hosts = hosts
        self._assets = assets
        self._owns = owns or _nothing_kept
        self._lookups: anyio.CapacityLimiter | None = None  # belongs to the loop that it is made in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the identity in its header; refuse the rest in a sentence."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        asked = Asked({**scope, "headers": [pair for pair in scope["headers"] if not _is_identity(pair[0])]})
        try:
            identified = await self._admitted(asked)
            if identified is not None and not self._owns(asked.path, identified.identity):
                raise HTTPException(404, NO_FILE)
        except _Refused as refused:
            await _refuse(asked, refused.response, receive, send)
        except HTTPException as error:
            await _refuse(asked, _told(asked, error), receive, send)
        else:
            await self._pass(asked, identified, receive, send)

    async def _admitted(self, asked: Asked) -> Identified | None:
        """Return who asks, None for what is open to all; raises for everything that does not pass."""
        if asked.path in ALIVE and asked.is_reading:
            return None
        if len(asked.connection.headers.getlist("host")) > 1:
            raise HTTPException(400, TWO_HOSTS)
        admission.need_host(asked.headers, self._hosts)
        if asked.path in self._assets and asked.is_reading:
            return None
        settings = HOLDER.settings
        if not asked.is_http or asked.is_changing:
            admission.need_own_origin(asked.headers, settings.public_url if settings else None)
        if settings is not None and settings.auth == "demo":
            return _in_the_demo(asked)
        services = HOLDER.wait(0)
        if services is None:
            raise _Refused(_starting(asked))
        if asked.is_http and asked.is_plain and (asked.path == SIGN_IN or asked.path.startswith(AUTH)):
            return None
        return await self._identified(services, asked)

    async def _identified(self, services: Services, asked: Asked) -> Identified:
        self._lookups = self._lookups or anyio.CapacityLimiter(AT_ONCE)
        try:
            found = await anyio.to_thread.run_sync(_looked_up, services, asked, limiter=self._lookups)
        except TwoCookies:
            raise HTTPException(400, TWO_COOKIES) from None
        if found is None:
            raise _Refused(_to_sign_in(asked))
        return found

    async def _pass(self, asked: Asked, identified: Identified | None, receive: Receive, send: Send) -> None:
        if identified is None:
            await self._app(asked.scope, receive, send)
            return
        asked.scope["headers"].append((HEADER.encode(), identified.identity.encode()))

        async def completed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.accept"):
                _complete(message, asked, identified)
            await send(message)

        await self._app(asked.scope, receive, completed)


def assets_in(folder: Path) -> frozenset[str]:
    """Return the paths of the files that draw Streamlit's page, which are the same for everybody."""
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return frozenset(f"/{name}" for name in files if name != "index.html")


def _nothing_kept(path: str, _identity: str) -> bool:
    return not path.startswith((KEPT_UPLOADS, KEPT_MEDIA))


def _is_identity(name: bytes) -> bool:
    """Whether a header would be taken for the identity by anyone: proxies and servers join - and _ and any case."""
    return name.decode("latin-1").strip().lower().replace("_", "-") == HEADER


def _in_the_demo(asked: Asked) -> Identified:
    """The one local person; a proxy in front would open that to whoever reaches the proxy."""
    if any(name in FORWARDING or name.startswith(FORWARDED) for name in asked.headers):
        raise HTTPException(403, DEMO_BEHIND_A_PROXY)
    return ways.local_person(asked.connection)


def _looked_up(services: Services, asked: Asked) -> Identified | None:
    """Say who asks, by an API token where one is taken, else by the way of the settings. Runs in a thread."""
    use = bearer.needed(asked.method, asked.path)
    token = bearer.secret_of(asked.connection) if use is not None else None
    if use is not None and token is not None:
        return bearer.identified(services, token, use)
    found = ways.WAYS[services.settings.auth].identify(services, asked.connection)
    if found is not None and asked.path.startswith(KEPT_UPLOADS):
        _need_role(services, found, (Role.KB_ADMIN, Role.ADMIN), ONLY_EDITORS)
    if found is not None and asked.path == METRICS:
        _need_role(services, found, (Role.ADMIN,), ONLY_ADMINS)
    if found is not None and (asked.is_navigation or asked.path.startswith(OWN_ROUTES)):
        services.sign_in.touched(found.identity)
    return found


def _need_role(services: Services, found: Identified, roles: tuple[Role, ...], sentence: str) -> None:
    """Refuse who has no use for what Streamlit itself would give to every session."""
    try:
        role = person_of(services, {HEADER: found.identity}).role
    except SignedOut:
        role = None
    if role not in roles:
        raise HTTPException(403, sentence)


def _complete(message: Message, asked: Asked, identified: Identified) -> None:
    """Have nothing of a person's kept by a browser that somebody else may use after them; give it its session."""
    settings = HOLDER.settings
    if settings is None or settings.auth == "demo":
        return
    message.setdefault("headers", [])  # an accepted handshake may have none
    headers = MutableHeaders(scope=message)
    headers["Cache-Control"] = "no-store"
    if identified.new_cookie is not None:
        secure = is_secure(asked.connection, settings.public_url)
        headers.append("set-cookie", session_header(identified.new_cookie, secure=secure))


def _to_sign_in(asked: Asked) -> Response:
    """A browser that wants a page is led to the sign-in and back to the page; everyone else is told."""
    if not asked.is_navigation:
        return admission.refusal(401, NOBODY)
    wanted = path_of(asked.path, asked.scope.get("query_string", b""))
    address = SIGN_IN if wanted == "/" else f"{SIGN_IN}?{urlencode({'next': wanted})}"
    return RedirectResponse(address, status_code=303, headers=NO_STORE)


def _told(asked: Asked, error: HTTPException) -> Response:
    reference = admission.noted(error.detail)
    if asked.is_navigation:
        return forms.page("Not let in", error.detail, status=error.status_code, alert=forms.Alert(reference=reference))
    return admission.refusal(error.status_code, error.detail, reference)


def _starting(asked: Asked) -> Response:
    return forms.starting(HOLDER.reason) if asked.is_navigation else admission.refusal(503, HOLDER.reason)


async def _refuse(asked: Asked, response: Response, receive: Receive, send: Send) -> None:
    """Answer without reading on; a handshake is refused before it is accepted, which clients see as 403."""
    if not asked.is_http:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
        return
    if asked.has_body:  # what was not read of it must not be taken for the next request
        response.headers["Connection"] = "close"
    await response(asked.scope, receive, send)
