"""What ``assistant ask`` shows of turns that wait, fall back, or were chosen by Auto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from acting import ASKS, DONE, ORDER, Tickets
from chatting import SCRIPT, Chatting
from pydantic_ai import exceptions as failed

from assistant.bootstrap import Services
from assistant.cli.asking import Asker, checked_parameters, choice_of
from assistant.cli.turn_rows import badge, turn_row
from assistant.domain import (
    FallBack,
    ModelChoice,
    Parameters,
    PendingCall,
    Plan,
    Route,
    Timings,
    Turn,
    TurnStatus,
    Usage,
)
from assistant.errors import WrongUse
from assistant.models.policy import ModelPolicy
from assistant.models.service import ModelService
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.scripted import Reply, ToolUse
from assistant.storage.people import LOCAL

Printed = pytest.CaptureFixture[str]
TURN = Turn(
    id="t1",
    conversation_id="c1",
    seq=1,
    question="How many days?",
    status=TurnStatus.COMPLETE,
    answer="27 days.",
    created_at=datetime(2026, 11, 20, tzinfo=UTC),
    plan=Plan("How many days?", ("days",), Route.FACT_FINDING, 0.9, "figures"),
    choice=ModelChoice("groq", "openai/gpt-oss-20b"),
    usage=Usage(2, 1300, 40, 1, Decimal("0.00012"), reasoning_tokens=30, cached_tokens=200),
    timings=Timings(1.0, 2.0, 300.0, 1234.0),
)


@pytest.fixture
def chatting(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier) -> Iterator[Chatting]:
    chat = Chatting(data_dir, embedder, classifier)
    yield chat
    chat.close()


@pytest.fixture
def tickets(chatting: Chatting) -> Tickets:
    made = Tickets()
    chatting.acts(made.actions)
    return made


def asker(chatting: Chatting, *, approve: bool = False) -> Asker:
    services = cast("Services", SimpleNamespace(chat=chatting.service))
    return Asker(services, chatting.bob, SCRIPT, approve=approve, limited=True)


def test_a_waiting_card_goes_on_waiting_and_its_call_is_told(
    chatting: Chatting, tickets: Tickets, capsys: Printed
) -> None:
    chatting.plays(ASKS)
    asker(chatting).one(ORDER, None, as_json=True)
    out = capsys.readouterr()
    row = json.loads(out.out)
    assert row["status"] == "awaiting_approval"
    assert row["pending"] == [{"tool": "create_ticket", "arguments": {"title": "Headset is silent", "priority": "low"}}]
    assert (out.err, tickets.calls) == ("", [])
    assert chatting.service.turn(chatting.bob, row["turn_id"]).status is TurnStatus.AWAITING_APPROVAL


def test_people_are_told_what_waits_and_how_to_answer(chatting: Chatting, tickets: Tickets, capsys: Printed) -> None:
    chatting.plays(ASKS)
    asker(chatting).one(ORDER, None, as_json=False)
    out = capsys.readouterr()
    assert "Waiting for a yes: Create a ticket (title: Headset is silent, priority: low)." in out.err
    assert out.out.startswith("I will open a ticket.")
    assert tickets.calls == []


def test_approve_says_yes_as_often_as_the_turn_asks_and_prints_the_text_once(
    chatting: Chatting, tickets: Tickets, capsys: Printed
) -> None:
    again = Reply(["One more.", ToolUse("create_ticket", {"title": "Second"})])
    chatting.plays(ASKS, again, DONE)
    asker(chatting, approve=True).one(ORDER, None, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:5] == ["I will open a ticket.", "", "One more.", "", "It is done."]
    assert "openai script · action · " in lines[-1]
    assert tickets.titles == ["Headset is silent", "Second"]


def test_approve_ends_with_a_model_that_never_stops_asking(
    chatting: Chatting, tickets: Tickets, capsys: Printed
) -> None:
    chatting.plays(*[ASKS] * 30)
    asker(chatting, approve=True).one(ORDER, None, as_json=True)
    row = json.loads(capsys.readouterr().out)
    assert row["status"] in ("awaiting_approval", "failed")
    assert len(tickets.calls) <= 12


def test_a_batch_says_yes_as_well(chatting: Chatting, tickets: Tickets, capsys: Printed, tmp_path: Path) -> None:
    chatting.plays(ASKS, DONE)
    batch = tmp_path / "batch.jsonl"
    batch.write_text(json.dumps({"id": 1, "text": ORDER}))
    asker(chatting, approve=True).batch(batch)
    row = json.loads(capsys.readouterr().out)
    assert (row["id"], row["status"], row["pending"]) == (1, "complete", [])
    assert tickets.titles == ["Headset is silent"]


def test_who_chose_another_model_is_told_that_an_admin_has_fixed_it(chatting: Chatting, capsys: Printed) -> None:
    chatting.plays(Reply(["Hello."]), Reply(["Hello."]))
    asker(chatting).one("Hello there!", None, as_json=False)
    assert capsys.readouterr().err == ""
    models = ModelService(chatting.database, chatting.settings)
    models.set_policy(LOCAL, ModelPolicy(default=ModelChoice("offline"), locked=True))
    asker(chatting).one("Hello there!", None, as_json=False)
    out = capsys.readouterr()
    assert "An admin has fixed the model for everyone" in out.err
    assert out.out.splitlines()[-1].startswith("offline quotes · ")


def test_waits_are_told_on_stderr_for_people_and_not_with_json(chatting: Chatting, capsys: Printed) -> None:
    busy = Reply([failed.ModelRateLimitError("script", "slow down", retry_after=3.0)])
    chatting.plays(busy, Reply(["Hello."]), busy, Reply(["Hello."]))
    asker(chatting).one("Hello there!", None, as_json=False)
    assert "trying again in 3 s" in capsys.readouterr().err
    asker(chatting).one("Hello there!", None, as_json=True)
    out = capsys.readouterr()
    assert out.err == ""
    assert json.loads(out.out)["answer"] == "Hello."


def test_the_row_of_a_turn_has_the_contracts_fields() -> None:
    fell_back = FallBack("openai", "gpt-5.2", "OpenAI is overloaded, so Groq answers.")
    call = PendingCall("c", "create_ticket", "Create a ticket", {"title": "X"})
    row = turn_row(replace(TURN, fell_back=fell_back, pending=(call,), choice=replace(TURN.choice, auto=True)))
    assert row["usage"] == {
        "requests": 2,
        "input_tokens": 1300,
        "output_tokens": 40,
        "tool_calls": 1,
        "reasoning_tokens": 30,
        "cached_tokens": 200,
        "estimated": False,
    }
    assert row["fell_back"] == {"provider": "openai", "model": "gpt-5.2", "why": fell_back.why}
    assert row["pending"] == [{"tool": "create_ticket", "arguments": {"title": "X"}}]
    assert (row["auto"], row["cost"]) == (True, 0.00012)
    json.dumps(row)


@pytest.mark.parametrize(
    ("turn", "line"),
    [
        (TURN, "groq openai/gpt-oss-20b · fact finding · 1.2 s · 1,300 tokens in, 40 out · $0.00012"),
        (
            replace(TURN, usage=Usage(1, 10, 5), choice=ModelChoice("local", "qwen", auto=True)),
            "local qwen (Auto) · fact finding · 1.2 s · 10 tokens in, 5 out · not priced",
        ),
        (
            replace(TURN, usage=Usage(1, 10, 5, estimated=True), plan=None, timings=Timings()),
            "groq openai/gpt-oss-20b · 10 tokens in, 5 out · not priced · estimated",
        ),
        (
            replace(TURN, choice=ModelChoice("offline", "quotes"), usage=Usage(1, cost=Decimal(0))),
            "offline quotes · fact finding · 1.2 s · 0 tokens in, 0 out · $0",
        ),
    ],
)
def test_the_line_under_an_answer_names_model_route_time_tokens_and_cost(turn: Turn, line: str) -> None:
    assert badge(turn) == line


@pytest.mark.parametrize(
    ("parameters", "provider", "model", "named"),
    [
        (Parameters(temperature=3), None, None, "Temperature"),
        (Parameters(temperature=float("nan")), None, None, "Temperature"),
        (Parameters(top_p=0), None, None, "Top-p"),
        (Parameters(max_tokens=0), None, None, "longest answer"),
        (Parameters(effort="huge"), None, None, "Effort"),  # type: ignore[arg-type]  # what a person may type
        (Parameters(), "auto", "gpt-5.2", "--model"),
    ],
)
def test_parameters_out_of_range_are_wrong_use(
    parameters: Parameters, provider: str | None, model: str | None, named: str
) -> None:
    with pytest.raises(WrongUse, match=named):
        checked_parameters(parameters, provider, model)


def test_parameters_alone_go_to_the_default_model(chatting: Chatting) -> None:
    services = cast("Services", SimpleNamespace(models=ModelService(chatting.database, chatting.settings)))
    low = Parameters("low", 0.2, 0.9, 500)
    assert choice_of(services, None, None, low) == ModelChoice("offline", "quotes", low)
    assert choice_of(services, None, None, Parameters()) is None
    assert choice_of(services, None, "x", low) == ModelChoice("offline", "x", low)
    assert choice_of(services, "groq", None, low) == ModelChoice("groq", None, low)
