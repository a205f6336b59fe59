"""Rows of signing in: sessions, API tokens, one-time links, failed tries, flows to an identity provider.

Of everything that opens a door only a digest is kept (sha256, hex): whoever reads the database cannot use it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base

PERSON_ID = "people.id"


class SessionRow(Base):
    """One signed-in browser; ``id`` is the digest of its cookie.

    It holds until ``idle_until``, which each action moves on, and at most until ``expires_at``; ``ended_at`` is set by
    a log-out, by an admin, or when the person was disabled.
    """

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(PERSON_ID, ondelete="CASCADE"), index=True)
    method: Mapped[str]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    agent: Mapped[str] = mapped_column(server_default="", default="")
    address: Mapped[str] = mapped_column(server_default="", default="")


class TokenRow(Base):
    """A personal API token."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey(PERSON_ID, ondelete="CASCADE"), index=True)
    name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OneTimeLinkRow(Base):
    """A link that works once: "setup" of the first admin, "invite" or "reset" of a person."""

    __tablename__ = "one_time_links"

    digest: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[str | None] = mapped_column(ForeignKey(PERSON_ID, ondelete="CASCADE"))
    made_by: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInTryRow(Base):
    """Failed tries in a row of one ``key``: the digest of an address of a person, or of a machine."""

    __tablename__ = "sign_in_tries"

    key: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class SignInFlowRow(Base):
    """A sign-in on its way to an identity provider and back; ``digest`` is that of the browser's flow cookie."""

    __tablename__ = "sign_in_flows"

    digest: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str]
    nonce: Mapped[str]
    verifier: Mapped[str]
    goes_to: Mapped[str]
    expires_at: Mapped[datetime]
