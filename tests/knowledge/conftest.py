"""Fixtures of the knowledge base's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_library import EDITOR, Library

from assistant.domain import Person
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings


@pytest.fixture
def editor() -> Person:
    """Someone who may change documents."""
    return EDITOR


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Settings of an empty data folder whose worker leaves soon."""
    return Settings(data_dir=data_dir, worker_idle_seconds=2.0, _env_file=None)  # type: ignore[call-arg]


@pytest.fixture
def library(settings: Settings, embedder: MiniLM) -> Iterator[Library]:
    """An empty library."""
    library = Library(settings, embedder)
    yield library
    library.database.close()
