"""Passwords of protected files on their way from the person to the worker: sealed in SQL, gone once the file was read.

The key lies in a file of the data folder that only its owner may read, and is in no backup.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from assistant.access import Reader
from assistant.storage.database import Database
from assistant.storage.secrets import Secrets

KEY_FILE = "passwords.key"


class Passwords:
    """Seals and opens them. ``folder`` is the data folder."""

    def __init__(self, folder: Path, database: Database) -> None:
        self._file = folder / KEY_FILE
        self._secrets = Secrets(database)

    def keep(self, document_id: str, password: str | None, reader: Reader) -> None:
        """Keep a password for the next attempt at a failed document, or forget an earlier one.

        Raises NotFound, and Conflict while the document is being read.
        """
        self._secrets.keep(document_id, None if not password else self._sealed(password), reader)

    def of(self, version_id: int) -> str | None:
        """Return the password that was given for a version; None when none was, or its key is gone."""
        sealed = self._secrets.of(version_id)
        if sealed is None or not self._file.exists():
            return None
        from cryptography.fernet import Fernet, InvalidToken

        with suppress(InvalidToken, ValueError):
            return Fernet(self._file.read_bytes()).decrypt(sealed).decode()
        return None

    def _sealed(self, password: str) -> bytes:
        from cryptography.fernet import Fernet

        if not self._file.exists():
            self._write_key(Fernet.generate_key())
        return Fernet(self._file.read_bytes()).encrypt(password.encode())

    def _write_key(self, key: bytes) -> None:
        """Write whole or not at all; of two writers at once the first wins."""
        part = self._file.with_name(f"{KEY_FILE}.{os.getpid()}.part")
        part.touch(0o600)
        with part.open("wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(part, self._file)
        part.unlink(missing_ok=True)
