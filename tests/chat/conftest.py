"""A chat with a few documents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chatting import Chatting

from assistant.providers.minilm import MiniLM


@pytest.fixture
def chatting(data_dir: Path, embedder: MiniLM) -> Iterator[Chatting]:
    """A chat over two documents."""
    chat = Chatting(data_dir, embedder)
    chat.put(
        "Handbook.pdf",
        "Full-time employees receive 27 days of annual leave. Up to 5 days carry over to March of the next year.",
        "Report a lost laptop to the service desk at once. The form is HR-2024-07.",
    )
    chat.put("Travel.pdf", "Hotels are paid up to 140 euros a night. Ask your manager before you book.")
    yield chat
    chat.close()
