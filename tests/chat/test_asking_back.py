"""Offline, a message that may be a question or a request is looked up first, and asked back about where that fails."""

from __future__ import annotations

import pytest
from chatting import OFFLINE, Chatting, ended

from assistant.chat.abstention import ASK_BACK
from assistant.chat.plan import DOUBTFUL, Look, by_rules
from assistant.chat.steps import ASKED_BACK
from assistant.domain import Route, Turn, TurnStatus
from assistant.providers.offline.followup import Standalone
from assistant.providers.offline.routing import RouteGuess
from assistant.providers.passages import CANNOT_ANSWER

IN_DOUBT = "access to the finance drive"


def asked_back(turn: Turn) -> bool:
    return turn.answer == ASK_BACK and turn.steps[-1].kind == ASKED_BACK


@pytest.mark.parametrize("message", [IN_DOUBT, "ticket", "request"])
def test_what_may_be_a_request_and_stands_in_no_document_is_asked_back_about(chatting: Chatting, message: str) -> None:
    turn = chatting.ask(message, choice=OFFLINE)
    assert asked_back(turn)
    assert (turn.status, turn.abstained, turn.citations) == (TurnStatus.COMPLETE, True, ())
    assert turn.plan is not None
    assert (turn.plan.route, turn.plan.reason) == (Route.KNOWLEDGE, DOUBTFUL)
    assert turn.plan.confidence < 0.85
    assert chatting.service.turn(chatting.bob, turn.id) == turn


def test_what_the_documents_answer_is_answered_whatever_was_meant(chatting: Chatting) -> None:
    chatting.put("Drives.pdf", "Access to the finance drive is given by the controller within two days.")
    turn = chatting.ask(IN_DOUBT, choice=OFFLINE)
    assert "controller" in turn.answer
    assert not turn.abstained


@pytest.mark.parametrize(
    ("question", "route"),
    [
        ("What is the policy for company cars in the Lisbon office?", Route.KNOWLEDGE),
        ("Open a ticket, my headset makes no sound", Route.ACTION),
        ("Hello there!", Route.GENERAL),
    ],
)
def test_an_ordinary_message_is_never_asked_back_about(chatting: Chatting, question: str, route: Route) -> None:
    turn = chatting.ask(question, choice=OFFLINE)
    assert not asked_back(turn)
    assert turn.plan is not None
    assert turn.plan.route is route


@pytest.mark.parametrize("route", [Route.KNOWLEDGE, Route.ACTION])
def test_the_reading_that_a_person_picks_is_taken_and_stays(chatting: Chatting, route: Route) -> None:
    picked = ended(chatting.service.correct_route(chatting.bob, chatting.ask(IN_DOUBT, choice=OFFLINE).id, route))
    again = chatting.ask(IN_DOUBT, choice=OFFLINE)
    for turn in (picked, again):
        assert not asked_back(turn)
        assert turn.plan is not None
        assert turn.plan.route is route
        assert turn.answer.startswith(CANNOT_ANSWER) == (route is Route.KNOWLEDGE)


def test_a_model_that_plans_is_not_asked_back_over(chatting: Chatting) -> None:
    turn = chatting.ask(IN_DOUBT)
    assert not asked_back(turn)


def test_what_may_be_a_sum_stays_one() -> None:
    guess = RouteGuess(Route.FACT_FINDING, 0.6, "a sum", sure=False, doubtful=True)
    seen = Look("20% of 300", Standalone("20% of 300", changed=False), ("20% of 300",), guess)
    assert by_rules(seen).route is Route.FACT_FINDING


def test_a_word_or_a_number_alone_is_looked_up_before_it_is_asked_back_about(chatting: Chatting) -> None:
    chatting.put(
        "Drives.pdf", "The controller of the finance drive is reached at extension 7312. Overtime is paid in May."
    )
    assert "controller" in chatting.ask("7312", choice=OFFLINE).answer
    assert "paid in May" in chatting.ask("overtime", choice=OFFLINE).answer


def test_a_word_alone_of_which_no_document_speaks_is_asked_back_about(chatting: Chatting) -> None:
    chatting.put("Drives.pdf", "The controller of the finance drive is reached at extension 7312.")
    turn = chatting.ask("sabbatical", choice=OFFLINE)
    assert turn.abstained
    assert turn.answer.startswith('What would you like to know about "sabbatical"?')
