"""The person corrects a route with one click: the question is asked again on it, and the router has learnt."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chatting import OFFLINE, Chatting, ended, events_of
from sqlalchemy import text

from assistant.domain import Route
from assistant.errors import NotFound
from assistant.events import Planned
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.providers.scripted import Reply, Structured

UNSURE = "I want to go on holiday in June"
LEAVE = "How many days of annual leave do full-time employees receive?"


@pytest.fixture
def learning(data_dir: Path, embedder: MiniLM, classifier: RouteClassifier, two_documents: Path) -> Iterator[Chatting]:
    """A chat whose router learns, over the vectors of the shared one."""
    del classifier  # it is warm now, and so is its cache
    shutil.copytree(two_documents, data_dir, dirs_exist_ok=True)
    chat = Chatting(data_dir, embedder, RouteClassifier(embedder, embedder._cache_dir))
    yield chat
    chat.close()


def plan(question: str, route: Route) -> Reply:
    values = {"standalone_question": question, "search_queries": [question], "route": route.value, "confidence": 0.5}
    return Reply([Structured({**values, "reason": "a guess"})])


def test_a_corrected_question_is_asked_again_on_the_route_without_a_model_that_plans(learning: Chatting) -> None:
    learning.plays(plan(UNSURE, Route.ACTION), Reply(["I cannot do that."]))
    old = learning.ask(UNSURE)
    assert old.plan is not None
    assert old.plan.route is Route.ACTION
    model = learning.plays(Reply(["27 days. [1]"]))
    running = learning.service.correct_route(learning.bob, old.id, Route.KNOWLEDGE)
    new = ended(running)
    assert new.plan is not None
    assert (new.plan.route, new.plan.confidence, new.route_by_person) == (Route.KNOWLEDGE, 1.0, True)
    assert (new.question, new.conversation_id, new.seq) == (UNSURE, old.conversation_id, old.seq + 1)
    assert len(model.calls) == 1
    assert "I cannot do that." not in str(model.calls[0].messages)
    assert not learning.service.turn(learning.bob, old.id).route_by_person
    assert learning.service.turn(learning.bob, new.id) == new
    assert [event.plan for event in events_of(running) if isinstance(event, Planned)] == [new.plan]


def test_the_same_question_takes_the_corrected_route_from_then_on_without_a_model_that_plans(
    learning: Chatting,
) -> None:
    planning = learning.plays(plan(UNSURE, Route.ACTION), Reply(["I cannot do that."]), Reply(["27 days. [1]"]))
    old = learning.ask(UNSURE)
    assert len(planning.calls) == 2  # the router was not sure, so a model planned
    ended(learning.service.correct_route(learning.bob, old.id, Route.KNOWLEDGE))
    model = learning.plays(Reply(["27 days. [1]"]))
    again = learning.ask(UNSURE.upper(), person=learning.ann)
    assert again.plan is not None
    assert (again.plan.route, again.route_by_person) == (Route.KNOWLEDGE, False)
    assert len(model.calls) == 1
    assert "as a person corrected it" in again.plan.reason


def test_what_was_learnt_is_there_after_a_restart_and_the_last_correction_counts(
    learning: Chatting, embedder: MiniLM
) -> None:
    old = learning.ask(LEAVE, choice=OFFLINE)
    first = ended(learning.service.correct_route(learning.bob, old.id, Route.GENERAL))
    ended(learning.service.correct_route(learning.bob, first.id, Route.ACTION))
    learning.classifier = RouteClassifier(embedder, embedder._cache_dir)
    learning.acts(())
    learning.service.start()
    assert learning.classifier.classify(LEAVE).route is Route.ACTION


def test_a_follow_up_is_learnt_and_asked_again_as_it_was_understood(learning: Chatting) -> None:
    first = learning.ask(LEAVE, choice=OFFLINE)
    follow = learning.ask("and the carry over?", first.conversation_id, choice=OFFLINE)
    assert follow.plan is not None
    understood = follow.plan.standalone_question
    assert understood != follow.question
    new = ended(learning.service.correct_route(learning.bob, follow.id, Route.FACT_FINDING))
    assert new.plan is not None
    assert (new.question, new.plan.standalone_question) == ("and the carry over?", understood)
    assert learning.classifier.classify(understood).route is Route.FACT_FINDING


def test_a_cleared_conversation_takes_what_was_learnt_from_it_along(learning: Chatting) -> None:
    before = learning.classifier.classify(LEAVE)
    old = learning.ask(LEAVE, choice=OFFLINE)
    ended(learning.service.correct_route(learning.bob, old.id, Route.GENERAL))
    assert learning.classifier.classify(LEAVE).route is Route.GENERAL
    learning.service.clear(learning.bob, old.conversation_id)
    assert learning.classifier.classify(LEAVE) == before


def test_nobody_corrects_the_question_of_someone_else(learning: Chatting) -> None:
    old = learning.ask(LEAVE, choice=OFFLINE)
    with pytest.raises(NotFound):
        learning.service.correct_route(learning.ann, old.id, Route.GENERAL)
    assert learning.classifier.classify(LEAVE).route is Route.KNOWLEDGE


def test_a_corrected_question_is_asked_of_the_model_that_was_picked_since(learning: Chatting) -> None:
    learning.plays(plan(UNSURE, Route.ACTION), Reply(["I cannot do that."]))
    old = learning.ask(UNSURE)
    new = ended(learning.service.correct_route(learning.bob, old.id, Route.GENERAL, OFFLINE))
    assert old.choice.provider != OFFLINE.provider
    assert new.choice.provider == OFFLINE.provider


def test_a_stored_correction_to_a_route_that_is_not_known_is_passed_over(learning: Chatting) -> None:
    old = learning.ask(UNSURE, choice=OFFLINE)
    ended(learning.service.correct_route(learning.bob, old.id, Route.GENERAL))
    with learning.database.write() as session:
        session.execute(text("UPDATE route_examples SET route = 'of another release'"))
    learning.service.close()
    learning.service = learning.new_service()
    learning.service.start()
    turn = learning.ask(LEAVE, choice=OFFLINE)
    assert turn.plan is not None
    assert turn.plan.route is Route.KNOWLEDGE
