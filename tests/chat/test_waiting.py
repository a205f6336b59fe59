"""What becomes of a turn that waits: a newer question, a restart, failures after the yes, and whose it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from acting import ASKS, DONE, Tickets, decided, no, waiting, yes
from chatting import Chatting, ended
from pydantic_ai import exceptions as failed
from sqlalchemy import text

from assistant.domain import Decision, ModelChoice, TurnStatus
from assistant.errors import DecisionRefused, NotFound, ProviderUnavailable
from assistant.models.policy import ModelPolicy
from assistant.models.service import ModelService
from assistant.providers.scripted import Gate, Reply, ToolUse
from assistant.storage.people import People

LEAVE = "How many days of annual leave do full-time employees receive?"


def test_a_model_that_fails_after_the_tool_ran_is_asked_again_without_running_it_twice(
    chatting: Chatting, tickets: Tickets
) -> None:
    busy = Reply([failed.ModelRateLimitError("script", "slow down", retry_after=1.0)])
    turn = waiting(chatting, ASKS, busy, busy, DONE)
    done = decided(chatting, turn, yes(turn))
    assert done.status is TurnStatus.COMPLETE
    assert done.answer.endswith("It is done.")
    assert tickets.calls == ["Headset is silent"]
    assert chatting.slept == [1.0, 1.0]


def test_a_turn_that_fails_after_its_tool_ran_says_that_it_was_done(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting, ASKS, Reply([failed.ModelAuthenticationError("script", "no")]))
    done = decided(chatting, turn, yes(turn))
    assert done.status is TurnStatus.FAILED
    assert done.error is not None
    assert "had been acted on by then" in done.error.message
    assert not done.error.retryable
    assert (done.answer, tickets.calls) == ("I will open a ticket.", ["Headset is silent"])


def test_stopping_the_decided_turn_keeps_what_was_done_and_said(chatting: Chatting, tickets: Tickets) -> None:
    gate = Gate()
    turn = waiting(chatting, ASKS, Reply(["It is", gate]))
    running = chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert gate.reached.wait(10)
    chatting.service.stop(chatting.bob, turn.id)
    done = ended(running)
    assert (done.status, done.answer) == (TurnStatus.STOPPED, "I will open a ticket.\n\nIt is")
    assert tickets.titles == ["Headset is silent"]


@pytest.mark.parametrize("closed", [False, True])
def test_stopping_while_a_tool_works_says_that_it_may_have_been_done(
    chatting: Chatting, tickets: Tickets, closed: bool
) -> None:
    turn = waiting(chatting)
    tickets.gate = Gate()
    running = chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.gate.reached.wait(10)
    if closed:
        chatting.service.close()
    else:
        chatting.service.stop(chatting.bob, turn.id)
    done = ended(running)
    assert done.status is (TurnStatus.CUT if closed else TurnStatus.STOPPED)
    assert done.error is not None
    assert "while it carried out what you approved (Create a ticket)" in done.error.message
    assert not done.error.retryable
    assert chatting.service.turn(chatting.bob, turn.id) == done


def test_a_newer_question_lets_the_waiting_calls_lapse(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting)
    chatting.plays(Reply(["Hello."]))
    chatting.ask("Hello", turn.conversation_id)
    lapsed = chatting.service.turn(chatting.bob, turn.id)
    assert (lapsed.status, lapsed.pending) == (TurnStatus.STOPPED, ())
    assert lapsed.error is not None
    assert lapsed.error.message.startswith("This was not done: you asked something else")
    with pytest.raises(DecisionRefused):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.calls == []


def test_only_the_person_of_the_conversation_decides(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting)
    with pytest.raises(NotFound):
        chatting.service.decide(chatting.ann, turn.id, yes(turn))
    chatting.service.delete(chatting.bob, turn.conversation_id)
    with pytest.raises(NotFound):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert tickets.calls == []


def test_a_waiting_turn_outlives_the_application_and_goes_on_with_its_own_model(
    chatting: Chatting, tickets: Tickets
) -> None:
    turn = waiting(chatting)
    chatting.acts(tickets.actions)
    assert chatting.service.start() == 0
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    done = decided(chatting, turn, yes(turn))
    assert (done.status, done.choice) == (TurnStatus.COMPLETE, turn.choice)
    assert tickets.titles == ["Headset is silent"]


def test_a_model_that_is_not_to_be_had_leaves_the_turn_waiting(
    chatting: Chatting, tickets: Tickets, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = waiting(chatting)
    with chatting.database.write() as session:
        session.execute(text("UPDATE turns SET provider = 'anthropic', model = 'x' WHERE id = :id"), {"id": turn.id})
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(ProviderUnavailable):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert chatting.service.turn(chatting.bob, turn.id).status is TurnStatus.AWAITING_APPROVAL
    assert tickets.calls == []


def test_a_tool_that_is_gone_can_only_be_declined(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting)
    chatting.acts(tickets.actions[1:])
    with pytest.raises(DecisionRefused, match="can no longer be done"):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert decided(chatting, turn, no(turn)).status is TurnStatus.COMPLETE


def test_usage_and_ledger_count_both_parts_of_a_turn_that_waited(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting)
    done = decided(chatting, turn, yes(turn))
    assert (turn.usage.requests, done.usage.requests) == (1, 2)
    assert (turn.usage.input_tokens, done.usage.input_tokens, done.usage.output_tokens) == (100, 200, 40)
    with chatting.database.read() as session:
        rows = session.execute(text("SELECT number, input_tokens FROM usage_records ORDER BY number")).all()
    assert [tuple(row) for row in rows] == [(1, 100), (2, 100)]
    assert tickets.titles == ["Headset is silent"]


def test_the_time_that_a_turn_waited_for_the_person_is_not_counted(chatting: Chatting, tickets: Tickets) -> None:
    turn = waiting(chatting)
    with chatting.database.write() as session:
        session.execute(text("UPDATE turns SET total_ms = 3600000 WHERE id = :id"), {"id": turn.id})
    done = decided(chatting, turn, yes(turn))
    assert done.timings.first_token == turn.timings.first_token
    assert done.timings.total is not None
    assert done.timings.total > 3_600_000
    assert tickets.titles == ["Headset is silent"]


def test_deciding_what_does_not_wait_is_a_sentence(chatting: Chatting, tickets: Tickets) -> None:
    chatting.plays(Reply(["Hello."]))
    turn = chatting.ask("Hello")
    tries: list[Callable[[], object]] = [
        lambda: chatting.service.decide(chatting.bob, turn.id, []),
        lambda: chatting.service.decide(chatting.bob, turn.id, [Decision("c", approved=True)]),
    ]
    for act in tries:
        with pytest.raises(DecisionRefused, match="no longer waiting"):
            act()
    assert tickets.calls == []


def test_characters_that_no_page_and_no_wire_can_take_are_left_out_on_the_way(
    chatting: Chatting, tickets: Tickets
) -> None:
    odd = Reply(["I will\ud800 do\0 it.", ToolUse("create_ticket", {"title": "Headset\ud800\0 is silent"})])
    turn = waiting(chatting, odd, DONE)
    assert turn.pending[0].arguments == {"title": "Headset is silent"}
    assert next(step.detail for step in turn.steps if step.kind == "tool").startswith("Headset is silent")
    done = decided(chatting, turn, yes(turn, title="Mine\udfff\0"))
    assert done.status is TurnStatus.COMPLETE
    assert tickets.titles == ["Mine"]
    str(chatting.model.calls[-1].messages).encode()


def test_a_call_whose_arguments_the_person_left_alone_is_carried_out_as_it_was_shown(
    chatting: Chatting, tickets: Tickets
) -> None:
    turn = waiting(chatting, Reply([ToolUse("create_ticket", {"title": "Head\0set"})]), DONE)
    decided(chatting, turn, yes(turn))
    assert tickets.titles == [turn.pending[0].arguments["title"]] == ["Headset"]


@pytest.mark.parametrize("stored", ["no json", "null", '{"messages": 1}', '{"messages": [{"kind": "new"}]}'])
def test_what_a_turn_waited_with_and_nobody_can_read_keeps_the_answer_and_does_nothing(
    chatting: Chatting, tickets: Tickets, stored: str
) -> None:
    turn = waiting(chatting)
    with chatting.database.write() as session:
        session.execute(text("UPDATE turns SET messages = :m WHERE id = :id"), {"m": stored, "id": turn.id})
    done = decided(chatting, turn, yes(turn))
    assert done.error is not None
    assert (done.status, done.error.category, done.answer) == (TurnStatus.FAILED, "decision", turn.answer)
    assert "cannot be read any more, so nothing was done: ask for it again" in done.error.message
    assert (done.steps, tickets.calls) == (turn.steps, [])


def test_a_turn_does_not_go_on_with_a_model_that_admins_took_away_meanwhile(
    chatting: Chatting, tickets: Tickets
) -> None:
    turn = waiting(chatting)
    admin = People(chatting.database).local()
    models = ModelService(chatting.database, chatting.settings)
    models.set_policy(admin, ModelPolicy(allowed=("offline", "groq")))
    with pytest.raises(ProviderUnavailable, match="Your administrator has not allowed it"):
        chatting.service.decide(chatting.bob, turn.id, yes(turn))
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    models.set_policy(admin, ModelPolicy(default=ModelChoice("offline"), locked=True, revision=1))
    with pytest.raises(ProviderUnavailable, match="Your administrator has not allowed it"):
        chatting.service.decide(chatting.bob, turn.id, no(turn))
    assert (len(chatting.model.calls), tickets.calls) == (1, [])
    models.set_policy(admin, ModelPolicy(default=turn.choice, locked=True, revision=2))
    assert decided(chatting, turn, yes(turn)).status is TurnStatus.COMPLETE
