from __future__ import annotations

from collections.abc import Callable

import pytest

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.extract import answer
from assistant.providers.passages import PromptPassage

Ask = Callable[..., str]


@pytest.fixture
def ask(written: Ask) -> Ask:
    """Answers a question from (document, heading, text) passages; without the stars around words in bold."""
    return lambda *asked: written(*asked).replace("**", "")


@pytest.fixture
def written(embedder: MiniLM) -> Ask:
    """Answers a question as it is written into the conversation."""

    def run(question: str, *passages: tuple[str, str, str]) -> str:
        prompt = [
            PromptPassage(n, doc, None, heading, text) for n, (doc, heading, text) in enumerate(passages, start=1)
        ]
        return "".join(answer(question, prompt, embedder))

    return run
