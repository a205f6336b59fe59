"""What a turn has used: counted, estimated and priced, and what is left of it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from chatting import Chatting
from pydantic_ai import RunUsage
from pydantic_ai.usage import RequestUsage
from wire_behaviours import says
from wire_server import Exchange, WireServer

from assistant.chat.accounts import Account, Accounts
from assistant.chat.plan import without_plan
from assistant.domain import ModelChoice, TurnStatus, Usage
from assistant.models.policy import COST_LIMIT
from assistant.providers.scripted import Reply, Structured, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
PLAN = {"standalone_question": LEAVE, "search_queries": ["leave " * 999], "route": "knowledge", "confidence": 1}
KNOWN = ModelChoice("groq", "openai/gpt-oss-20b")
UNKNOWN = ModelChoice("local", "mine")


def dear(dollars: str) -> RequestUsage:
    return RequestUsage(input_tokens=100, output_tokens=20, cost=Decimal(dollars))


def test_what_the_provider_counted_is_taken_as_it_is() -> None:
    used = RunUsage(
        requests=1,
        input_tokens=100,
        output_tokens=50,
        cache_read_tokens=60,
        details={"reasoning_tokens": 30},
        cost=Decimal("0.01"),
    )
    usage = Account("answer", KNOWN, used, asked_tokens=7, said="text").counted()
    assert usage == Usage(1, 100, 50, 0, Decimal("0.01"), False, reasoning_tokens=30, cached_tokens=60)


def test_a_request_that_was_broken_off_is_estimated_by_its_text_and_priced() -> None:
    account = Account("answer", KNOWN, RunUsage(requests=1), asked_tokens=1000, uncounted=1, said="x" * 400)
    account.thought = "y" * 40
    usage = account.counted()
    assert (usage.requests, usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) == (1, 1000, 110, 10)
    assert usage.estimated
    assert usage.cost is not None
    assert Decimal(0) < usage.cost < Decimal("0.001")


def test_input_that_was_counted_first_is_not_estimated() -> None:
    account = Account("answer", KNOWN, RunUsage(requests=1, input_tokens=900, output_tokens=1), asked_tokens=1000)
    account.said = "x" * 400
    account.break_off(input_counted=True)
    usage = account.counted()
    assert (usage.requests, usage.input_tokens, usage.output_tokens, usage.estimated) == (1, 900, 101, True)


def test_an_estimate_adds_to_what_was_counted_before() -> None:
    account = Account("answer", KNOWN, RunUsage(requests=1, input_tokens=900, output_tokens=10), asked_tokens=1000)
    account.give_up(1000)
    usage = account.counted()
    assert (usage.requests, usage.input_tokens, usage.output_tokens) == (2, 1900, 10)


def test_a_model_without_a_price_has_no_cost_and_offline_costs_nothing() -> None:
    assert Account("answer", UNKNOWN, RunUsage(requests=1, input_tokens=5)).counted().cost is None
    assert Account("answer", ModelChoice("offline", "quotes"), RunUsage(requests=1)).counted().cost == 0


def test_models_that_took_no_request_have_no_line_in_the_ledger() -> None:
    accounts = Accounts()
    accounts.open("plan", KNOWN)
    accounts.open("answer", UNKNOWN).usage.incr(RunUsage(requests=1))
    records = accounts.records("t1")
    assert [(record.number, record.purpose, record.model) for record in records] == [(1, "answer", "mine")]


def test_a_turn_ends_at_its_cost_limit(chatting: Chatting) -> None:
    costs = COST_LIMIT * Decimal("0.4")
    searches = [
        Reply([ToolUse("search_knowledge_base", {"query": f"leave {n}"})], usage=dear(str(costs))) for n in range(5)
    ]
    model = chatting.plays(*searches)
    turn = chatting.ask(LEAVE)
    assert turn.error is not None
    assert (turn.error.category, turn.error.retryable) == ("limit", False)
    assert turn.error.message.startswith("The answer reached the cost limit of a turn: ask for less at once")
    assert len(model.calls) == 3
    assert turn.usage.cost == costs * 3


def test_an_answer_that_was_whole_when_it_reached_the_limit_is_not_cut(chatting: Chatting) -> None:
    chatting.plays(Reply(["Full-time employees receive 27 days of annual leave. [1]"], usage=dear("0.51")))
    turn = chatting.ask(LEAVE)
    assert (turn.status, turn.error) == (TurnStatus.COMPLETE, None)
    assert turn.usage.cost == Decimal("0.51")


def test_what_the_plan_cost_counts_towards_the_limit(chatting: Chatting) -> None:
    plan = {"standalone_question": LEAVE, "search_queries": ["leave"], "route": "knowledge", "confidence": 1}
    again = [Reply([ToolUse("search_knowledge_base", {"query": f"leave {n}"})], usage=dear("0.2")) for n in range(3)]
    model = chatting.plays(Reply([Structured(plan)], usage=dear("0.2")), *again)
    turn = chatting.ask("and for them?", history=[("user", LEAVE), ("assistant", "27 days.")])
    assert turn.error is not None
    assert turn.error.category == "limit"
    assert len(model.calls) == 3
    assert turn.usage.cost == Decimal("0.6")


@pytest.mark.parametrize(
    "count",
    [{}, {"prompt_tokens": -5, "completion_tokens": -7}, {"prompt_tokens": 10**18, "completion_tokens": 10**30}],
    ids=["nothing", "less than nothing", "more than there is"],
)
@pytest.mark.parametrize("provider", ["openai", "groq"])
@pytest.mark.filterwarnings("ignore:Failed to extract usage")
def test_a_count_that_cannot_be_is_no_count(
    keyed: Chatting, wire: WireServer, provider: str, count: dict[str, int]
) -> None:
    def counts(exchange: Exchange) -> None:
        exchange.begin()
        exchange.delta(content="Full-time employees receive 27 days of annual leave. [1]")
        exchange.finish(usage={"total_tokens": 1, **count})

    wire.answers(counts)
    turn = keyed.ask(LEAVE, choice=ModelChoice(provider))
    assert turn.status is TurnStatus.COMPLETE
    assert turn.usage.estimated
    assert 50 < turn.usage.input_tokens < 1000
    assert 10 < turn.usage.output_tokens < 100
    assert turn.usage.cost
    assert turn.usage.cost < 1
    assert keyed.service.turn(keyed.bob, turn.id).usage == turn.usage


def test_a_plan_without_a_count_is_estimated_by_what_it_read(keyed: Chatting, wire: WireServer) -> None:
    def plans(exchange: Exchange) -> None:
        tool = exchange.received.body["tools"][0]["function"]["name"]
        call = {"id": "c", "type": "function", "function": {"name": tool, "arguments": json.dumps(PLAN)}}
        choice = {"index": 0, "message": {"role": "assistant", "tool_calls": [call]}, "finish_reason": "tool_calls"}
        head = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
        exchange.document(200, json.dumps({**head, "choices": [choice]}))

    wire.answers(plans, says("Full-time employees receive 27 days of annual leave. [1]"))
    said = [("user", LEAVE), ("assistant", "27 days.")]
    turn = keyed.ask("and for them?", choice=ModelChoice("openai"), history=said)
    assert turn.plan is not None
    assert turn.plan.reason != without_plan("").reason
    assert turn.plan.search_queries[-1] == "leave " * 166 + "leav"
    assert turn.usage.estimated
    assert 1020 < turn.usage.input_tokens < 1300
