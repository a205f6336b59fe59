"""A chat with a few documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chatting import Chatting

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier


@pytest.fixture(scope="session")
def classifier(embedder: MiniLM) -> RouteClassifier:
    """The real router, whose examples are embedded once for all tests."""
    return RouteClassifier(embedder)


@pytest.fixture
def chatting(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat over two documents."""
    chat = Chatting(data_dir, embedder, classifier)
    chat.put(
        "Handbook.pdf",
        "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March of the next year.",
        "Report a lost laptop to the service desk at once. The form is HR-2024-07.",
    )
    chat.put("Travel.pdf", "Hotels are paid up to 140 euros a night. Ask your manager before you book.")
    yield chat
    chat.close()


@pytest.fixture
def empty(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat without documents."""
    chat = Chatting(data_dir, embedder, classifier)
    yield chat
    chat.close()


@pytest.fixture
def chatting_with_little_patience(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    """A chat that waits a tenth of a second for a first token."""
    chat = Chatting(data_dir, embedder, classifier, first_token_seconds=0.1)
    chat.put("Handbook.pdf", "Full-time employees receive 27 days of annual leave.")
    yield chat
    chat.close()
