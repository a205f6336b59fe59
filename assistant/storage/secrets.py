"""Sealed passwords of protected files, until their version was read."""

from __future__ import annotations

from sqlalchemy import delete

from assistant.access import Reader
from assistant.domain import DocumentStatus
from assistant.errors import Conflict
from assistant.storage.accepting import existing, newest_version
from assistant.storage.database import Database
from assistant.storage.library_rows import SecretRow


class Secrets:
    """One sealed secret a version; whoever ends the reading of a version deletes it in the same transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, document_id: str, sealed: bytes | None, reader: Reader) -> None:
        """Keep one for the newest version of a document if it failed, in place of any before.

        Raises NotFound, and Conflict for a secret that nothing would be opened with, as it is being read.
        """
        with self._database.write() as session:
            version = newest_version(session, existing(session, document_id, reader).id)
            if version is None or version.status != DocumentStatus.FAILED:
                if sealed is None:
                    return
                raise Conflict("This file is being read already: give the password again if that fails.")
            session.execute(delete(SecretRow).where(SecretRow.version_id == version.id))
            if sealed is not None:
                session.add(SecretRow(version_id=version.id, secret=sealed))

    def of(self, version_id: int) -> bytes | None:
        """Return a version's sealed secret."""
        with self._database.read() as session:
            row = session.get(SecretRow, version_id)
            return None if row is None else row.secret
