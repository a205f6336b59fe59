"""Followers, Stop and closing: a turn belongs to the loop, not to the page that shows it."""

from __future__ import annotations

import pytest
from chatting import OFFLINE, SCRIPT, Chatting, ended, events_of, text_of

from assistant.domain import Route, Turn, TurnStatus
from assistant.events import Planned, Sources, StepFinished, StepStarted, TextDelta, TurnFinished, TurnStarted
from assistant.providers.scripted import Gate, Reply

LEAVE = "How many days of annual leave do full-time employees receive?"
SENTENCE = "Full-time employees receive 27 days of annual leave."
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])


def test_events_tell_the_turn_in_order_and_end_with_the_stored_turn(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    kinds = [event.kind for event in events]
    assert kinds[0] == "turn_started"
    assert kinds.count("turn_finished") == 1
    assert kinds[-1] == "turn_finished"
    assert kinds.index("planned") < kinds.index("text_delta")
    assert kinds.index("sources") < len(kinds) - 1
    last = events[-1]
    assert isinstance(last, TurnFinished)
    assert last.turn == chatting.service.turn(chatting.bob, running.turn_id)
    assert text_of(events) == last.turn.answer


def test_sources_come_no_later_than_the_marker_that_names_them(chatting: Chatting) -> None:
    chatting.plays(Reply([f"{SENTENCE} [1] ", "Ask your manager before you book. [3]", " Bye."]))
    known: set[int] = set()
    for event in events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)):
        if isinstance(event, Sources):
            known = {citation.n for citation in event.citations}
        if isinstance(event, TextDelta):
            assert {n for n in (1, 2) if f"[{n}]" in event.text} <= known


def test_steps_have_titles_and_times_and_are_stored(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    begun = [event.step.kind for event in events if isinstance(event, StepStarted)]
    done = [event.step for event in events if isinstance(event, StepFinished)]
    assert begun == [step.kind for step in done] == ["classify", "retrieve", "agent"]
    assert all(step.ms is not None and step.title for step in done)
    assert chatting.service.turn(chatting.bob, running.turn_id).steps == tuple(done)


def test_a_follower_who_comes_late_gets_everything(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate, " Enjoy them."]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    late = chatting.service.following(chatting.bob, running.turn_id)
    assert late is not None
    gate.open()
    ended(running)
    assert text_of(late.wait(0, 5)) == f"{SENTENCE} [1] Enjoy them."
    assert isinstance(late.wait(0, 0)[0], TurnStarted)
    assert chatting.service.following(chatting.bob, running.turn_id) is None


def test_waiting_returns_only_what_is_new_and_does_not_wait_after_the_end(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    assert running.wait(len(events) - 1, 60) == events[-1:]
    assert running.wait(len(events), 60) == []
    assert running.finished


def test_many_small_pieces_reach_a_follower_as_few(chatting: Chatting) -> None:
    chatting.plays(Reply(["word "] * 500))
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    assert text_of(events).split()[:500] == ["word"] * 500
    assert sum(isinstance(event, TextDelta) for event in events) < 100


def test_what_was_said_so_far_is_stored_while_the_turn_runs(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1] More follows", gate, "."]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    stored = _stored_with_text(chatting, running.turn_id)
    assert stored.status is TurnStatus.RUNNING
    assert stored.answer == f"{SENTENCE} [1] More follows"
    assert stored.citations[0].quote == SENTENCE
    gate.open()
    ended(running)


def _stored_with_text(chatting: Chatting, turn_id: str) -> Turn:
    """Wait for the next save; each look is a database read, the bound is on the count of looks."""
    for _ in range(100_000):
        turn = chatting.service.turn(chatting.bob, turn_id)
        if turn.answer:
            return turn
    pytest.fail("nothing was saved")


def test_stop_keeps_what_was_said_with_its_citations(chatting: Chatting) -> None:
    gate = Gate()
    model = chatting.plays(Reply([f"{SENTENCE} [1] And then", gate, " never said"]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.stop(chatting.bob, running.turn_id)
    turn = ended(running)
    assert turn.status is TurnStatus.STOPPED
    assert turn.answer == f"{SENTENCE} [1] And then"
    assert turn.citations[0].quote == SENTENCE
    assert turn.error is None
    assert turn.usage.estimated
    assert turn.usage.output_tokens > 0
    assert chatting.service.turn(chatting.bob, turn.id) == turn
    assert model.left == 0


def test_stop_twice_or_after_the_end_changes_nothing(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE)
    chatting.service.stop(chatting.bob, turn.id)
    assert chatting.service.turn(chatting.bob, turn.id).status is TurnStatus.COMPLETE


def test_the_plan_is_told_before_the_answer(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    events = events_of(chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT))
    planned = next(event for event in events if isinstance(event, Planned))
    assert planned.plan.route is Route.KNOWLEDGE
    assert planned.plan.confidence > 0.5


def test_closing_the_application_keeps_the_answer_so_far_as_cut(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.close()
    turn = ended(running)
    assert (turn.status, turn.answer) == (TurnStatus.CUT, f"{SENTENCE} [1]")
    assert turn.error is not None
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_deleting_a_conversation_stops_what_runs_in_it(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply(["Well", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.delete(chatting.bob, running.conversation_id)
    assert ended(running).status is TurnStatus.STOPPED


def test_clearing_a_conversation_while_it_answers_leaves_nothing_behind(chatting: Chatting) -> None:
    gate = Gate()
    chatting.plays(Reply([f"{SENTENCE} [1]", gate]))
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    chatting.service.clear(chatting.bob, running.conversation_id)
    ended(running)
    assert chatting.service.turns(chatting.bob, running.conversation_id) == []


def test_warming_up_stores_nothing_and_the_first_answer_comes_after_it(chatting: Chatting) -> None:
    chatting.service.warm()
    assert chatting.service.conversations(chatting.bob) == []
    assert chatting.ask(LEAVE, choice=OFFLINE).status is TurnStatus.COMPLETE


def test_an_event_grows_older_for_who_comes_late(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    running = chatting.service.ask(chatting.bob, None, LEAVE, SCRIPT)
    events = events_of(running)
    first, last = running.age(0), running.age(len(events) - 1)
    assert running.elapsed_ms() >= first * 1000 > last * 1000 > 0
