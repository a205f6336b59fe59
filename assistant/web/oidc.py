"""The routes of signing in by an identity provider: there, back, and out of both.

A sign-in belongs to the browser that began it: a cookie of its own, of which the database has the digest, must come
back with the answer. Everything that goes wrong is one sentence with a number; what it was stands in the log.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from assistant import log
from assistant.access import SignInFlow
from assistant.bootstrap import Services
from assistant.errors import SettingsError, SignInRefused, new_reference
from assistant.people.links import digest
from assistant.settings import Settings
from assistant.storage.sign_in_flows import MINUTES, SignInFlows
from assistant.web import cookies, forms
from assistant.web.belief import Unbelievable, is_safe
from assistant.web.local_path import local_path
from assistant.web.sign_in import signed_in, visitor_of
from assistant.web.start import is_loopback
from assistant.web.state import HOLDER

START, BACK, END, ENDED = "/auth/oidc/start", "/auth/oidc/callback", "/auth/oidc/end", "/auth/oidc/ended"
FLOW_COOKIE = "assistant_flow_"
"""With the beginning of the state, so that several tabs of a browser can be on their way at once."""
STATE = re.compile(r"[A-Za-z0-9_-]{43}")  # of token_urlsafe(32)
TOKEN_COOKIE = "assistant_id_token"  # noqa: S105  # a name
TOKEN_CHARACTERS = 3_800
"""Browsers drop a cookie of more than 4 KB with its name."""
NO_STORE = {"Cache-Control": "no-store"}
FAILED = "Signing in did not work. Try again; if it stays so, tell an administrator the number {}."
REFUSED = "{} (Number {}.)"
AT_THE_PROVIDER = "Signing in was not finished there. Try again; if it stays so, tell an administrator the number {}."
TOO_LATE = "This sign-in was begun too long ago, in another browser, or is over. Sign in again. (Number {}.)"

if TYPE_CHECKING:
    from assistant.web.identity_provider import IdentityProvider
NOT_THERE = "You are logged out."
STILL_THERE = (
    "You are logged out here. This browser is still signed in at the provider, which knows no log-out by apps."
)

logger = logging.getLogger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


def need_settings(settings: Settings, listens_at: str | None) -> None:
    """Raise SettingsError with a sentence that names the variable, when this way of signing in cannot work."""
    if not is_safe(settings.oidc_issuer, here=True):
        raise SettingsError(
            "ASSISTANT_OIDC_ISSUER must be the https address of the identity provider when ASSISTANT_AUTH is oidc."
        )
    if not settings.oidc_client_id:
        raise SettingsError("ASSISTANT_OIDC_CLIENT_ID must be set when ASSISTANT_AUTH is oidc.")
    if "openid" not in settings.oidc_scopes.split():
        raise SettingsError("ASSISTANT_OIDC_SCOPES has a value that cannot be used: openid must be among them.")
    if settings.public_url is None:
        if not is_loopback(listens_at):
            raise SettingsError(
                "ASSISTANT_PUBLIC_URL must be the address by which people reach the app when ASSISTANT_AUTH is oidc."
            )
    elif not is_safe(settings.public_url, here=True):
        raise SettingsError("ASSISTANT_PUBLIC_URL must be an https address when ASSISTANT_AUTH is oidc.")


class OidcRoutes:
    """The routes; the provider is made when first asked for, as the settings are not known before."""

    def __init__(self) -> None:
        self._provider: IdentityProvider | None = None
        self._of: Settings | None = None

    def routes(self) -> list[Route]:
        """All of them; in another way of signing in they are not there."""
        handlers = {START: self.start, BACK: self.callback, END: self.end, ENDED: self.ended}
        return [Route(path, _answered(handler), methods=["GET"]) for path, handler in handlers.items()]

    async def start(self, request: Request) -> Response:
        """Lead a browser to the provider."""
        services = _services()
        cookie, state = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        goes_to = local_path(request.query_params.get("next"))
        flow = SignInFlow(state, secrets.token_urlsafe(32), secrets.token_urlsafe(48), goes_to)
        address = await (await self._provider_of(services)).sign_in_address(flow, _address(request, services, BACK))
        await anyio.to_thread.run_sync(SignInFlows(services.database).add, digest(cookie), flow)
        response = RedirectResponse(address, status_code=303, headers=NO_STORE)
        secure = _is_secure(request, services)
        response.set_cookie(
            _flow_cookie(state, secure=secure), cookie, max_age=60 * MINUTES, secure=secure, httponly=True
        )
        return response

    async def callback(self, request: Request) -> Response:
        """Take a browser back from the provider, and let its person in."""
        services, told = _services(), request.query_params
        secure = _is_secure(request, services)
        flow = await _flow(request, services, secure=secure)
        provider = await self._provider_of(services)
        await provider.need_issuer(told.get("iss"))
        if "code" not in told:
            raise _NotFinished(told.get("error", ""))
        who, id_token = await provider.identity(told["code"], flow, _address(request, services, BACK))
        try:
            person = await anyio.to_thread.run_sync(services.external.admit, who)
        except SignInRefused as error:
            return _other_account(error, id_token, services.settings, secure=secure)
        visitor = visitor_of(request, services)
        cookie = await anyio.to_thread.run_sync(services.sign_in.open_session, person.id, who.source, visitor)
        response = signed_in(request, services, cookie, flow.goes_to)
        response.delete_cookie(_flow_cookie(flow.state, secure=secure), secure=secure, httponly=True)
        _keep_token(response, id_token, services.settings, secure=secure)
        return response

    async def end(self, request: Request) -> Response:
        """Lead a browser, whose session here has ended, on to the provider, so that this forgets it too.

        A page in between, since browsers let no form that was sent here lead to another host.
        """
        services = _services()
        token = request.cookies.get(TOKEN_COOKIE)
        address = await (await self._provider_of(services)).sign_out_address(token, _address(request, services, ENDED))
        if address is None:
            response = _logged_out(STILL_THERE)
        else:
            response = forms.link("Logging out", "You are logged out here, and now at the provider.", address, "Go on")
            response.headers["Refresh"] = f"0;url={address}"
        response.delete_cookie(TOKEN_COOKIE, path=END, httponly=True, samesite="strict")
        return response

    async def ended(self, _request: Request) -> Response:
        """Say that somebody is logged out."""
        _services()
        return _logged_out(NOT_THERE)

    async def _provider_of(self, services: Services) -> IdentityProvider:
        if self._provider is None or self._of is not services.settings:
            provider = await anyio.to_thread.run_sync(_made, services.settings)
            self._provider, self._of = provider, services.settings
        return self._provider


class _NotFinished(Exception):
    """Raised when the provider sends somebody back without having let them in; holds its word for why."""


class _NoFlow(Exception):
    """Raised for an answer that belongs to no sign-in of this browser."""


def _answered(handler: Handler) -> Handler:
    """Answer whatever goes wrong with a sentence and a number, which stands in the log with what it was."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException:
            raise
        except _NoFlow:
            return _failure(_noted(TOO_LATE, "an answer that belongs to no sign-in of this browser"), 400)
        except _NotFinished as error:
            code = re.sub(r"[^a-z_]", "", str(error))[:60]
            return _failure(_noted(AT_THE_PROVIDER, f"the provider sent somebody back with {code!r}"), 403)
        except Unbelievable as error:
            return _failure(_noted(FAILED, str(error)), 502)
        except Exception as error:  # whatever the library of HTTP raises: nothing of it goes into the page
            return _failure(FAILED.format(log.record(logger, error, traced=False)), 502)

    return answering


def _made(settings: Settings) -> IdentityProvider:
    """Make the provider; its libraries, which no other way of signing in needs, are imported by that."""
    from assistant.web.identity_provider import IdentityProvider

    return IdentityProvider(settings)


def _noted(sentence: str, words: str) -> str:
    reference = new_reference()
    logger.warning("reference %s: sign-in by the identity provider: %s", reference, " ".join(words.split())[:1_000])
    return sentence.format(reference)


def _other_account(error: SignInRefused, id_token: str, settings: Settings, *, secure: bool) -> Response:
    """Say why somebody is not let in; the provider would send the same person again until it forgets the browser."""
    logger.warning("reference %s: not let in: %s", error.reference, error.message)
    sentence = REFUSED.format(error.message, error.reference)
    response = forms.link("Not signed in", sentence, END, "Use another account", status=403)
    _keep_token(response, id_token, settings, secure=secure)
    return response


def _failure(sentence: str, status: int) -> Response:
    return forms.link("Not signed in", sentence, "/login", "Sign in again", status=status)


def _logged_out(sentence: str) -> Response:
    return forms.link("Logged out", sentence, "/login", "Sign in")


def _services() -> Services:
    services = HOLDER.wait(0)
    if services is None or services.settings.auth != "oidc":
        raise HTTPException(404)
    return services


async def _flow(request: Request, services: Services, *, secure: bool) -> SignInFlow:
    """Return the sign-in that this browser began and that this answer belongs to; it is used up by that."""
    state = request.query_params.get("state", "")
    if not STATE.fullmatch(state):
        raise _NoFlow
    found = cookies.values(request.scope["headers"], _flow_cookie(state, secure=secure))
    if len(found) != 1:
        raise _NoFlow
    flow = await anyio.to_thread.run_sync(SignInFlows(services.database).take, digest(found[0]))
    if flow is None or not secrets.compare_digest(flow.state, state):
        raise _NoFlow
    return flow


def _flow_cookie(state: str, *, secure: bool) -> str:
    return f"{cookies.PREFIX if secure else ''}{FLOW_COOKIE}{state[:16]}"


def _keep_token(response: Response, id_token: str, settings: Settings, *, secure: bool) -> None:
    """Leave the ID token with its own person's browser, for nothing but the way out; the database never has it."""
    if len(id_token) <= TOKEN_CHARACTERS:
        response.set_cookie(
            TOKEN_COOKIE, id_token, max_age=int(settings.session_hours * 3600),
            path=END, secure=secure, httponly=True, samesite="strict",
        )  # fmt: skip


def _is_secure(request: Request, services: Services) -> bool:
    return cookies.is_secure(request, services.settings.public_url)


def _address(request: Request, services: Services, path: str) -> str:
    """Return the whole address of a path of ours, as it is registered at the provider."""
    base = services.settings.public_url or f"{request.url.scheme}://{request.headers['host']}"
    return base.rstrip("/") + path
