"""The worker's record of attempts can be lost without harm, so a damaged one is begun anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.knowledge.jobs import discard_unusable
from assistant.storage.database import Database


@pytest.mark.parametrize("content", [b"no database " * 900, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_damaged_record_is_removed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "jobs.sqlite"
    file.write_bytes(content)
    discard_unusable(file)
    assert not file.exists()


def test_a_sound_record_stays(tmp_path: Path) -> None:
    file = tmp_path / "jobs.sqlite"
    database = Database(f"sqlite:///{file}")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (id INTEGER)")
    database.close()
    discard_unusable(file)
    assert file.exists()
    discard_unusable(tmp_path / "none.sqlite")
    assert not (tmp_path / "none.sqlite").exists()
