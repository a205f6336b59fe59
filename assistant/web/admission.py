"""Which requests the app's own routes let in: meant for this host, and sent by one of its own pages.

Another site's page can make a browser send requests here, with whatever the browser would add of a sign-in. A request
that changes something must therefore come from our origin and carry a header that no form and no link can send.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from urllib.parse import urlsplit

import anyio
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from assistant import log
from assistant.bootstrap import Services
from assistant.domain import Person
from assistant.errors import (
    AssistantError,
    Conflict,
    DiskFull,
    NotAllowed,
    NotFound,
    SignedOut,
    UploadRefused,
    new_reference,
)
from assistant.web.identity import HEADER, TOKEN, person_of
from assistant.web.state import HOLDER

Hosts = Callable[[], Sequence[str]]
"""Gives the names under which this app may be asked; ``*.example.org`` stands for all below, ``*`` for any."""
Handler = Callable[[Request], Awaitable[Response]]
MARK = ("x-requested-with", "internal-knowledge-assistant")
STATUSES: tuple[tuple[type[AssistantError], int], ...] = (
    (SignedOut, 401), (NotAllowed, 403), (NotFound, 404), (Conflict, 409), (DiskFull, 507), (UploadRefused, 422)
)  # fmt: skip
FIXED = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin"}
OTHER_SITE = "This request came from another site."
GONE = 499
"""What proxies log for a client that went away; nobody receives it."""

logger = logging.getLogger(__name__)


def answered(handler: Handler) -> Handler:
    """Answer every error of a handler with its status and one sentence, never with a trace."""

    @wraps(handler)
    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except HTTPException as error:
            return refusal(error.status_code, error.detail, noted(error.detail))
        except ClientDisconnect:
            return refusal(GONE, "The connection ended.")
        except AssistantError as error:
            logger.warning("reference %s: %s", error.reference, error.message)
            status = next((status for kind, status in STATUSES if isinstance(error, kind)), 400)
            return refusal(status, error.message, error.reference)
        except Exception as error:
            return refusal(500, "Something went wrong. Try again.", log.record(logger, error))

    return answering


def noted(sentence: str) -> str:
    """Write a refusal into the log and return its number."""
    reference = new_reference()
    logger.warning("reference %s: %s", reference, sentence)
    return reference


def refusal(status: int, sentence: str, reference: str = "") -> JSONResponse:
    """One sentence for the person, with the number that the log has too."""
    # What was not read of the request's body must not be taken for the next request.
    headers = {**FIXED, "Connection": "close"}
    return JSONResponse({"message": sentence, "reference": reference}, status_code=status, headers=headers)


async def enter(request: Request) -> tuple[Services, Person]:
    """Return the services and the person who asks; 503 while the services are not there."""
    services = HOLDER.wait(0)
    if services is None:
        raise HTTPException(503, HOLDER.reason)
    return services, await anyio.to_thread.run_sync(person_of, services, request.headers)


def admit_reading(request: Request, hosts: Hosts) -> None:
    """Let a request in that only reads; 403 when it is for another host, or made by another site's page.

    A link on another site may lead here, as one in a mail does.
    """
    need_host(request.headers, hosts)
    by_a_page = request.headers.get("sec-fetch-mode", "navigate") != "navigate"
    if by_a_page and request.headers.get("sec-fetch-site") == "cross-site":
        raise HTTPException(403, OTHER_SITE)


def admit_changing(request: Request, hosts: Hosts) -> None:
    """Let a request in that changes something; 403 when it was not sent by a page of this app.

    An API token is itself a sign that the sender means it: no browser adds one by itself.
    """
    need_host(request.headers, hosts)
    if request.headers.get(HEADER, "").startswith(TOKEN):
        return
    name, value = MARK
    if request.headers.get(name) != value:
        raise HTTPException(403, f"This request lacks the header {name} of the app's own pages.")
    if "origin" not in request.headers:
        raise HTTPException(403, OTHER_SITE)
    settings = HOLDER.settings
    need_own_origin(request.headers, settings.public_url if settings else None)


def need_own_origin(headers: Mapping[str, str], public_url: str | None) -> None:
    """Refuse with 403 what a page of another site sent; what no page sent says nothing of where it comes from."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, OTHER_SITE)
    given = headers.get("origin")
    if given is None:
        return
    scheme, host = _origin(given)
    is_ours = scheme in ("http", "https") and host == headers.get("host", "").lower()
    if not is_ours and (public_url is None or (scheme, host) != _origin(public_url)):
        raise HTTPException(403, OTHER_SITE)


def need_host(headers: Mapping[str, str], hosts: Hosts) -> None:
    """Refuse with 403 what is for another host: names of other sites can be made to point here (DNS rebinding)."""
    name = _host_name(headers.get("host", ""))
    if name is None or not any(_matches(name, allowed.strip().lower().rstrip(".")) for allowed in hosts() or ("*",)):
        raise HTTPException(403, "This address is not one of the app's own.")


def _origin(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    return parts.scheme.lower(), parts.netloc.lower()


def _host_name(host: str) -> str | None:
    try:
        parts = urlsplit(f"//{host}")
        parts.port  # noqa: B018  # raises for a port that is none
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return None if parts.hostname is None else parts.hostname.lower().rstrip(".")


def _matches(name: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return name.endswith(allowed[1:])
    return allowed in ("*", name)
