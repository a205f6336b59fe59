"""What a turn may cost, over its plan and all of its attempts."""

from __future__ import annotations

from chatting import Chatting
from pydantic_ai import exceptions as failed
from pydantic_ai.usage import RequestUsage

from assistant.domain import TurnStatus
from assistant.models.policy import COST_LIMIT
from assistant.providers.scripted import Reply, Structured, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
ALL = RequestUsage(input_tokens=100, output_tokens=20, cost=COST_LIMIT)
ANSWER = Reply(["Full-time employees receive 27 days of annual leave. [1]"])


def test_no_answer_is_asked_for_when_the_plan_cost_all_that_a_turn_may(chatting: Chatting) -> None:
    plan = {"standalone_question": LEAVE, "search_queries": ["leave"], "route": "knowledge", "confidence": 1}
    model = chatting.plays(Reply([Structured(plan)], usage=ALL), ANSWER)
    turn = chatting.ask("and for them?", history=[("user", LEAVE), ("assistant", "27 days.")])
    assert turn.error is not None
    assert (turn.status, turn.error.category) == (TurnStatus.FAILED, "limit")
    assert "reached the cost limit of a turn" in turn.error.message
    assert (len(model.calls), turn.usage.cost) == (1, COST_LIMIT)


def test_an_attempt_that_cost_all_that_a_turn_may_is_not_followed_by_another(chatting: Chatting) -> None:
    search = Reply([ToolUse("search_knowledge_base", {"query": "leave"})], usage=ALL)
    model = chatting.plays(search, Reply([failed.ModelRateLimitError("script", "slow down", retry_after=1.0)]), ANSWER)
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert len(model.calls) == 2
