"""What people had written when their session lapsed, until they are back."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.storage.conversation_rows import ConversationRow, DraftRow
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import PersonRow
from assistant.storage.sign_in_rows import SessionRow

KEPT_FOR = timedelta(days=30)
"""A draft that nobody came back for within this time is no longer shown, and goes with the next one."""


class Drafts:
    """The repository of drafts, one for each person and conversation; the id of a new conversation is empty."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, person_id: str, session_id: str, conversation_id: str, text: str) -> bool:
        """Store a draft over an older one, if this session of the person lapsed and the conversation is theirs."""
        now = utc_now()
        values = {"text": text, "saved_at": now}
        with self._database.write() as session:
            if not _has_lapsed(session, person_id, session_id) or not _is_own(session, person_id, conversation_id):
                return False
            old = DraftRow.person_id == person_id, DraftRow.saved_at <= now - KEPT_FOR
            session.execute(delete(DraftRow).where(*old))
            row = insert(DraftRow).values(person_id=person_id, conversation_id=conversation_id, **values)
            session.execute(row.on_conflict_do_update(index_elements=["person_id", "conversation_id"], set_=values))
            return True

    def take(self, person_id: str, conversation_id: str) -> str | None:
        """Return a draft and remove it; None when there is none."""
        mine = DraftRow.person_id == person_id, DraftRow.conversation_id == conversation_id
        with self._database.read() as session:
            if session.scalar(select(DraftRow.person_id).where(*mine)) is None:
                return None  # as nearly always: nothing is to be written
        fresh = DraftRow.saved_at > utc_now() - KEPT_FOR
        with self._database.write() as session:
            text = session.scalar(select(DraftRow.text).where(*mine, fresh))
            session.execute(delete(DraftRow).where(*mine))
            return text

    def has_lapsed(self, person_id: str, session_id: str) -> bool:
        """Say whether this session of the person ended by time alone, so that they may go on by signing in."""
        with self._database.read() as session:
            return _has_lapsed(session, person_id, session_id)


def _has_lapsed(session: Session, person_id: str, session_id: str) -> bool:
    now = utc_now()
    lapsed = (
        select(SessionRow.id)
        .join(PersonRow, PersonRow.id == SessionRow.person_id)
        .where(SessionRow.id == session_id, SessionRow.person_id == person_id, SessionRow.ended_at.is_(None))
        .where(or_(SessionRow.idle_until <= now, SessionRow.expires_at <= now), PersonRow.disabled_at.is_(None))
    )
    return session.scalar(lapsed) is not None


def _is_own(session: Session, person_id: str, conversation_id: str) -> bool:
    own = select(ConversationRow.id).where(ConversationRow.id == conversation_id)
    return not conversation_id or session.scalar(own.where(ConversationRow.person_id == person_id)) is not None
