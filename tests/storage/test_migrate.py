"""The migrations and the row classes tell the same story; two starts at once do no harm."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import text

from assistant.errors import StartError
from assistant.storage import conversation_rows, library_rows, migrate, model_rows, rows
from assistant.storage.database import Base, Database
from assistant.storage.rows import EMBEDDED


def _url(folder: Path) -> str:
    return f"sqlite:///{folder / 'assistant.sqlite'}"


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    mine = {
        row.__tablename__
        for module in (rows, conversation_rows, library_rows, model_rows)
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


def test_a_database_of_the_version_before_keeps_its_documents_and_its_embedding_model(tmp_path: Path) -> None:
    database = Database(_url(tmp_path))
    _upgrade_to(database, "0003")
    with database.write() as session:
        for statement in _DOCUMENT_OF_0003:
            session.execute(text(statement))
    migrate.upgrade(_url(tmp_path))
    with database.read() as session:
        assert session.execute(text("SELECT embedder, embedder_wanted FROM knowledge_state")).one() == (EMBEDDED, None)
        assert session.execute(text("SELECT text, embedding FROM chunks")).one() == ("Words.", b"12")
        assert session.execute(text("SELECT count(*) FROM embeddings")).scalar() == 0
    database.close()


_DOCUMENT_OF_0003 = (
    """INSERT INTO documents (id, space_id, name, live_version_id, created_at)
       VALUES ('d', 'general', 'N', 1, '2026-11-01 00:00:00')""",
    """INSERT INTO document_versions (id, document_id, number, name, sha256, media_type, size, title, chunks, status,
                                      done, total, attempt, starts, uploaded_by, uploaded_at)
       VALUES (1, 'd', 1, 'N', '', '', 1, '', 1, 'ready', 1, 1, 1, 1, '', '2026-11-01 00:00:00')""",
    """INSERT INTO chunks (id, version_id, number, start, "end", title, heading, text, digest, embedding)
       VALUES (1, 1, 0, 0, 6, '', '', 'Words.', X'00', X'3132')""",
)


def _upgrade_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with database.engine.execution_options(write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


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
