"""Personal API tokens in SQL: of the token itself only its digest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import CursorResult, func, or_, select, update

from assistant.access import ApiToken, Scope
from assistant.storage import audit
from assistant.storage.database import Database, utc_now
from assistant.storage.sign_in_rows import TokenRow

USE_NOTED = timedelta(minutes=1)
"""How exact the time of the last use is: a write with every request would be one too many."""


class Tokens:
    """The repository of tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, person_id: str, token: ApiToken, digest: str, most: int) -> bool:
        """Store a token; False, and nothing stored, where the person has ``most`` that hold already."""
        with self._database.write() as session:
            holding = select(func.count()).where(
                TokenRow.person_id == person_id, TokenRow.revoked_at.is_(None), TokenRow.expires_at > utc_now()
            )
            if (session.scalar(holding) or 0) >= most:
                return False
            row = TokenRow(
                id=token.id,
                person_id=person_id,
                name=token.name,
                digest=digest,
                scopes=[scope.value for scope in token.scopes],
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
            session.add(row)
            details = {"name": token.name, "scopes": row.scopes, "expires_at": token.expires_at.isoformat()}
            audit.append(session, person_id, "token.created", token.id, details)
            return True

    def of(self, person_id: str) -> list[ApiToken]:
        """Return a person's tokens, the newest first, those that hold no more among them."""
        wanted = select(TokenRow).where(TokenRow.person_id == person_id).order_by(TokenRow.created_at.desc())
        with self._database.read() as session:
            return [_token(row) for row in session.scalars(wanted)]

    def revoke(self, person_id: str, token_id: str) -> bool:
        """End a token of the person; False when they have no such token that holds."""
        mine = TokenRow.id == token_id, TokenRow.person_id == person_id, TokenRow.revoked_at.is_(None)
        with self._database.write() as session:
            done = session.execute(update(TokenRow).where(*mine).values(revoked_at=utc_now()))
            assert isinstance(done, CursorResult)  # noqa: S101 - what a changing statement gives
            if done.rowcount:
                audit.append(session, person_id, "token.revoked", token_id)
            return bool(done.rowcount)

    def find(self, digest: str) -> tuple[str, ApiToken] | None:
        """Return the person's id and the token with this digest, whether it holds or not; None when there is none."""
        with self._database.read() as session:
            row = session.scalars(select(TokenRow).where(TokenRow.digest == digest)).one_or_none()
            return None if row is None else (row.person_id, _token(row))

    def note_use(self, token_id: str) -> None:
        """Note that the token was used now."""
        now = utc_now()
        stale = or_(TokenRow.used_at.is_(None), TokenRow.used_at < now - USE_NOTED)
        with self._database.write() as session:
            session.execute(update(TokenRow).where(TokenRow.id == token_id, stale).values(used_at=now))


def noted(used_at: datetime | None) -> bool:
    """Say whether a use at this moment is exact enough for a use now."""
    return used_at is not None and used_at > utc_now() - USE_NOTED


def _token(row: TokenRow) -> ApiToken:
    times = row.created_at, row.expires_at, row.used_at, row.revoked_at
    return ApiToken(row.id, row.name, _scopes(row.scopes), *times)


def _scopes(written: Sequence[str]) -> tuple[Scope, ...]:
    return tuple(scope for scope in Scope if scope.value in written)
