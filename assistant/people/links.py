"""Links that work once: the set-up of the first admin, the invitation of a person, a new password for one.

The secret is in the link alone; the database holds its digest.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode

from assistant.storage import audit, one_time_links
from assistant.storage.database import Database

SECRET_BYTES = 32
MOST_CHARACTERS = 200
"""Longer than any secret of ours; what is longer is not looked up."""
SYSTEM = "system"
"""Who acts, in the audit log, where no person does."""


class LinkKind(StrEnum):
    """What a link is for; its path is /auth/ and this word."""

    SETUP = "setup"
    INVITE = "invite"
    RESET = "reset"


LASTS = {
    LinkKind.SETUP: timedelta(hours=24),
    LinkKind.INVITE: timedelta(days=7),
    LinkKind.RESET: timedelta(hours=1),
}
_ACTIONS = {
    LinkKind.SETUP: "sign_in.setup_link_made",
    LinkKind.INVITE: "person.invited",
    LinkKind.RESET: "person.reset_link_made",
}


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """A link as it is handed over, once; ``path`` is its address on this app, with the secret."""

    path: str
    expires_at: datetime


class Links:
    """Makes links; who may is for the caller to ask."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def invite(self, person_id: str, made_by: str) -> OneTimeLink:
        """Return a link by which a person sets their first password, within seven days."""
        return self._make(LinkKind.INVITE, person_id, made_by)

    def reset(self, person_id: str, made_by: str) -> OneTimeLink:
        """Return a link by which a person sets a new password, within an hour."""
        return self._make(LinkKind.RESET, person_id, made_by)

    def set_up(self) -> OneTimeLink:
        """Return the link by which the first admin comes in, within a day; the one before works no more."""
        return self._make(LinkKind.SETUP, None, SYSTEM)

    def _make(self, kind: LinkKind, person_id: str | None, made_by: str) -> OneTimeLink:
        secret = secrets.token_urlsafe(SECRET_BYTES)
        with self._database.write() as session:
            row = one_time_links.add(session, digest(secret), kind, person_id, made_by, LASTS[kind])
            audit.append(session, made_by, _ACTIONS[kind], person_id or SYSTEM)
        return OneTimeLink(f"/auth/{kind}?{urlencode({'token': secret})}", row.expires_at)


def digest(secret: str) -> str:
    """Return what the database keeps of a secret."""
    return hashlib.sha256(secret[:MOST_CHARACTERS].encode("utf-8", "surrogatepass")).hexdigest()
