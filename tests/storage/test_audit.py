"""The audit log is only added to, and tells when somebody went round that."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from assistant.storage import audit
from assistant.storage.database import Database
from assistant.storage.library_rows import AuditRow


def _write(database: Database, lines: int) -> None:
    for number in range(lines):
        with database.write() as session:
            audit.append(session, "ann", "document.facts", f"d{number}", {"title": f"Straße {number}", "tags": ["a"]})


def _around_the_triggers(database: Database, statement: str) -> None:
    """Change the file as someone with the file in hand would: without the triggers that refuse it."""
    with closing(sqlite3.connect(str(database.engine.url.database))) as connection:
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER IF EXISTS audit_log_no_{change}")
        connection.execute(statement)
        connection.commit()


def test_a_log_as_it_was_written_verifies(database: Database) -> None:
    assert audit.verify(database) is None
    _write(database, 3)
    assert audit.verify(database) is None


def test_two_lines_of_one_transaction_are_chained(database: Database) -> None:
    with database.write() as session:
        audit.append(session, "ann", "document.deleted", "d1")
        audit.append(session, "ann", "document.deleted", "d2")
    with database.read() as session:
        first, second = session.scalars(select(AuditRow).order_by(AuditRow.id))
    assert second.previous == first.digest
    assert audit.verify(database) is None


def test_a_transaction_that_fails_leaves_no_line(database: Database) -> None:
    with suppress(RuntimeError), database.write() as session:
        audit.append(session, "ann", "document.deleted", "d1")
        raise RuntimeError
    with database.read() as session:
        assert session.scalars(select(AuditRow)).all() == []


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET person_id = 'bob'", "DELETE FROM audit_log"])
def test_sql_cannot_change_or_remove_a_line(database: Database, statement: str) -> None:
    _write(database, 2)
    with pytest.raises(SQLAlchemyError, match="only ever added to"), database.write() as session:
        session.execute(text(statement))
    assert audit.verify(database) is None


def test_a_changed_line_is_named(database: Database) -> None:
    _write(database, 3)
    _around_the_triggers(database, "UPDATE audit_log SET person_id = 'bob' WHERE id = 2")
    assert audit.verify(database) == 2


def test_a_line_taken_out_of_the_middle_is_noticed_at_the_next_one(database: Database) -> None:
    _write(database, 3)
    _around_the_triggers(database, "DELETE FROM audit_log WHERE id = 2")
    assert audit.verify(database) == 3
