"""Fixtures of the knowledge base's tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from changing_embedder import TOPICS
from embeddings_server import MODEL, EmbeddingsServer
from small_library import EDITOR, Library, Opener, opening

from assistant.domain import Person
from assistant.knowledge import query_vectors, reembedding
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings, load


@pytest.fixture
def editor() -> Person:
    """Someone who may change documents."""
    return EDITOR


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """Settings of an empty data folder whose worker leaves soon."""
    return load(data_dir=data_dir, worker_idle_seconds=2.0, _env_file=None)


@pytest.fixture
def library(settings: Settings, embedder: MiniLM, empty_database: Path) -> Iterator[Library]:
    """An empty library."""
    shutil.copyfile(empty_database, settings.data_dir / empty_database.name)
    library = Library(settings, embedder)
    yield library
    library.database.close()


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    """A server of embeddings."""
    server = EmbeddingsServer(TOPICS)
    yield server
    server.close()


@pytest.fixture
def served(
    data_dir: Path, server: EmbeddingsServer, embedder: MiniLM, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Library]:
    """An empty library whose settings name the server: eight chunks a request, and asked again soon after a fault."""
    monkeypatch.setattr(reembedding, "BATCH", 8)
    monkeypatch.setattr(reembedding, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(reembedding, "FIRST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(reembedding, "LONGEST_PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(query_vectors, "ALONE_SECONDS", 0.1)
    settings = load(data_dir=data_dir, EMBEDDINGS_BASE_URL=server.address, EMBEDDINGS_MODEL=MODEL, _env_file=None)
    library = Library(settings, embedder)
    yield library
    library.database.close()


@pytest.fixture
def open_served(served: Library) -> Iterator[Opener]:
    """Open knowledge bases on that library; the test may close them before the end."""
    with opening(served) as opener:
        yield opener
