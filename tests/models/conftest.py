"""A models service on an empty database, with the providers that a test sets up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from models_serving import KEY, Serve

from assistant import settings as settings_module
from assistant.models.service import ModelService
from assistant.providers import catalogue
from assistant.storage.database import Database
from assistant.storage.migrate import upgrade


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'models.sqlite'}"
    upgrade(url)
    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def serve(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Serve:
    """A service on an empty database, with keys for the named variables."""
    for row in catalogue.rows():
        for name in (*row.needs, row.base_url):
            if name:
                monkeypatch.delenv(name, raising=False)

    def serve(*variables: str, today: date | None = None, **settings: object) -> ModelService:
        for name in variables:
            variable, _, value = name.partition("=")
            monkeypatch.setenv(variable, value or KEY)
        loaded = settings_module.load(data_dir=tmp_path, samples=False, _env_file=None, **settings)
        return ModelService(database, loaded, *([] if today is None else [lambda: today]))

    return serve
