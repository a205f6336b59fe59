"""One short question to each real provider whose key is set: `make smoke`. Costs less than a cent in all."""

from __future__ import annotations

from pathlib import Path

import pytest
from chatting import Chatting, ended, events_of

from assistant.domain import ModelChoice, Parameters, TurnStatus
from assistant.events import TextDelta
from assistant.providers.catalogue import providers, rows
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.settings import load

LEAVE = "How many days of annual leave do full-time employees receive?"
MOST_TOKENS = 2_000
REAL = [row.id for row in rows() if row.kind != "offline"]


@pytest.mark.real_provider
@pytest.mark.parametrize("provider_id", REAL)
def test_a_real_provider_answers_from_the_document(
    provider_id: str, data_dir: Path, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    settings = load(data_dir=data_dir)
    state = next(one for one in providers(settings) if one.id == provider_id)
    if not state.configured:
        pytest.skip(f"{state.label} was not asked: {state.problem}")
    chat = Chatting(data_dir, embedder, classifier)
    chat.settings = settings
    chat.service = chat.new_service()
    try:
        chat.put("Handbook.pdf", "Full-time employees receive 27 days of annual leave.")
        choice = ModelChoice(provider_id, state.quick, Parameters(max_tokens=MOST_TOKENS))
        running = chat.service.ask(chat.bob, None, LEAVE, choice)
        turn = ended(running)
    finally:
        chat.close()
    assert (turn.status, turn.error) == (TurnStatus.COMPLETE, None)
    assert "27" in turn.answer
    assert turn.citations[0].document == "Handbook.pdf"
    assert any(isinstance(event, TextDelta) for event in events_of(running))
    assert turn.usage.output_tokens > 0
    assert not turn.usage.estimated
