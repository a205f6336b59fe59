"""The routes of signing in and out: the form for a password, links that work once, log-out, the demo's two views."""

from __future__ import annotations

import hashlib
import logging
import math
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.routing import Route

from assistant.bootstrap import Services
from assistant.errors import AssistantError, PasswordRefused, SignInRefused, WrongUse
from assistant.people.links import LinkKind
from assistant.people.sessions import Visitor
from assistant.web import admission, cookies, forms
from assistant.web.local_path import HOME, local_path
from assistant.web.state import HOLDER
from assistant.web.ways import WAYS

MOST_BYTES = 16_000
"""Of a form that is posted here."""
MOST_FIELDS = 20
BODY_SECONDS = 10.0
AT_ONCE, WAITING = 2, 30
"""Passwords that are looked at side by side, each with 32 MiB and most of a core, and how many wait for it."""
BUSY = "Too many people sign in at this moment. Try again in a few seconds."
NOT_THE_SAME = "The two passwords are not the same."
BY_PROXY = "People come in here by the company's own sign-in, which has not said who you are."
SAME_SITE = ("same-origin", "none")
FORM = "application/x-www-form-urlencoded"
NOT_HERE = "There is no such page."
EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"]


TRIES_SECONDS = 600
_KEY = secrets.token_bytes(16)
"""Makes the numbers of refused tries such that nobody can tell an address from them."""

logger = logging.getLogger(__name__)


class Busy(HTTPException):
    """Raised when too many sign in at this moment."""


class SignInRoutes:
    """What is open to people without a session."""

    def __init__(self) -> None:
        self._running: anyio.CapacityLimiter | None = None  # belongs to the loop that it is made in
        self._asking = 0

    def routes(self) -> list[Route]:
        """The routes of every way of signing in."""
        both = ["GET", "POST"]
        return [
            Route("/login", admission.answered(self.sign_in), methods=both),
            Route("/auth/logout", admission.answered(log_out), methods=both),
            Route("/auth/setup", admission.answered(self.set_up), methods=both),
            Route("/auth/invite", admission.answered(self.by_link), methods=both),
            Route("/auth/reset", admission.answered(self.by_link), methods=both),
            Route("/auth/view", admission.answered(view), methods=["GET"]),
            Route(forms.STYLE, style, methods=["GET"]),
        ]

    def after(self) -> list[Route]:
        """What stands behind all routes of signing in, of other ways too."""
        return [Route("/auth/{rest:path}", nothing, methods=EVERY_METHOD)]

    async def sign_in(self, request: Request) -> Response:
        """GET gives the form or the way on; POST of ``email``, ``password`` and ``next`` signs in and leads there."""
        services = _services()
        if request.method != "POST":
            return await _way_in(request, services)
        _need_way(services, "password")
        given = await fields_of(request)
        goes_to, email = local_path(given.get("next")), given.get("email", "")
        name = await _name(services)
        try:
            who = email, given.get("password", ""), visitor_of(request, services)
            cookie = await self._bounded(services.sign_in.by_password, *who)
        except SignInRefused as error:
            told = forms.Alert(error.message, _try_noted(error, who[2].address))
            return _again(forms.sign_in(name, goes_to, email, told), error)
        except Busy as error:
            return forms.sign_in(name, goes_to, email, forms.Alert(error.detail), status=error.status_code)
        return signed_in(request, services, cookie, goes_to)

    async def by_link(self, request: Request) -> Response:
        """The form for the password of an invitation or a reset, and its answer."""
        services, kind = _services(), LinkKind(request.url.path.rpartition("/")[2])
        _need_way(services, "password")
        given = await fields_of(request) if request.method == "POST" else dict(request.query_params)
        token = given.get("token", "")
        try:
            email = await anyio.to_thread.run_sync(services.sign_in.asked_by, kind, token) or ""
        except SignInRefused as error:
            return _dead_link(error)
        if request.method != "POST":
            return forms.new_password(kind, token, email)
        try:
            who = kind, token, _password(given), visitor_of(request, services)
            cookie = await self._bounded(services.sign_in.by_link, *who)
        except PasswordRefused as error:
            return forms.new_password(kind, token, email, _noted(error), status=422)
        except SignInRefused as error:
            return _dead_link(error)
        return signed_in(request, services, cookie, HOME)

    async def set_up(self, request: Request) -> Response:
        """The form by which the first admin comes in, and its answer."""
        services = _services()
        _need_way(services, "password")
        given = await fields_of(request) if request.method == "POST" else dict(request.query_params)
        token, name, email = (given.get(field, "") for field in ("token", "name", "email"))
        try:
            await anyio.to_thread.run_sync(services.sign_in.asked_by, LinkKind.SETUP, token)
            if request.method != "POST":
                return forms.set_up(token)
            who = token, name, email, _password(given), visitor_of(request, services)
            cookie = await self._bounded(services.sign_in.set_up, *who)
        except (PasswordRefused, WrongUse) as error:
            return forms.set_up(token, name, email, _noted(error), status=422)
        except SignInRefused as error:
            return _dead_link(error)
        return signed_in(request, services, cookie, HOME)

    async def _bounded(self, call: Callable[..., str], *given: object) -> str:
        """Run what hashes passwords in a thread, a few at once; a flood is refused instead of kept waiting."""
        if self._asking >= AT_ONCE + WAITING:
            raise Busy(503, BUSY)
        self._running = self._running or anyio.CapacityLimiter(AT_ONCE)
        self._asking += 1
        try:
            return await anyio.to_thread.run_sync(call, *given, limiter=self._running)
        finally:
            self._asking -= 1


async def log_out(request: Request) -> Response:
    """End the session and have the browser forget what it kept; a link of another site only leads to the question."""
    services = _services()
    if request.method != "POST" and request.headers.get("sec-fetch-site", "none") not in SAME_SITE:
        return forms.log_out()
    secure = cookies.is_secure(request, services.settings.public_url)
    for cookie in cookies.values(request.scope["headers"], cookies.name(secure=secure)):
        await anyio.to_thread.run_sync(services.sign_in.log_out, cookie)
    leads_to = WAYS[services.settings.auth].after_log_out(services)
    response = RedirectResponse(leads_to, status_code=303, headers=forms.HEADERS)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    cookies.take_session(response, secure=secure)
    return response


async def view(request: Request) -> Response:
    """``?as=staff`` or ``admin``: the view of the demo's one person from now on; leads back to where they were."""
    wanted = request.query_params.get("as", "")
    if HOLDER.settings is None or HOLDER.settings.auth != "demo" or wanted not in ("staff", "admin"):
        raise HTTPException(404, NOT_HERE)
    if request.headers.get("sec-fetch-site", "none") not in SAME_SITE:
        raise HTTPException(403, admission.OTHER_SITE)
    response = RedirectResponse(_back(request), status_code=303, headers=forms.HEADERS)
    cookies.set_view(response, wanted)
    return response


async def style(_request: Request) -> Response:
    """The look of the pages of signing in."""
    return FileResponse(forms.STYLE_FILE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


async def nothing(_request: Request) -> Response:
    """What else begins like a route of signing in is not there, for anybody."""
    return admission.refusal(404, NOT_HERE)


def signed_in(request: Request, services: Services, cookie: str, goes_to: str) -> Response:
    """Give the browser its new session and lead it on; ``goes_to`` is a path of this app."""
    response = RedirectResponse(goes_to, status_code=303, headers=forms.HEADERS)
    cookies.set_session(response, cookie, secure=cookies.is_secure(request, services.settings.public_url))
    return response


def visitor_of(request: Request, services: Services) -> Visitor:
    """The browser that signs in; the session that it had before ends with it, so that none planted there goes on."""
    secure = cookies.is_secure(request, services.settings.public_url)
    had = cookies.values(request.scope["headers"], cookies.name(secure=secure))
    address = request.client.host if request.client else ""
    return Visitor(request.headers.get("user-agent", ""), address, had[0] if len(had) == 1 else None)


async def fields_of(request: Request) -> dict[str, str]:
    """Return the fields of a posted form, of which no more is read than a form can have."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise HTTPException(415, "Only forms are taken here.")
    body = b""
    with anyio.move_on_after(BODY_SECONDS) as patience:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_BYTES:
                raise HTTPException(413, "This form is too large.")
    if patience.cancelled_caught:
        raise HTTPException(408, "The form did not arrive whole.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict"))
    except ValueError:
        raise HTTPException(400, "This is not a form of this app.") from None


async def _way_in(request: Request, services: Services) -> Response:
    goes_to, way = local_path(request.query_params.get("next")), WAYS[services.settings.auth]
    with suppress(cookies.TwoCookies):
        found = await anyio.to_thread.run_sync(way.identify, services, request)
        if found is not None and found.new_cookie is not None:
            return signed_in(request, services, found.new_cookie, goes_to)
        if found is not None:
            return RedirectResponse(goes_to, status_code=303, headers=forms.HEADERS)
    name = await _name(services)
    if services.settings.auth == "password":
        return forms.sign_in(name, goes_to)
    if way.sign_in_at is None:
        return forms.page("Sign in", BY_PROXY, status=403)
    address = f"{way.sign_in_at}?{urlencode({'next': goes_to})}"
    return forms.link("Sign in", name, address, "Sign in with the company's account")


async def _name(services: Services) -> str:
    branding = await anyio.to_thread.run_sync(services.branding.shown)
    return branding.name


def _services() -> Services:
    services = HOLDER.wait(0)
    if services is None:
        raise HTTPException(503, HOLDER.reason)
    return services


def _need_way(services: Services, way: str) -> None:
    if services.settings.auth != way:
        raise HTTPException(404, NOT_HERE)


def _password(given: dict[str, str]) -> str:
    if given.get("password", "") != given.get("repeated", ""):
        raise PasswordRefused(NOT_THE_SAME)
    return given.get("password", "")


def _again(response: Response, error: SignInRefused) -> Response:
    response.status_code = 401
    if error.retry_after is not None:
        response.status_code = 429
        response.headers["Retry-After"] = str(math.ceil(error.retry_after))
    return response


def _dead_link(error: AssistantError) -> Response:
    told = forms.Alert(reference=_noted(error).reference)
    return forms.link("This link does not work", error.message, "/login", "To the sign-in", status=410, alert=told)


def _noted(error: AssistantError) -> forms.Alert:
    logger.warning("reference %s: %s", error.reference, error.message)
    return forms.Alert(error.message, error.reference)


def _try_noted(error: SignInRefused, address: str) -> str:
    """Write that a try was refused, and return its number: one for all tries of a machine within ten minutes.

    With a number of its own each refusal would differ from the next, and people compare them to find out accounts.
    """
    tries = f"{address} {int(time.time() // TRIES_SECONDS)}".encode()
    reference = hashlib.blake2b(tries, key=_KEY, digest_size=4).hexdigest()
    logger.warning("reference %s: a sign-in from %s was refused: %s", reference, address, error.message)
    return reference


def _back(request: Request) -> str:
    """Where the demo's view was changed: as asked for, else the page that the browser says it came from."""
    asked = request.query_params.get("next")
    came_from = urlsplit(request.headers.get("referer", ""))
    if asked is not None or came_from.netloc != request.headers.get("host", ""):
        return local_path(asked)
    return local_path(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
