"""Texts that were recognised on scanned pages, kept as they come: a page takes seconds."""

from __future__ import annotations

from sqlalchemy import select

from assistant.storage.database import Database
from assistant.storage.library_rows import OcrTextRow
from assistant.storage.rows import VersionRow


class ScanTexts:
    """Checkpoints by version, found again by the bytes of the file: another version of the same file has them too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, sha256: str) -> dict[int, str]:
        """Return what was recognised in a file of this hash, by position of the page from 0."""
        query = (
            select(OcrTextRow.position, OcrTextRow.text)
            .join(VersionRow, VersionRow.id == OcrTextRow.version_id)
            .where(VersionRow.sha256 == sha256)
        )
        with self._database.read() as session:
            return dict(iter(session.execute(query)))

    def begin(self, version_id: int, note: str) -> None:
        """Note what is being read, for those who watch."""
        with self._database.write() as session:
            if version := session.get(VersionRow, version_id):
                version.note = note

    def keep(self, version_id: int, position: int, text: str) -> None:
        """Store one page's text, which is progress, whatever ends this worker; nothing when the version is gone."""
        with self._database.write() as session:
            if version := session.get(VersionRow, version_id):
                version.starts = 1
                session.merge(OcrTextRow(version_id=version_id, position=position, text=text))
