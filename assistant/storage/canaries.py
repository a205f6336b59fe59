"""The documents for nobody that watch over restricted spaces, and whose rights are to be tried out."""

from __future__ import annotations

from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from assistant.access import Canary
from assistant.domain import Person, Role
from assistant.storage import audit
from assistant.storage.access_rows import CanaryRow
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import DocumentRow, SpaceRow

_CLASSES = text(
    """
    SELECT min(id) AS id, role, groups FROM (
        SELECT people.id, people.role, (SELECT json_group_array(group_id) FROM (
            SELECT group_id FROM group_members WHERE person_id = people.id ORDER BY group_id)) AS groups
        FROM people WHERE disabled_at IS NULL)
    GROUP BY role, groups ORDER BY id LIMIT :most
    """
)
_RIGHTS = text(
    """
    SELECT coalesce(max(id), 0) FROM audit_log WHERE action IN (SELECT DISTINCT action FROM audit_log
        WHERE (action LIKE 'person.%' OR action LIKE 'group.%' OR action LIKE 'space.%'
               OR action IN ('document.readers', 'document.moved')) AND action != 'person.viewed_as')
    """
)


class Canaries:
    """Reads and writes them; that nobody is shown one is the concern of the rights alone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Canary]:
        """Return the canaries of all spaces, by the spaces' names."""
        wanted = (
            select(CanaryRow, SpaceRow.name, DocumentRow.live_version_id)
            .join(SpaceRow, SpaceRow.id == CanaryRow.space_id)
            .join(DocumentRow, DocumentRow.id == CanaryRow.document_id)
            .where(DocumentRow.deleted_at.is_(None))
            .order_by(SpaceRow.name)
        )
        with self._database.read() as session:
            return [
                Canary(row.space_id, name, row.document_id, row.word, live is not None, row.checked_at, row.alarm)
                for row, name, live in session.execute(wanted)
            ]

    def unwatched(self) -> list[str]:
        """Return the ids of restricted spaces without a canary."""
        watched = select(CanaryRow.space_id).join(DocumentRow, DocumentRow.id == CanaryRow.document_id)
        there = watched.where(DocumentRow.deleted_at.is_(None))
        with self._database.read() as session:
            return list(session.scalars(select(SpaceRow.id).where(SpaceRow.restricted, SpaceRow.id.not_in(there))))

    def plant(self, space_id: str, document_id: str, word: str) -> None:
        """Note the canary of a space, in the place of one that is gone."""
        with self._database.write() as session:
            session.execute(delete(CanaryRow).where(CanaryRow.space_id == space_id))
            row = CanaryRow(space_id=space_id, document_id=document_id, word=word, created_at=utc_now())
            session.add(row)

    def note(self, canary: Canary, alarm: str | None) -> None:
        """Note what a look found. An alarm stays until somebody dismisses it, and is a line of the audit log."""
        values = {"checked_at": utc_now(), **({"alarm": alarm} if alarm else {})}
        with self._database.write() as session:
            session.execute(update(CanaryRow).where(CanaryRow.space_id == canary.space_id).values(values))
            if alarm and alarm != canary.alarm:
                audit.append(session, "", "canary.alarm", canary.space_id, {"name": canary.space, "seen": alarm})

    def dismiss(self, person_id: str, space_id: str) -> None:
        """Take the alarm of a space away."""
        with self._database.write() as session:
            session.execute(update(CanaryRow).where(CanaryRow.space_id == space_id).values(alarm=None))
            audit.append(session, person_id, "canary.dismissed", space_id)

    def classes(self, most: int) -> list[Person]:
        """Return one person for each role with its groups that anybody has."""
        with self._database.read() as session:
            return [_person(session, id_) for id_, _role, _groups in session.execute(_CLASSES, {"most": most})]

    def rights_changed(self) -> int:
        """Return a number that grows with every change of rights, in whatever process."""
        with self._database.read() as session:
            return int(session.execute(_RIGHTS).scalar_one())


def _person(session: Session, person_id: str) -> Person:
    row = session.execute(text("SELECT email, name, role FROM people WHERE id = :id"), {"id": person_id}).one()
    return Person(person_id, row.email, row.name, Role(row.role))
