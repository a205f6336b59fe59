"""Which model plans, how it is asked, and what comes of a plan that fails or takes too long."""

from __future__ import annotations

from decimal import Decimal

import pytest
from chatting import Chatting, ended
from pydantic_ai import CancellationToken, RunCancelled
from wire_behaviours import drops, html, never_begins, refuses, says, structures
from wire_server import Behaviour, WireServer

from assistant.chat.accounts import Account
from assistant.chat.plan import Planner, by_model, look
from assistant.domain import AUTO, ModelChoice, Route, TurnStatus
from assistant.models.policy import ModelPolicy
from assistant.models.service import ModelService
from assistant.providers.builders import build_model
from assistant.providers.model_info import OutputMode
from assistant.providers.offline.routing import RouteGuess
from assistant.providers.scripted import Gate, Reply, ScriptedModel, Structured
from assistant.storage.people import People
from assistant.storage.usage_records import UsageRecords

LEAVE = "How many days of annual leave do full-time employees receive?"
HOTEL = "Hotels are paid up to 140 euros a night."
FOLLOW_UP = "And what about the hotel there?"
SAID = [("user", "I travel to Prague."), ("assistant", "Good.")]
PLAN = {
    "standalone_question": "How many euros a night may a hotel cost in Prague?",
    "search_queries": ["hotel limit per night"],
    "route": "knowledge",
    "confidence": 0.9,
    "reason": "travel rules",
}
WHOLE = says(HOTEL, " [1]")
OPENAI, GROQ = ModelChoice("openai"), ModelChoice("groq")
QUICK, THOROUGH = "openai/gpt-oss-20b", "openai/gpt-oss-120b"

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=[OPENAI, GROQ], ids=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    picked: ModelChoice = request.param
    return picked


def test_a_question_that_stands_alone_takes_one_request(keyed: Chatting, wire: WireServer, choice: ModelChoice) -> None:
    wire.answers(WHOLE)
    assert keyed.ask(LEAVE, choice=choice).status is TurnStatus.COMPLETE
    assert len(wire.requests) == 1


def test_a_question_that_leans_on_the_last_takes_two_requests(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    wire.answers(structures(PLAN), WHOLE)
    turn = keyed.ask(FOLLOW_UP, choice=choice, history=SAID)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{HOTEL} [1]")
    assert turn.plan is not None
    assert turn.plan.standalone_question == PLAN["standalone_question"]
    assert [bool(request.body.get("stream")) for request in wire.requests] == [False, True]
    assert turn.usage.requests == 2


@pytest.mark.parametrize(
    "fault",
    [refuses(500, "server_error"), refuses(429, "rate_limit_exceeded", retry_after=1), drops, html(), says("no")],
    ids=["server error", "rate limit", "dropped", "a page", "no structure"],
)
def test_a_plan_that_fails_costs_one_request_and_no_wait(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, fault: Behaviour
) -> None:
    wire.answers(fault, WHOLE)
    turn = keyed.ask(FOLLOW_UP, choice=choice, history=SAID)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{HOTEL} [1]")
    assert turn.plan is not None
    assert (turn.plan.route, turn.plan.standalone_question) == (Route.KNOWLEDGE, FOLLOW_UP)
    assert (len(wire.requests), keyed.slept) == (2, [])


def test_a_plan_is_waited_for_no_longer_than_a_first_token(
    keyed: Chatting, wire: WireServer, choice: ModelChoice
) -> None:
    keyed.asks(wire.url, first_token_seconds=1.0)
    wire.answers(never_begins, WHOLE)
    turn = keyed.ask(FOLLOW_UP, choice=choice, history=SAID)
    assert (turn.status, turn.answer) == (TurnStatus.COMPLETE, f"{HOTEL} [1]")
    assert (turn.usage.requests, turn.usage.estimated) == (2, True)


async def test_a_plan_that_takes_too_long_is_not_waited_for() -> None:
    gate = Gate()
    planner = Planner(ScriptedModel([Reply([gate, Structured(PLAN)])]), Account("plan", GROQ), seconds=0.05)
    plan = await by_model(planner, FOLLOW_UP, SAID, CancellationToken())
    assert (plan.route, plan.standalone_question) == (Route.KNOWLEDGE, FOLLOW_UP)
    usage = planner.account.counted()
    assert (usage.requests, usage.estimated) == (1, True)
    assert usage.input_tokens > 20


async def test_a_stop_ends_the_planning() -> None:
    token = CancellationToken()
    token.cancel()
    planner = Planner(ScriptedModel([Reply([Structured(PLAN)])]), Account("plan", GROQ))
    with pytest.raises(RunCancelled):
        await by_model(planner, FOLLOW_UP, SAID, token)


@pytest.mark.parametrize("output", ["tool", "native", "prompted"])
async def test_a_plan_is_asked_for_as_the_model_can_give_it(
    keyed: Chatting, wire: WireServer, choice: ModelChoice, output: OutputMode
) -> None:
    wire.answers(structures(PLAN))
    model = build_model(choice, keyed.settings, keyed.embedder)
    plan = await by_model(Planner(model, Account("plan", GROQ), output), FOLLOW_UP, SAID, CancellationToken())
    assert plan.standalone_question == PLAN["standalone_question"]
    body = wire.requests[0].body
    assert bool(body.get("tools")) == (output == "tool")
    asked_for_schema = (body.get("response_format") or {}).get("type") == "json_schema"
    assert asked_for_schema == (output == "native")


def test_the_quick_model_plans_with_little_effort_and_both_are_in_the_ledger(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(structures(PLAN), WHOLE)
    turn = keyed.ask(FOLLOW_UP, choice=ModelChoice("groq", THOROUGH), history=SAID)
    first, second = (request.body for request in wire.requests)
    assert (first["model"], first["reasoning_effort"]) == (QUICK, "low")
    assert (second["model"], second.get("reasoning_effort")) == (THOROUGH, None)
    assert turn.choice.model == THOROUGH
    lines = [line.record for line in UsageRecords(keyed.database).lines(None)]
    assert [(line.number, line.purpose, line.model) for line in lines] == [(1, "plan", QUICK), (2, "answer", THOROUGH)]
    assert sum(line.usage.input_tokens for line in lines) == turn.usage.input_tokens == 2000
    assert sum((line.usage.cost or Decimal(0) for line in lines), Decimal(0)) == turn.usage.cost


def test_a_model_that_is_not_allowed_does_not_plan(keyed: Chatting, wire: WireServer) -> None:
    models = ModelService(keyed.database, keyed.settings)
    models.set_policy(People(keyed.database).local(), ModelPolicy(allowed=(f"groq/{THOROUGH}",)))
    wire.answers(structures(PLAN), WHOLE)
    keyed.ask(FOLLOW_UP, choice=ModelChoice("groq", THOROUGH), history=SAID)
    assert [request.body["model"] for request in wire.requests] == [THOROUGH, THOROUGH]


def test_a_model_that_the_catalogue_does_not_know_plans_for_itself(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(structures(PLAN), WHOLE)
    keyed.ask(FOLLOW_UP, choice=ModelChoice("groq", "our/own"), history=SAID)
    assert [request.body["model"] for request in wire.requests] == ["our/own", "our/own"]


def test_auto_takes_the_thorough_model_for_facts_and_figures(keyed: Chatting, wire: WireServer) -> None:
    models = ModelService(keyed.database, keyed.settings)
    models.set_policy(People(keyed.database).local(), ModelPolicy(auto_order=("groq",)))
    wire.answers(structures({**PLAN, "route": "fact_finding"}), WHOLE, structures(PLAN), WHOLE)
    facts = keyed.ask(FOLLOW_UP, choice=ModelChoice(AUTO), history=SAID)
    other = keyed.ask(FOLLOW_UP, choice=ModelChoice(AUTO), history=SAID)
    assert (facts.choice.model, other.choice.model) == (THOROUGH, QUICK)
    assert (facts.choice.auto, other.choice.auto) == (True, True)
    assert keyed.service.turn(keyed.bob, facts.id) == facts


def test_a_default_of_auto_goes_by_the_rule_as_well(keyed: Chatting, wire: WireServer) -> None:
    keyed.asks(wire.url, default_provider="auto")
    models = ModelService(keyed.database, keyed.settings)
    models.set_policy(People(keyed.database).local(), ModelPolicy(auto_order=("groq",)))
    wire.answers(structures({**PLAN, "route": "fact_finding"}), WHOLE)
    turn = ended(keyed.service.ask(keyed.bob, None, FOLLOW_UP, None, SAID))
    assert (turn.choice.auto, turn.choice.model) == (True, THOROUGH)


def test_a_stop_while_planning_hangs_up_and_asks_nothing_more(keyed: Chatting, wire: WireServer) -> None:
    wire.answers(never_begins, WHOLE)
    running = keyed.service.ask(keyed.bob, None, FOLLOW_UP, GROQ, SAID)
    assert wire.wait_for_requests(1)
    keyed.service.stop(keyed.bob, running.turn_id)
    assert ended(running).status is TurnStatus.STOPPED
    assert wire.wait_for_hang_up()
    assert len(wire.requests) == 1
    assert keyed.ask(LEAVE, choice=GROQ).status is TurnStatus.COMPLETE


@pytest.mark.parametrize(
    ("said", "confidence", "route"),
    [
        ("Which brand of coffee machine stands in the kitchen?", 0.85, Route.KNOWLEDGE),
        ("Which brand of coffee machine stands in the kitchen?", 0.97, Route.GENERAL),
        ("I am so tired of Mondays", 0.85, Route.GENERAL),
    ],
)
def test_a_question_for_a_fact_is_looked_up_though_no_passage_is_near(
    said: str, confidence: float, route: Route
) -> None:
    seen = look(said, [], lambda _: RouteGuess(Route.GENERAL, confidence, "talk", sure=False), lambda: 0.2, alone=True)
    assert seen.guess is not None
    assert seen.guess.route is route
