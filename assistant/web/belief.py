"""What is believed of how an identity provider describes itself: its own name, and addresses that are safe to ask."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from assistant.web.start import is_loopback

NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
OPTIONAL = ("userinfo_endpoint", "end_session_endpoint")


class Unbelievable(Exception):
    """Raised when the provider says what cannot be believed, or nothing; the words are for the log alone."""


def checked_metadata(metadata: dict[str, Any], issuer: str) -> dict[str, Any]:
    """Return the metadata; raises Unbelievable when they are another issuer's, or name what should not be asked."""
    if metadata.get("issuer") != issuer:
        raise Unbelievable(f"ASSISTANT_OIDC_ISSUER is {issuer!r}, and the provider calls itself another way")
    here = urlsplit(issuer).scheme == "http"
    for name in (*NEEDED, *(name for name in OPTIONAL if name in metadata)):
        if not is_safe(metadata.get(name), here=here):
            raise Unbelievable(f"the provider's {name} is no https address")
    return metadata


def is_safe(address: object, *, here: bool) -> bool:
    """Say whether this is an https address, or an http one of this machine where providers may be ``here``."""
    if not isinstance(address, str) or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None:
        return False
    return parts.scheme == "https" or (here and parts.scheme == "http" and is_loopback(parts.hostname))
