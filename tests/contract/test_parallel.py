"""Ten conversations at once, on every adapter and several models, do not mix."""

from __future__ import annotations

import uuid

import pytest
from chatting import Chatting, ended
from contract.adapters import ADAPTERS, BEDROCK
from contract.aimock import AiMock
from contract.conftest import point
from contract.peers import Says

from assistant.domain import ModelChoice, TurnStatus

LEAVE = "How many days of annual leave do full-time employees receive?"
MORE = (ModelChoice("local", "another-model"), ModelChoice("openai", "gpt-6.1-terra"))


def test_ten_conversations_on_different_providers_do_not_mix(
    chatting: Chatting, aimock: AiMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapters = [one for one in ADAPTERS if one.provider != BEDROCK]
    key = f"key-{uuid.uuid4().hex}"
    variables = {name: value for one in adapters for name, value in one.settings(aimock.url, key).items()}
    point(chatting, variables, monkeypatch)
    choices = [*(one.choice for one in adapters), *MORE]
    answers = {
        str(choice.model): f"This is the answer of {choice.model}, word by word and whole." for choice in choices
    }
    aimock.plays_for_models({model: Says(f"{text} [1]") for model, text in answers.items()})
    running = [chatting.service.ask(chatting.bob, None, LEAVE, choice, limited=False) for choice in choices]
    turns = [ended(one) for one in running]
    assert len(turns) == 10
    assert [(turn.status, turn.error) for turn in turns] == [(TurnStatus.COMPLETE, None)] * 10
    assert [turn.answer for turn in turns] == [f"{answers[str(choice.model)]} [1]" for choice in choices]
    assert [(turn.choice.provider, turn.choice.model) for turn in turns] == [
        (choice.provider, choice.model) for choice in choices
    ]
    assert len({turn.conversation_id for turn in turns}) == 10
