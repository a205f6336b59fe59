"""The migrations and the row classes tell the same story; no earlier schema and no kill loses a row."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from command_line import ROOT
from schema_files import FOLDER, read, write
from sqlalchemy import text

from assistant import faults
from assistant.access import Readable
from assistant.errors import StartError
from assistant.storage import (
    access_rows,
    conversation_rows,
    lexical,
    library_rows,
    limit_rows,
    migrate,
    model_rows,
    rows,
    sign_in_rows,
)
from assistant.storage.database import Base, Database
from assistant.storage.rows import EMBEDDED

EARLIER = sorted(path.stem for path in FOLDER.glob("*.sql"))


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'assistant.sqlite'}"


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    mine = {
        row.__tablename__
        for module in (rows, conversation_rows, library_rows, model_rows, access_rows, sign_in_rows, limit_rows)
        for row in vars(module).values()
        if hasattr(row, "__tablename__")
    }
    return kind != "table" or name in mine


def test_migrated_database_equals_the_row_classes(tmp_path: Path) -> None:
    migrate.upgrade(_url(tmp_path))
    assert _quarrels(tmp_path) == []


@pytest.mark.parametrize("revision", EARLIER)
def test_a_database_of_every_earlier_schema_keeps_what_it_holds(tmp_path: Path, revision: str) -> None:
    read(revision, tmp_path / "assistant.sqlite")
    before = _contents(tmp_path)
    migrate.upgrade(_url(tmp_path))
    after = _contents(tmp_path)
    for table, held in before.items():
        assert [row | old for row, old in zip(after[table], held, strict=True)] == after[table], table
    assert _quarrels(tmp_path) == []


@pytest.mark.parametrize("revision", EARLIER)
def test_what_an_earlier_schema_held_is_found_by_its_words(tmp_path: Path, revision: str) -> None:
    read(revision, tmp_path / "assistant.sqlite")
    migrate.upgrade(_url(tmp_path))
    database = Database(_url(tmp_path))
    with database.read() as session:
        assert list(lexical.search(session, "annual leave", Readable(("general",)), 10)) == [1]
        assert session.execute(text("SELECT embedder FROM knowledge_state")).scalar() == EMBEDDED
    database.close()


@pytest.mark.parametrize("revision", EARLIER)
def test_the_written_down_schema_is_what_its_migrations_make(revision: str) -> None:
    assert write(revision) == (FOLDER / f"{revision}.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("step", range(1, len(EARLIER) + 1))
def test_a_migration_that_is_killed_at_any_step_is_begun_anew_by_the_next_start(tmp_path: Path, step: int) -> None:
    read("0001", tmp_path / "assistant.sqlite")
    before = _contents(tmp_path)
    assert _upgrade_in_a_process(tmp_path, f"migrating:{step}:kill") == -signal.SIGKILL
    assert _contents(tmp_path) == before
    assert _upgrade_in_a_process(tmp_path) == 0
    assert len(_contents(tmp_path)["chunks"]) == 1
    assert _quarrels(tmp_path) == []


def test_an_empty_folder_whose_first_migration_is_killed_starts_the_next_time(tmp_path: Path) -> None:
    assert _upgrade_in_a_process(tmp_path, "migrating:3:kill") == -signal.SIGKILL
    assert _upgrade_in_a_process(tmp_path) == 0
    assert _contents(tmp_path)["spaces"]


def test_a_migration_that_meets_a_full_disk_changes_nothing(tmp_path: Path) -> None:
    read("0002", tmp_path / "assistant.sqlite")
    before = _contents(tmp_path)
    with faults.injected("migrating", 2, faults.disk_full), pytest.raises(StartError, match="disk is full"):
        migrate.upgrade(_url(tmp_path))
    assert _contents(tmp_path) == before
    migrate.upgrade(_url(tmp_path))
    assert _quarrels(tmp_path) == []


def _contents(folder: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of all tables but the migrations' own and the keyword index."""
    with closing(sqlite3.connect(folder / "assistant.sqlite")) as connection:
        connection.row_factory = sqlite3.Row
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        ours = [name for (name,) in names if not name.startswith(("sqlite_", "alembic_", "chunks_"))]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in ours}  # noqa: S608


def _quarrels(folder: Path) -> list[object]:
    """What the migrated database has otherwise than the row classes, and references that lead nowhere."""
    database = Database(_url(folder))
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours, "compare_type": True})
        found = [*compare_metadata(context, Base.metadata), *connection.exec_driver_sql("PRAGMA foreign_key_check")]
    database.close()
    return found


def _upgrade_in_a_process(folder: Path, fault: str = "") -> int:
    code = f"from assistant.storage import migrate; migrate.upgrade({_url(folder)!r})"
    environment = {**os.environ, faults.VARIABLE: fault}
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, check=False).returncode


def test_second_upgrade_changes_nothing(tmp_path: Path) -> None:
    migrate.upgrade(_url(tmp_path))
    migrate.upgrade(_url(tmp_path))
    database = Database(_url(tmp_path))
    assert migrate.current(database) == migrate.newest()
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM spaces")).scalar() == 1
    database.close()


def test_two_starts_at_once_both_succeed(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(migrate.upgrade, [_url(tmp_path)] * 4))
    database = Database(_url(tmp_path))
    assert migrate.current(database) == migrate.newest()
    database.close()


def test_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    migrate.upgrade(_url(tmp_path))
    database = Database(_url(tmp_path))
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    with pytest.raises(StartError, match="newer version"):
        migrate.upgrade(_url(tmp_path))


def test_folder_that_cannot_be_created_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot be written to"):
        migrate.upgrade(_url(tmp_path / "file" / "below"))
