"""The engine and its sessions: SQLite in WAL mode, writers begin IMMEDIATE.

Deferred BEGIN failed 385 of 400 concurrent read-then-write transactions, IMMEDIATE none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from sqlite3 import Connection as SqliteConnection
from typing import Any, ClassVar

from sqlalchemy import DateTime, Engine, create_engine, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DatabaseError as DatabaseDamage
from sqlalchemy.exc import OperationalError as DatabaseTrouble
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from assistant import faults

__all__ = ["Base", "Database", "DatabaseDamage", "DatabaseTrouble", "Session", "UtcDateTime", "utc_now"]

BUSY_TIMEOUT_MS = 10_000


class UtcDateTime(TypeDecorator[datetime]):
    """A timestamp that is aware and in UTC on both sides; SQLite itself forgets the zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Store UTC without the zone; a naive value is a mistake of the caller."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all row classes."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


class Database:
    """One engine; ``read()`` and ``write()`` give sessions that end with their block."""

    def __init__(self, url: str) -> None:
        self.engine: Engine = create_engine(url)
        event.listen(self.engine, "connect", _prepare)
        event.listen(self.engine, "begin", _begin)
        event.listen(self.engine, "commit", _committing)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session for reading only; it sees one state of the database throughout."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that holds the write lock from its first statement and commits at the end of the block."""
        writer = self.engine.execution_options(write=True)
        with Session(writer, expire_on_commit=False) as session, session.begin():
            yield session
        faults.point("committed")

    def problem(self) -> str | None:
        """Return a sentence about damage in the file; None when it is sound."""
        with self.engine.connect() as connection:
            verdict = str(connection.exec_driver_sql("PRAGMA quick_check").scalar())
        return None if verdict == "ok" else f"The database file is damaged: {verdict}."

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def _prepare(connection: SqliteConnection, _record: Any) -> None:
    # The driver's own transaction handling is off; _begin says which BEGIN is meant.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=wal",
        "synchronous=full",
        "foreign_keys=on",
        "secure_delete=on",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _committing(_connection: Connection) -> None:
    faults.point("committing")
