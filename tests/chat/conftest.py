"""A chat with a few documents, copied for each test from one that is made once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import Tickets
from chatting import Chatting
from wire_server import WireServer

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier


@pytest.fixture(scope="session")
def two_documents(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLM, classifier: RouteClassifier) -> Path:
    """A data folder with two searchable documents; not to be written to."""
    folder = tmp_path_factory.mktemp("two-documents")
    chat = Chatting(folder, embedder, classifier)
    chat.put(
        "Handbook.pdf",
        "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March of the next year.",
        "Report a lost laptop to the service desk at once. The form is HR-2024-07.",
    )
    chat.put("Travel.pdf", "Hotels are paid up to 140 euros a night. Ask your manager before you book.")
    chat.close()
    return folder


@pytest.fixture
def chatting(data_dir: Path, two_documents: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat over two documents."""
    shutil.copytree(two_documents, data_dir, dirs_exist_ok=True)
    chat = Chatting(data_dir, embedder, classifier)
    yield chat
    chat.close()


@pytest.fixture
def chatting_with_little_patience(
    data_dir: Path, two_documents: Path, embedder: MiniLM, classifier: RouteClassifier
) -> Iterator[Chatting]:
    """A chat that waits a tenth of a second for a first token."""
    shutil.copytree(two_documents, data_dir, dirs_exist_ok=True)
    chat = Chatting(data_dir, embedder, classifier, first_token_seconds=0.1)
    yield chat
    chat.close()


@pytest.fixture
def empty(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat without documents."""
    chat = Chatting(data_dir, embedder, classifier)
    yield chat
    chat.close()


@pytest.fixture
def keyed(chatting: Chatting, wire: WireServer) -> Chatting:
    """The chat with ``wire`` for a provider."""
    chatting.asks(wire.url)
    return chatting


@pytest.fixture
def tickets(chatting: Chatting) -> Tickets:
    """The chat of the test can open and close tickets."""
    made = Tickets()
    chatting.acts(made.actions)
    return made
