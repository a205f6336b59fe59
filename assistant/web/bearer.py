"""API tokens on the app's own routes: which route takes one, and what the token must be for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from assistant.access import Scope
from assistant.errors import SignedOut
from assistant.web.identity import Identified

if TYPE_CHECKING:
    from assistant.bootstrap import Services

SCHEME = "bearer"
WRONG_USE = "This API token may not be used for this."
ROUTES: tuple[tuple[str, re.Pattern[str], Scope], ...] = (
    ("PUT", re.compile(r"/documents/upload"), Scope.UPLOAD),
    ("GET", re.compile(r"/documents/[^/]+/original"), Scope.READ),
)
"""Method and path of each route that takes a token, and the use that the token must be for."""


def secret_of(connection: HTTPConnection) -> str | None:
    """Return the token of a request; None without one."""
    scheme, _, secret = connection.headers.get("authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == SCHEME else None


def needed(method: str, path: str) -> Scope | None:
    """Return what a token must be for to be taken here; None where no token is taken."""
    return next((scope for verb, pattern, scope in ROUTES if verb == method and pattern.fullmatch(path)), None)


def identified(services: Services, secret: str, use: Scope) -> Identified:
    """Return whose token this is; HTTPException with 401 when it does not hold, 403 when it is for other uses."""
    try:
        person, scopes = services.tokens.person_for(secret)
    except SignedOut as error:
        raise HTTPException(401, error.message) from None
    if use not in scopes:
        raise HTTPException(403, WRONG_USE)
    return Identified(person.credential or "")
