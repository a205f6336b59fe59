"""Sign-ins on their way to an identity provider and back, each of use once and for ten minutes."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.access import SignInFlow
from assistant.storage.database import Database, utc_now
from assistant.storage.sign_in_rows import SignInFlowRow

MINUTES = 10
MOST = 10_000
"""Anybody can begin a sign-in: beyond this the ones that expire first make room."""


class SignInFlows:
    """The repository of flows; ``digest`` is that of the cookie of the browser that began one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, digest: str, flow: SignInFlow) -> None:
        """Keep a flow that begins now."""
        row = SignInFlowRow(
            digest=digest, state=flow.state, nonce=flow.nonce, verifier=flow.verifier, goes_to=flow.goes_to,
            expires_at=utc_now() + timedelta(minutes=MINUTES),
        )  # fmt: skip
        with self._database.write() as session:
            _make_room(session)
            session.add(row)

    def take(self, digest: str) -> SignInFlow | None:
        """Return the flow and forget it; None when there is none, or it began too long ago."""
        gone = delete(SignInFlowRow).where(SignInFlowRow.digest == digest).returning(SignInFlowRow)
        with self._database.write() as session:
            row = session.scalars(gone).one_or_none()
            if row is None or row.expires_at <= utc_now():
                return None
            return SignInFlow(row.state, row.nonce, row.verifier, row.goes_to)


def _make_room(session: Session) -> None:
    session.execute(delete(SignInFlowRow).where(SignInFlowRow.expires_at <= utc_now()))
    newest = select(SignInFlowRow.digest).order_by(SignInFlowRow.expires_at.desc()).limit(MOST - 1)
    session.execute(delete(SignInFlowRow).where(SignInFlowRow.digest.not_in(newest)))
