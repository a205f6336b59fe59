"""The migrations and the row classes tell the same story; two starts at once do no harm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from assistant.errors import StartError
from assistant.storage import conversation_rows, migrate, model_rows, rows
from assistant.storage.database import Base, Database


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'assistant.sqlite'}"


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    mine = {
        row.__tablename__
        for module in (rows, conversation_rows, model_rows)
        for row in vars(module).values()
        if hasattr(row, "__tablename__")
    }
    return kind != "table" or name in mine


def test_migrated_database_equals_the_row_classes(tmp_path: Path) -> None:
    migrate.upgrade(_url(tmp_path))
    database = Database(_url(tmp_path))
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours, "compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


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
