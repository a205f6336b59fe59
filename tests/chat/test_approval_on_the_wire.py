"""Approval over real connections, and for models that are told of their tools in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from acting import ARGUMENTS, DONE, ORDER, Tickets, decided, no, waiting, yes
from chatting import Chatting
from wire_behaviours import calls_tool, refuses, says
from wire_server import WireServer

from assistant.domain import ModelChoice, Route, TurnStatus
from assistant.providers.prompted_tools import PromptedTools
from assistant.providers.scripted import Reply

CALL = calls_tool("create_ticket", ARGUMENTS, "I will open a ticket.", call_id="call_abc")


@pytest.fixture(params=["openai", "groq"])
def choice(request: pytest.FixtureRequest) -> ModelChoice:
    return ModelChoice(request.param)


def told(wire: WireServer) -> list[dict[str, Any]]:
    """The messages of the last request."""
    return list(wire.requests[-1].body["messages"])


def test_a_call_waits_survives_a_restart_and_goes_on_over_the_wire(
    keyed: Chatting, wire: WireServer, tickets: Tickets, choice: ModelChoice
) -> None:
    wire.answers(CALL, says("It is done."))
    turn = keyed.ask(ORDER, choice=choice)
    assert turn.status is TurnStatus.AWAITING_APPROVAL, turn.error
    offered = [tool["function"]["name"] for tool in wire.requests[0].body["tools"]]
    assert sorted(offered) == ["close_ticket", "create_ticket"]
    keyed.acts(tickets.actions)
    done = decided(keyed, turn, yes(turn))
    assert (done.status, done.answer) == (TurnStatus.COMPLETE, "I will open a ticket.\n\nIt is done.")
    assert tickets.titles == ["Headset is silent"]
    (result,) = [message for message in told(wire) if message["role"] == "tool"]
    assert (result["tool_call_id"], result["content"]) == (
        "call_abc",
        "<result>Ticket 1: Headset is silent &lt;b></result>",
    )
    assert done.choice == turn.choice
    assert len(wire.requests) == 2


def test_a_no_is_told_over_the_wire(keyed: Chatting, wire: WireServer, tickets: Tickets, choice: ModelChoice) -> None:
    wire.answers(CALL, says("Then not."))
    turn = keyed.ask(ORDER, choice=choice)
    done = decided(keyed, turn, no(turn, "too early"))
    assert (done.status, tickets.calls) == (TurnStatus.COMPLETE, [])
    (result,) = [message for message in told(wire) if message["role"] == "tool"]
    assert "Their reason: too early" in result["content"]


def test_a_provider_in_trouble_after_the_yes_is_asked_again_with_the_result_and_no_second_effect(
    keyed: Chatting, wire: WireServer, tickets: Tickets, choice: ModelChoice
) -> None:
    wire.answers(CALL, refuses(503, "overloaded"), says("It is done."))
    turn = keyed.ask(ORDER, choice=choice)
    done = decided(keyed, turn, yes(turn))
    assert done.status is TurnStatus.COMPLETE, done.error
    assert tickets.calls == ["Headset is silent"]
    assert [message["role"] for message in told(wire)].count("tool") == 1


def test_a_model_without_tools_asks_in_words_and_waits_like_any_other(chatting: Chatting, tickets: Tickets) -> None:
    block = json.dumps({"tools": [{"name": "create_ticket", "params": ARGUMENTS}]})
    script = chatting.plays(Reply(["I will open a ticket. ", f"<TOOL_CALLS>{block}</TOOL", "_CALLS>"]), DONE)
    chatting.model = PromptedTools(script)  # type: ignore[assignment]  # the script, wrapped
    turn = chatting.ask(ORDER)
    assert turn.status is TurnStatus.AWAITING_APPROVAL, turn.error
    assert "TOOL_CALLS" not in turn.answer
    assert turn.pending[0].arguments == ARGUMENTS
    done = decided(chatting, turn, yes(turn))
    assert (done.status, tickets.titles) == (TurnStatus.COMPLETE, ["Headset is silent"])
    assert "TOOL_CALLS" not in done.answer
    assert "Ticket 1: Headset is silent" in str(script.calls[-1].messages)


def test_a_question_about_documents_may_lead_to_a_call_too(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting, question="How many days of annual leave do full-time employees receive?")
    assert turn.plan is not None
    assert turn.plan.route is Route.KNOWLEDGE
    done = decided(chatting, turn, yes(turn))
    assert (done.answer, done.status) == ("I will open a ticket.\n\nIt is done.", TurnStatus.COMPLETE)
    assert tickets.titles == ["Headset is silent"]
