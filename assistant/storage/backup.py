"""A copy of the database that is whole while others write, and the lock that keeps originals in place meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import make_url

from assistant.errors import AssistantError, DiskFull, StartError
from assistant.storage.disk import is_disk_full

LOCK = "backup.lock"
BEGUN = "restore.begun"
"""Stands in a data folder while a backup is brought into it: what is there may be written over."""
# What another process may keep the write-ahead log busy for.
BUSY_SECONDS = 30.0
# Passwords never leave the machine; what was built beside the database is built anew from it.
_LEFT_OUT = (
    "DELETE FROM document_secrets",
    "DELETE FROM index_generations",
    "UPDATE knowledge_state SET index_state = '', index_told = NULL",
)
_NO_ROOM = "the disk is full. Make room and try again; nothing was lost."
_NAMED = "SELECT sha256, max(size) FROM document_versions GROUP BY sha256 ORDER BY sha256"


@contextmanager
def originals_stay(data_dir: Path) -> Iterator[None]:
    """Keep every process from removing originals of this data folder for as long as the block lasts."""
    with FileLock(data_dir / LOCK):
        yield


@contextmanager
def originals_may_go(data_dir: Path) -> Iterator[bool]:
    """Say whether originals may be removed in the block: not while a backup copies them."""
    lock = FileLock(data_dir / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def need_whole(data_dir: Path) -> None:
    """Raise StartError while a restore into this folder was begun and not finished: it would write over the rest."""
    if (data_dir / BEGUN).exists():
        raise StartError(
            f"A restore into the data folder {str(data_dir)!r} was not finished: run it again, or delete the folder."
        )


@contextmanager
def told(what: str) -> Iterator[None]:
    """Turn what files, disks and SQLite raise in the block into a sentence that begins with ``what``."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFull(f"{what}: {_NO_ROOM}") from None
        raise AssistantError(f"{what}: the database file is damaged or locked.") from None
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(f"{what}: {_NO_ROOM}") from None
        raise AssistantError(f"{what}: {error.strerror or 'a file cannot be used'}.") from None


def database_file(url: str) -> Path:
    """Return the file of a database; raises AssistantError for one that has none."""
    path = make_url(url).database
    if not path or path == ":memory:":
        raise AssistantError("This database is not a file, so it cannot be backed up or restored here.")
    return Path(path)


def copy_database(source: Path, target: Path) -> None:
    """Write one state of the database to ``target``, without passwords and without what the index is told.

    Others go on reading and writing. Raises sqlite3.Error and OSError.
    """
    with closing(sqlite3.connect(source, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    with closing(sqlite3.connect(target)) as copy, copy:
        for statement in _LEFT_OUT:
            copy.execute(statement)
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("VACUUM")  # what was deleted would stand in free pages


def originals_named(path: Path) -> list[tuple[str, int]]:
    """Return digest and size of every original that a copied database names."""
    with closing(sqlite3.connect(path)) as copy:
        return [(str(digest), int(size)) for digest, size in copy.execute(_NAMED)]


def counted(path: Path) -> tuple[int, str]:
    """Return how many documents a copied database holds, and its schema."""
    with closing(sqlite3.connect(path)) as copy:
        (documents,) = copy.execute("SELECT count(*) FROM documents WHERE deleted_at IS NULL").fetchone()
        (schema,) = copy.execute("SELECT version_num FROM alembic_version").fetchone()
        return int(documents), str(schema)


def is_sound(path: Path) -> bool:
    """Read a database file through and say whether it is without damage."""
    try:
        with closing(sqlite3.connect(path)) as copy:
            return bool(copy.execute("PRAGMA quick_check").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False
