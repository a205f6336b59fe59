"""Folders whose files are documents, and each file of theirs as it was last taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects.sqlite import insert

from assistant.library import WatchedFolder
from assistant.storage import audit
from assistant.storage.database import Database, utc_now
from assistant.storage.library_rows import FolderRow, SyncedFileRow
from assistant.storage.rows import DocumentRow

BEGUN = "begun"


@dataclass(frozen=True, slots=True)
class SyncedFile:
    """A file as it was last taken. ``document_id`` is empty for a document that others put there: it is not ours.

    ``BEGUN`` in its place says that the file was about to be added when this was noted.
    """

    path: str
    sha256: str
    size: int
    mtime_ns: int
    document_id: str

    @property
    def is_begun(self) -> bool:
        """Whether its upload was begun and never noted as done: the process died between."""
        return self.document_id == BEGUN


class FolderRecords:
    """Reads and writes what is known of folders; rights are the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def watched(self) -> list[WatchedFolder]:
        """Return the folders that are looked at by themselves, by path."""
        files = select(func.count()).where(SyncedFileRow.folder_id == FolderRow.id).scalar_subquery()
        query = select(FolderRow, files).where(FolderRow.watched).order_by(FolderRow.path)
        with self._database.read() as session:
            return [_folder(row, count) for row, count in session.execute(query)]

    def known(self, path: str, space_id: str, added_by: str, *, watched: bool) -> WatchedFolder:
        """Return a folder, added if it is new; with ``watched`` it is looked at by itself from now on.

        The space of one that was known before stays as it was.
        """
        values = {"path": path, "space_id": space_id, "added_by": added_by, "watched": watched}
        statement = insert(FolderRow).values(**values)
        if watched:
            again = {"added_by": added_by, "watched": True}
            statement = statement.on_conflict_do_update(index_elements=["path"], set_=again)
        else:
            statement = statement.on_conflict_do_nothing()
        with self._database.write() as session:
            session.execute(statement)
            row = session.scalars(select(FolderRow).where(FolderRow.path == path)).one()
            if watched:
                audit.append(session, added_by, "folder.watched", str(row.id), {"name": path, "space": row.space_id})
            return _folder(row, 0)

    def forget(self, folder_id: int, person_id: str) -> None:
        """Look at a folder no more by itself; what it brought stays, and so does what is known of its files."""
        with self._database.write() as session:
            row = session.get(FolderRow, folder_id)
            if row is not None:
                row.watched = False
                row.problem = None
                audit.append(session, person_id, "folder.left", str(folder_id), {"name": row.path})

    def looked_at(self, folder_id: int, problem: str | None) -> None:
        """Note when a folder was looked at, and what was wrong."""
        with self._database.write() as session:
            row = session.get(FolderRow, folder_id)
            if row is not None:
                row.looked_at, row.problem = utc_now(), problem

    def files(self, folder_id: int) -> dict[str, SyncedFile]:
        """Return the files as they were last taken, by path inside the folder."""
        query = select(SyncedFileRow).where(SyncedFileRow.folder_id == folder_id)
        with self._database.read() as session:
            return {row.path: _file(row) for row in session.scalars(query)}

    def put(self, folder_id: int, file: SyncedFile) -> None:
        """Note a file as it was taken."""
        values = {"sha256": file.sha256, "size": file.size, "mtime_ns": file.mtime_ns, "document_id": file.document_id}
        statement = insert(SyncedFileRow).values(folder_id=folder_id, path=file.path, **values)
        with self._database.write() as session:
            session.execute(statement.on_conflict_do_update(index_elements=["folder_id", "path"], set_=values))

    def drop(self, folder_id: int, path: str) -> None:
        """Forget a file."""
        with self._database.write() as session:
            session.execute(
                delete(SyncedFileRow).where(SyncedFileRow.folder_id == folder_id, SyncedFileRow.path == path)
            )

    def has_document(self, space_id: str, name: str) -> bool:
        """Say whether a document of this name stands in the space."""
        query = select(
            exists().where(DocumentRow.space_id == space_id, DocumentRow.name == name, DocumentRow.deleted_at.is_(None))
        )
        with self._database.read() as session:
            return bool(session.execute(query).scalar())


def _folder(row: FolderRow, files: int) -> WatchedFolder:
    looked_at: datetime | None = row.looked_at
    return WatchedFolder(row.id, row.path, row.space_id, row.added_by, looked_at, row.problem, files)


def _file(row: SyncedFileRow) -> SyncedFile:
    return SyncedFile(row.path, row.sha256, row.size, row.mtime_ns, row.document_id)
