"""Secrets and personal data that were found in versions: their places, never the values themselves."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from assistant.access import Readable
from assistant.library import Finding, FindingDocument
from assistant.redaction import Kind
from assistant.storage.database import Database
from assistant.storage.library_rows import FindingRow
from assistant.storage.readable import is_readable
from assistant.storage.rows import DocumentRow, VersionRow


def store_findings(session: Session, version_id: int, findings: Sequence[Finding]) -> None:
    """Store what was found in a version, instead of what was before, in the caller's transaction."""
    session.execute(delete(FindingRow).where(FindingRow.version_id == version_id))
    rows = [
        {
            "version_id": version_id,
            "start": one.start,
            "end": one.end,
            "kind": one.kind.value,
            "page": one.page,
            "shown": one.shown,
        }
        for one in findings
    ]
    if rows:
        session.execute(insert(FindingRow), rows)


class StoredFindings:
    """Reads the findings of live versions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def documents(self, readable: Readable, document_id: str | None = None) -> list[FindingDocument]:
        """Return the readable documents with findings, by name; only the one of this id, if given."""
        query = (
            select(DocumentRow.id, VersionRow.name, FindingRow)
            .join(VersionRow, VersionRow.id == DocumentRow.live_version_id)
            .join(FindingRow, FindingRow.version_id == VersionRow.id)
            .where(DocumentRow.deleted_at.is_(None), is_readable(readable))
            .order_by(VersionRow.name, DocumentRow.id, FindingRow.start)
        )
        if document_id is not None:
            query = query.where(DocumentRow.id == document_id)
        found: dict[tuple[str, str], list[Finding]] = {}
        with self._database.read() as session:
            for id_, name, row in session.execute(query):
                found.setdefault((id_, name), []).append(_value(row))
        return [FindingDocument(id_, name, tuple(findings)) for (id_, name), findings in found.items()]


def _value(row: FindingRow) -> Finding:
    return Finding(Kind(row.kind), row.start, row.end, row.page, row.shown)
