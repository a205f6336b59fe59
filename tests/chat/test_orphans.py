"""What is known of a turn whose process is gone, and what it is taken to have cost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from assistant.chat.orphans import cut
from assistant.domain import ModelChoice, PendingCall, Turn, TurnStatus, Usage
from assistant.providers.prices import price

MODEL = "openai/gpt-oss-20b"
TURN = Turn(
    id="t1",
    conversation_id="c1",
    seq=1,
    question="q" * 400,
    status=TurnStatus.RUNNING,
    answer="a" * 800,
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
    choice=ModelChoice("groq", MODEL),
)
CALL = PendingCall("c1", "create_ticket", "Create a ticket", {"title": "X"})


def test_what_an_orphan_said_is_estimated_and_priced() -> None:
    ended, (line,) = cut(TURN)
    prices = price("groq", MODEL)
    assert prices is not None
    assert (line.turn_id, line.purpose, line.provider, line.model) == ("t1", "answer", "groq", MODEL)
    assert (line.usage.input_tokens, line.usage.output_tokens, line.usage.estimated) == (100, 200, True)
    assert line.usage.cost == (100 * prices[0] + 200 * prices[1]) / 1_000_000
    assert ended.usage == line.usage
    assert (ended.status, ended.answer) == (TurnStatus.CUT, TURN.answer)
    assert ended.error is not None
    assert ended.error.retryable


def test_a_turn_that_had_said_nothing_or_asks_nobody_costs_nothing() -> None:
    for turn in (replace(TURN, answer=""), replace(TURN, choice=ModelChoice("offline"))):
        ended, lines = cut(turn)
        assert (lines, ended.usage, ended.status) == ([], Usage(), TurnStatus.CUT)


def test_only_what_came_after_the_last_count_is_added_to_a_turn_that_had_waited() -> None:
    earlier = Usage(2, 1000, 150, 1, Decimal("0.5"), reasoning_tokens=20, cached_tokens=10)
    ended, (line,) = cut(replace(TURN, usage=earlier, pending=(CALL,)))
    assert line.usage.output_tokens == 50
    assert (ended.usage.requests, ended.usage.input_tokens, ended.usage.output_tokens) == (3, 1100, 200)
    assert ended.usage.cost is not None
    assert ended.usage.cost > Decimal("0.5")
    assert (ended.usage.reasoning_tokens, ended.usage.cached_tokens, ended.usage.estimated) == (20, 10, True)
    assert ended.pending == ()
    assert ended.error is not None
    assert "Create a ticket" in ended.error.message
    assert not ended.error.retryable


def test_a_cost_that_is_not_known_in_part_is_not_known_at_all() -> None:
    ended, _ = cut(replace(TURN, usage=Usage(1, 10, 10)))
    assert ended.usage.cost is None
