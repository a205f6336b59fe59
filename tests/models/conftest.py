"""A models service on an empty database, with the providers that a test sets up."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from models_serving import KB_ADMIN, KEY, STAFF, Serve
from persons import known

from assistant import settings as settings_module
from assistant.models.service import ModelService
from assistant.storage.database import Database
from assistant.storage.people import LOCAL


@pytest.fixture
def serve(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, without_providers: None) -> Serve:
    """A service on an empty database, with keys for the named variables."""
    del without_providers
    known(database, LOCAL, KB_ADMIN, STAFF)

    def serve(*variables: str, today: date | None = None, **settings: object) -> ModelService:
        for name in variables:
            variable, _, value = name.partition("=")
            monkeypatch.setenv(variable, value or KEY)
        loaded = settings_module.load(data_dir=tmp_path, samples=False, _env_file=None, **settings)
        return ModelService(database, loaded, *([] if today is None else [lambda: today]))

    return serve
