"""A question from its guard to its stored answer."""

from __future__ import annotations

from chatting import OFFLINE, Chatting, ended, events_of, text_of

from assistant.domain import Route, TurnStatus
from assistant.events import Planned, Sources, StepFinished, StepStarted, TextDelta, TurnFinished, TurnStarted
from assistant.providers.scripted import Reply, ToolUse

LEAVE = "How many days of annual leave do full-time employees receive?"
ANSWER = Reply(["Full-time employees receive 27 days of ", "annual leave. [", "1]"])


def test_an_answer_is_stored_with_its_citation_page_and_quote(chatting: Chatting) -> None:
    chatting.plays(ANSWER)
    turn = chatting.ask(LEAVE, history=())
    assert turn.status is TurnStatus.COMPLETE, turn
    assert turn.answer == "Full-time employees receive 27 days of annual leave. [1]"
    citation = turn.citations[0]
    assert (citation.document, citation.page) == ("Handbook.pdf", 1)
    assert citation.quote == "Full-time employees receive 27 days of annual leave."
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_offline(chatting: Chatting) -> None:
    turn = chatting.ask(LEAVE, choice=OFFLINE)
    print(turn)
    for _ in range(3):
        print(chatting.ask(LEAVE, choice=OFFLINE).timings)
    assert turn.status is TurnStatus.COMPLETE
