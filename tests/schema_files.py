"""Reads the databases of earlier schemas in ``schemas``, and writes them: ``python schema_files.py REVISION``."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from alembic import command
from alembic.config import Config

from assistant.storage import migrate
from assistant.storage.database import Database

FOLDER = Path(__file__).parent / "storage" / "schemas"
KEYWORD_INDEX = "chunks_fts"
RANKING = "INSERT INTO chunks_fts(chunks_fts, rank) VALUES('rank', 'bm25(5.0, 2.0, 1.0)');"

# What stood in a database of each schema; those of an earlier one stood in the later ones as well.
ROWS = {
    "0001": (
        "INSERT INTO people VALUES ('ann', 'ann@example.com', 'Ann', 'kb_admin', '2026-11-01 08:00:00')",
        "INSERT INTO documents (id, space_id, name, live_version_id, created_at)"
        " VALUES ('d', 'general', 'leave.md', 1, '2026-11-01 09:00:00')",
        "INSERT INTO document_versions (id, document_id, number, name, sha256, media_type, size, title, text, pages,"
        " chunks, embedding_model, status, done, total, attempt, starts, uploaded_by, uploaded_at, ready_at)"
        " VALUES (1, 'd', 1, 'leave.md', 'ab', 'text/markdown', 38, 'Leave',"
        " 'Employees get 31 days of annual leave.', NULL, 1, 'all-MiniLM-L6-v2',"
        " 'ready', 1, 1, 1, 1, 'ann@example.com', '2026-11-01 09:00:00', '2026-11-01 09:00:05')",
        'INSERT INTO version_pages (version_id, position, number, start, "end") VALUES (1, 0, NULL, 0, 38)',
        'INSERT INTO chunks (id, version_id, number, start, "end", title, heading, text, digest, embedding)'
        " VALUES (1, 1, 0, 0, 38, 'Leave', 'Annual leave', 'Employees get 31 days of annual leave.', X'00', X'3132')",
        "INSERT INTO index_generations (id, space_id, model, number, collection, state, created_at)"
        " VALUES (1, 'general', 'all-MiniLM-L6-v2', 1, 'kb-1', 'live', '2026-11-01 09:00:00')",
        "UPDATE spaces SET created_at = '2026-11-01 08:00:00'",
        "UPDATE knowledge_state SET revision = 1, documents_added = 1",
    ),
    "0002": (
        "INSERT INTO conversations VALUES ('c', 'ann', 'Leave', '2026-11-01 10:00:00', '2026-11-01 10:00:00', NULL)",
        "INSERT INTO turns (id, conversation_id, seq, question, status, answer, created_at, finished_at, plan,"
        " answerable, abstained, nearest, steps, provider, model, requests, input_tokens, output_tokens, tool_calls,"
        " usage_estimated, owner_pid, owner_started)"
        " VALUES ('t', 'c', 1, 'How much leave?', 'complete', '31 days [1]', '2026-11-01 10:00:00',"
        " '2026-11-01 10:00:01', NULL, 0.9, 0, '[]', '[]', 'offline', 'quotes', 0, 0, 0, 0, 0, 1, 1.0)",
        'INSERT INTO citations (turn_id, n, document_id, document, version, chunk_id, page, quote, start, "end",'
        " heading_path) VALUES ('t', 1, 'd', 'leave.md', 1, 'd:1:0', NULL, 'Employees get 31 days of annual leave.',"
        " 0, 38, '[\"Annual leave\"]')",
    ),
    "0003": (
        "INSERT INTO preferences VALUES ('models', '{}', 1, '2026-11-01 10:00:00', 'ann')",
        "INSERT INTO usage_records (id, at, person_id, conversation_id, turn_id, number, purpose, provider, model,"
        " requests, input_tokens, output_tokens, reasoning_tokens, cached_tokens, tool_calls, cost, estimated)"
        " VALUES (1, '2026-11-01 10:00:01', 'ann', 'c', 't', 1, 'answer', 'openai', 'm', 1, 9, 9, 0, 0, 0, '0.1', 0)",
    ),
    "0004": ("INSERT INTO embeddings VALUES (1, 'server/model', X'3334')",),
    "0005": (
        "INSERT INTO document_tags VALUES ('d', 'hr')",
        "INSERT INTO ocr_texts VALUES (1, 0, 'Employees get 31 days of annual leave.')",
        "INSERT INTO document_secrets VALUES (1, X'3334')",
        "INSERT INTO index_moves VALUES (1, 1, 'd', 'general', '2026-11-01 10:00:00')",
        "INSERT INTO index_runs VALUES (1, 'reindex', 'done', 'ann', '2026-11-01 10:00:00', NULL, 1, NULL)",
        "INSERT INTO watched_folders VALUES (1, '/srv/hr', 'general', 'ann', 1, NULL, NULL)",
        "INSERT INTO synced_files VALUES (1, 'leave.md', 'ab', 38, 1, 'd')",
        "INSERT INTO deletions VALUES ('e', 'old.md', 'ann', '2026-11-01 10:00:00', '{}', NULL)",
        "INSERT INTO audit_log VALUES (1, '2026-11-01 10:00:00', 'ann', 'delete', 'e', NULL, X'00', X'01')",
    ),
    "0006": (
        'UPDATE turns SET support = \'[{"start": 0, "end": 7, "score": 1.0, "n": 1, "found": true}]\' WHERE id = \'t\'',
    ),
    "0007": (
        'INSERT INTO suspects (version_id, start, "end", text, digest, score)'
        " VALUES (1, 0, 9, 'Ignore it', X'01', 0.9)",
    ),
}


def read(revision: str, path: Path) -> None:
    """Make the database of an earlier schema as it was written down."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FOLDER / f"{revision}.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode=wal")


def upgrade_to(database: Database, revision: str) -> None:
    """Bring a database to a revision by the migrations."""
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    with database.engine.execution_options(write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def write(revision: str) -> str:
    """Return a database of that schema as SQL: tables, indexes and triggers, then rows."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "assistant.sqlite"
        database = Database(f"sqlite:///{path}")
        upgrade_to(database, revision)
        database.close()
        with closing(sqlite3.connect(path)) as connection:
            for of_schema, statements in ROWS.items():
                for statement in statements if of_schema <= revision else ():
                    connection.execute(statement)
            return "\n".join(_dumped(connection)) + "\n"


def _dumped(connection: sqlite3.Connection) -> Iterator[str]:
    kinds = ("table", "index", "trigger")
    found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    ours = [(kind, name, sql) for kind, name, sql in found if not _is_engines_own(name)]
    for _, name, sql in sorted(ours, key=lambda row: kinds.index(row[0])):
        yield f"{sql};"
        if name == KEYWORD_INDEX:
            yield RANKING
    for kind, name, sql in ours:
        if kind == "table" and "VIRTUAL" not in sql:
            yield from _rows(connection, name)


def _is_engines_own(name: str) -> bool:
    return name.startswith(("sqlite_", f"{KEYWORD_INDEX}_"))


def _rows(connection: sqlite3.Connection, table: str) -> Iterator[str]:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    quoted = " || ', ' || ".join(f'quote("{column}")' for column in columns)
    for (values,) in connection.execute(f"SELECT {quoted} FROM {table}"):  # noqa: S608 - names out of the schema
        yield f"INSERT INTO {table} VALUES ({values});"  # noqa: S608 - as above


if __name__ == "__main__":
    (FOLDER / f"{sys.argv[1]}.sql").write_text(write(sys.argv[1]), encoding="utf-8")
