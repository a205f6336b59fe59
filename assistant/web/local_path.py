"""Where a sign-in leads to: a path of this app, never another site, however that is written."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

HOME = "/"
MOST_CHARACTERS = 2_000
_PLAIN = re.compile(r"[!-~]+")
"""Visible ASCII: everything else is a trick, since browsers write the rest as %XX."""
SIGN_IN = "/login"
NOT_LED_TO = (f"{SIGN_IN}/", "/auth/")
"""Signing in leads to neither signing in nor signing out."""


def local_path(given: str | None) -> str:
    """Return a path with its query that may be led to; the home page in place of anything else."""
    if not given or len(given) > MOST_CHARACTERS or not _PLAIN.fullmatch(given) or "\\" in given:
        return HOME
    path = given.partition("?")[0].partition("#")[0]
    if not _is_plain_path(path):
        return HOME
    return HOME if path == SIGN_IN or path.startswith(NOT_LED_TO) else given


def path_of(path: str, query: bytes) -> str:
    """Return a decoded path and its query as they stand in an address."""
    asked = query.decode("latin-1")
    return quote(path) + (f"?{asked}" if asked else "")


def _is_plain_path(path: str) -> bool:
    """One slash at the start and none doubled, no step up: also as browsers and proxies decode it, twice."""
    for _ in range(3):
        if not path.startswith("/") or "//" in path or "\\" in path or not path.isprintable():
            return False
        if any(part in (".", "..") for part in path.split("/")):
            return False
        path = unquote(path)
    return True
