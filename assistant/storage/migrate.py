"""Brings the database to the newest schema at start; two processes at once do it one after the other."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock
from sqlalchemy import inspect, make_url, text

from assistant.errors import StartError
from assistant.storage.database import Database
from assistant.storage.disk import is_disk_full

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare_folder(folder: Path) -> None:
    """Create the folder and write to it once; raise StartError with a sentence when that cannot be."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink(missing_ok=True)
    except OSError as error:
        raise StartError(
            f"The data folder {str(folder)!r} cannot be written to ({error.strerror}); "
            "set ASSISTANT_DATA_DIR to a folder that can."
        ) from None


def upgrade(database_url: str) -> None:
    """Apply the migrations that are still missing, all in one transaction; raise StartError when it cannot be."""
    path = Path(make_url(database_url).database or "")
    prepare_folder(path.parent)
    with FileLock(f"{path}.migrate.lock"):
        database = Database(database_url)
        try:
            if current(database) != newest():
                _upgrade(database)
        finally:
            database.close()


def newest() -> str:
    """Return the revision of the newest migration in the source."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def current(database: Database) -> str | None:
    """Return the revision that the database is at; None for an empty one."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return None if revision is None else str(revision)


def _upgrade(database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    try:
        with database.engine.execution_options(write=True).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError:
        raise StartError("The database was written by a newer version of this application; update it.") from None
    except Exception as error:
        if is_disk_full(error):
            raise StartError(
                "The disk is full, so the database cannot be updated. Make room and start again."
            ) from None
        raise
