"""Twenty questions a minute and person, whatever way they come."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from chatting import OFFLINE, Chatting, ended
from moving_clock import MovingClock

from assistant.chat.service import RunningTurn
from assistant.domain import Person, Role, Route
from assistant.errors import QuestionRefused, TooMany
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.routing import RouteClassifier
from assistant.storage.conversations import Conversations, Owner, Question
from assistant.storage.database import Database
from assistant.storage.people import People
from assistant.storage.rates import Meter

ASKING = """
import sys
from assistant.domain import ModelChoice
from assistant.errors import TooMany
from assistant.storage.conversations import Conversations, Owner, Question
from assistant.storage.database import Database
from assistant.storage.rates import Meter
stored, meter = Conversations(Database(sys.argv[1])), Meter("question", 20)
print("ready", flush=True)
sys.stdin.readline()
admitted = 0
for n in range(30):
    try:
        question = Question(None, f"Question {n}?", ModelChoice("offline"))
        stored.start_turn(sys.argv[2], question, Owner(1, 0.0), running_limit=99, history_messages=0, meter=meter)
        admitted += 1
    except TooMany:
        pass
print(admitted)
"""
HELLO = "Hello"


@pytest.fixture
def moving(chatting: Chatting) -> MovingClock:
    chatting.clock = MovingClock()
    return chatting.clock


def said(chatting: Chatting, times: int) -> None:
    """Ask so many questions as Bob."""
    for _ in range(times):
        chatting.ask(HELLO, choice=OFFLINE)


def test_the_twenty_first_question_within_a_minute_is_refused_and_nothing_of_it_is_stored(
    chatting: Chatting, moving: MovingClock
) -> None:
    said(chatting, 1)
    moving.passes(37)
    said(chatting, 19)
    with pytest.raises(TooMany) as refused:
        chatting.ask(HELLO, choice=OFFLINE)
    assert refused.value.message == (
        "You have asked 20 questions within a minute, which is the limit: ask again in 23 seconds."
    )
    assert refused.value.retry_after == pytest.approx(23)
    assert len(chatting.service.conversations(chatting.bob, limit=100)) == 20
    chatting.ask(HELLO, choice=OFFLINE, person=chatting.ann)
    moving.passes(23)
    said(chatting, 1)


def test_asking_again_in_any_way_is_a_question_too(chatting: Chatting, moving: MovingClock) -> None:
    turn = chatting.ask(HELLO, choice=OFFLINE)
    service, bob = chatting.service, chatting.bob
    ways: list[Callable[[], RunningTurn]] = [
        lambda: service.retry(bob, turn.id),
        lambda: service.reword(bob, turn.id, "Hello there"),
        lambda: service.correct_route(bob, turn.id, Route.GENERAL),
        lambda: service.ask(bob, turn.conversation_id, HELLO, OFFLINE),
    ]
    for way in ways:
        ended(way())
    said(chatting, 15)
    for way in ways:
        with pytest.raises(TooMany):
            way()
    moving.passes(60)
    ended(ways[0]())


def test_the_local_operators_own_questions_are_not_counted(chatting: Chatting, moving: MovingClock) -> None:
    assert moving().at
    for _ in range(25):
        ended(chatting.service.ask(chatting.bob, None, HELLO, OFFLINE, limited=False))
    said(chatting, 20)


def test_a_question_that_is_refused_for_another_reason_takes_no_place(chatting: Chatting, moving: MovingClock) -> None:
    said(chatting, 19)
    for _ in range(3):
        with pytest.raises(QuestionRefused):
            chatting.ask("   ", choice=OFFLINE)
    said(chatting, 1)
    assert moving().tick


def test_a_restart_forgets_nothing(
    data_dir: Path, chatting: Chatting, moving: MovingClock, embedder: MiniLM, classifier: RouteClassifier
) -> None:
    said(chatting, 20)
    chatting.service.close()
    again = Chatting(data_dir, embedder, classifier)
    again.clock = moving
    with pytest.raises(TooMany):
        again.ask(HELLO, choice=OFFLINE)
    again.close()


def test_moving_the_wall_clock_opens_nothing_and_closes_nothing(chatting: Chatting, moving: MovingClock) -> None:
    said(chatting, 20)
    for seconds in (-3600, 90_000):
        moving.is_set(seconds)
        with pytest.raises(TooMany):
            chatting.ask(HELLO, choice=OFFLINE)
    moving.passes(60)
    said(chatting, 1)


def test_fifty_questions_at_once_are_twenty(database: Database) -> None:
    ann, stored, together = _ann(database), Conversations(database), threading.Barrier(50)

    def one(_: int) -> bool:
        question = Question(None, "What now?", OFFLINE)
        together.wait()
        try:
            stored.start_turn(
                ann.id, question, Owner(1, 0.0), running_limit=99, history_messages=0, meter=Meter("question", 20)
            )
        except TooMany:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(one, range(50))) == 20
    assert len(stored.conversations(ann.id, "", 100, 0)) == 20


def test_two_processes_that_ask_sixty_questions_get_twenty_answered(database: Database, tmp_path: Path) -> None:
    ann, address = _ann(database), f"sqlite:///{tmp_path / 'assistant.sqlite'}"
    children = [
        subprocess.Popen(
            [sys.executable, "-c", ASKING, address, ann.id], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()  # it is ready: both begin together
    told = []
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        told.append(int(child.communicate()[0]))
    assert sum(told) == 20
    assert len(Conversations(database).conversations(ann.id, "", 100, 0)) == 20


def _ann(database: Database) -> Person:
    return People(database).add("ann@example.com", "Ann", Role.STAFF)
