"""The copy of the database is one state of it and holds no secrets; originals stay while it is made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from assistant import faults
from assistant.access import Readable
from assistant.errors import AssistantError, DiskFull
from assistant.storage import backup
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.library_rows import SecretRow

SECRET = b"sealed-password-of-a-file"


def _accept(database: Database, name: str) -> None:
    new = NewVersion("general", name, name, "text/plain", 7, "ann@example.com")
    Accepting(database).accept(new, lambda: None, Readable(("general",)))


def _file(database: Database) -> Path:
    return backup.database_file(str(database.engine.url))


def test_passwords_on_their_way_are_not_copied(database: Database, tmp_path: Path) -> None:
    _accept(database, "a.pdf")
    with database.write() as session:
        session.add(SecretRow(version_id=1, secret=SECRET))
    backup.copy_database(_file(database), tmp_path / "copy")
    assert SECRET not in (tmp_path / "copy").read_bytes()
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM document_secrets")).scalar() == 1


def test_a_copy_made_while_others_write_is_one_state(database: Database, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            _accept(database, f"{number}.pdf")
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    for number in range(5):
        backup.copy_database(_file(database), tmp_path / f"copy-{number}")
    stop.set()
    writer.join()
    for number in range(5):
        copy = Database(f"sqlite:///{tmp_path / f'copy-{number}'}")
        with copy.read() as session:
            versions = session.execute(text("SELECT count(*) FROM document_versions")).scalar()
            added = session.execute(text("SELECT documents_added FROM knowledge_state")).scalar()
        copy.close()
        assert versions == added
        assert len(backup.originals_named(tmp_path / f"copy-{number}")) == added


def test_originals_may_not_go_while_a_backup_copies_them(tmp_path: Path) -> None:
    with backup.originals_may_go(tmp_path) as may:
        assert may
    with backup.originals_stay(tmp_path), backup.originals_may_go(tmp_path) as may:
        assert not may
    with backup.originals_may_go(tmp_path) as may:
        assert may


def test_a_damaged_copy_is_known(database: Database, tmp_path: Path) -> None:
    backup.copy_database(_file(database), tmp_path / "copy")
    assert backup.is_sound(tmp_path / "copy")
    (tmp_path / "copy").write_bytes(b"SQLite format 3\0" + b"x" * 10_000)
    assert not backup.is_sound(tmp_path / "copy")


def test_what_has_no_file_is_told() -> None:
    with pytest.raises(AssistantError, match="not a file"):
        backup.database_file("sqlite://")


def test_a_full_disk_is_told_in_a_sentence() -> None:
    with (
        pytest.raises(DiskFull, match="The backup was not made: the disk is full"),
        backup.told("The backup was not made"),
    ):
        faults.disk_full()
