"""The session cookie: its name, how it is read out of a request, and how it is set and taken back.

Under TLS its name begins with ``__Host-``, so that no other host of the domain and no plain connection can set it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from starlette.requests import HTTPConnection
from starlette.responses import Response

NAME = "assistant_session"
PREFIX = "__Host-"
VIEW = "assistant_view"
"""Of the demo: the view of the local person, "staff" or "admin"."""
MOST_CHARACTERS = 200
"""Longer than any cookie of ours."""
Headers = Iterable[tuple[bytes, bytes]]


class TwoCookies(Exception):
    """Raised for a request with more than one session cookie: one of them was planted by another site."""


def is_secure(connection: HTTPConnection, public_url: str | None) -> bool:
    """Say whether people come here by TLS, of this server or of a proxy in front of it."""
    return connection.scope.get("scheme") in ("https", "wss") or (public_url or "").lower().startswith("https:")


def name(*, secure: bool) -> str:
    """Return the name of the session cookie."""
    return PREFIX + NAME if secure else NAME


def session_cookie(headers: Headers, *, secure: bool) -> str | None:
    """Return the session cookie of a request, None without one; raises TwoCookies."""
    found = values(headers, name(secure=secure))
    if len(found) > 1:
        raise TwoCookies
    return found[0] if found and 0 < len(found[0]) <= MOST_CHARACTERS else None


def values(headers: Headers, name: str) -> Sequence[str]:
    """Return all values that a request gives for one cookie, in every header and place."""
    whole = b";".join(value for key, value in headers if key.lower() == b"cookie")
    pairs = (part.strip().partition("=") for part in whole.decode("latin-1").split(";"))
    return [value.strip().strip('"') for key, _, value in pairs if key.strip() == name]


def set_session(response: Response, cookie: str, *, secure: bool) -> None:
    """Give a browser its session; how long it holds is for the database to say."""
    response.headers.append("set-cookie", session_header(cookie, secure=secure))


def session_header(cookie: str, *, secure: bool) -> str:
    """Return the value of the header that gives a browser its session."""
    return _header(name(secure=secure), cookie, secure=secure)


def take_session(response: Response, *, secure: bool) -> None:
    """Take a browser's session back."""
    response.headers.append("set-cookie", _header(name(secure=secure), "", secure=secure, age=0))


def set_view(response: Response, view: str) -> None:
    """Remember the view of the demo."""
    response.headers.append("set-cookie", _header(VIEW, view, secure=False))


def _header(name: str, value: str, *, secure: bool, age: int | None = None) -> str:
    """Values are ours: nothing in them needs to be quoted."""
    limits = (f"; Max-Age={age}" if age is not None else "") + ("; Secure" if secure else "")
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{limits}"
