"""Conversations belong to one person, keep what was said, and come back after deletion."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import psutil
import pytest
from sqlalchemy import text

from assistant.domain import (
    Citation,
    ModelChoice,
    Person,
    Plan,
    Route,
    Step,
    Timings,
    Turn,
    TurnError,
    TurnStatus,
    Usage,
    UsageRecord,
)
from assistant.errors import NotFound, QuestionRefused
from assistant.storage.conversations import Conversations, Owner, Question, Started, title_of
from assistant.storage.database import Database

OFFLINE = ModelChoice("offline")
HERE = Owner(os.getpid(), psutil.Process().create_time())
CUT = TurnError("cut", "The application was closed.", "abc", retryable=True)
CITATIONS = (
    Citation(1, "d1", "Handbook.pdf", 2, "d1:2:0", 4, "27 days.", 10, 18, ("Leave", "Annual"), "iv"),
    Citation(2, "d2", "Travel.docx", 1, "d2:1:3", None, "140 euros.", 0, 10),
)


def start(
    stored: Conversations,
    person: Person,
    question: str = "How many days?",
    conversation_id: str | None = None,
    owner: Owner = HERE,
    limit: int = 100,
    before: int | None = None,
) -> Started:
    asked = Question(conversation_id, question, OFFLINE, before)
    return stored.start_turn(person.id, asked, owner, running_limit=limit, history_messages=10)


def said(stored: Conversations, person: Person, question: str, answer: str, conversation_id: str | None = None) -> Turn:
    turn = start(stored, person, question, conversation_id).turn
    ended = replace(turn, answer=answer, status=TurnStatus.COMPLETE)
    stored.finish_turn(ended, (), "")
    return ended


def full(turn: Turn) -> Turn:
    return replace(
        turn,
        status=TurnStatus.COMPLETE,
        answer="27 days. [1] 140 euros. [2]",
        plan=Plan("How many days of leave?", ("leave", "days"), Route.FACT_FINDING, 0.75, "figures"),
        answerable=0.625,
        abstained=True,
        citations=CITATIONS,
        nearest=("Handbook.pdf",),
        steps=(Step("classify", "Facts", "why", 1.5), Step("agent", "Writing")),
        choice=ModelChoice("groq", "openai/gpt-oss-20b"),
        usage=Usage(2, 300, 40, 1, Decimal("0.000001230"), estimated=True),
        timings=Timings(1.5, 2.5, 3.5, 4.5),
        error=TurnError("length", "It ends here.", "ref1", retryable=True),
    )


def cut(turn: Turn) -> tuple[Turn, list[UsageRecord]]:
    """How the orphans of these tests end."""
    used = Usage(1, 10, 20, estimated=True)
    return replace(turn, status=TurnStatus.CUT, error=CUT), [UsageRecord(turn.id, 1, "answer", "groq", "m", used)]


def test_a_turn_comes_back_exactly_as_it_was_stored(stored: Conversations, ann: Person) -> None:
    ended = full(start(stored, ann).turn)
    stored.finish_turn(ended, (), "")
    assert stored.turn(ann.id, ended.id) == ended
    assert stored.turns(ann.id, ended.conversation_id, None, 20) == [ended]


def test_a_running_turn_is_stored_with_the_question_before_anything_else(stored: Conversations, ann: Person) -> None:
    turn = start(stored, ann, "How many days?").turn
    found = stored.turn(ann.id, turn.id)
    assert found == turn
    assert (found.status, found.question, found.answer, found.seq) == (TurnStatus.RUNNING, "How many days?", "", 1)


def test_progress_keeps_answer_and_citations_and_stops_at_the_end(stored: Conversations, ann: Person) -> None:
    turn = start(stored, ann).turn
    stored.save_progress(turn.id, "27 days. [1]", CITATIONS[:1])
    found = stored.turn(ann.id, turn.id)
    assert (found.answer, found.citations, found.status) == ("27 days. [1]", CITATIONS[:1], TurnStatus.RUNNING)
    ended = full(turn)
    stored.finish_turn(ended, (), "")
    stored.save_progress(turn.id, "late", ())
    assert stored.turn(ann.id, turn.id) == ended


def test_growing_citations_replace_the_earlier_ones(stored: Conversations, ann: Person) -> None:
    turn = start(stored, ann).turn
    stored.save_progress(turn.id, "27 days. [1]", CITATIONS[:1])
    grown = replace(CITATIONS[0], quote="27 days. And more.", end=28)
    stored.save_progress(turn.id, "27 days. [1] 140 [2]", (grown, CITATIONS[1]))
    assert stored.turn(ann.id, turn.id).citations == (grown, CITATIONS[1])


def test_the_end_of_a_turn_that_was_removed_meanwhile_is_let_go(stored: Conversations, ann: Person) -> None:
    turn = start(stored, ann).turn
    assert stored.clear(ann.id, turn.conversation_id) == [turn.id]
    stored.finish_turn(full(turn), (), "")
    assert stored.turns(ann.id, turn.conversation_id, None, 20) == []


def test_the_first_question_names_the_conversation(stored: Conversations, ann: Person) -> None:
    turn = said(stored, ann, "How many days of annual leave do part-time employees in Leeds have?", "27.")
    conversation = stored.conversation(ann.id, turn.conversation_id)
    assert conversation.title == "How many days of annual leave do part-time employees in…"
    assert conversation.turns == 1
    said(stored, ann, "And in Graz?", "25.", turn.conversation_id)
    assert stored.conversation(ann.id, turn.conversation_id).title == conversation.title


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("Short?", "Short?"),
        ("Two\n lines", "Two lines"),
        ("x" * 100, "x" * 59 + "…"),
        ("word " * 20, "word word word word word word word word word word word…"),
    ],
)
def test_titles_are_one_short_line(question: str, title: str) -> None:
    assert title_of(question) == title
    assert len(title) <= 60


def test_turns_are_paged_backwards_and_shown_oldest_first(stored: Conversations, ann: Person) -> None:
    first = said(stored, ann, "Q1", "A1")
    for n in range(2, 6):
        said(stored, ann, f"Q{n}", f"A{n}", first.conversation_id)
    newest = stored.turns(ann.id, first.conversation_id, None, 2)
    assert [turn.question for turn in newest] == ["Q4", "Q5"]
    assert [turn.question for turn in stored.turns(ann.id, first.conversation_id, newest[0].seq, 2)] == ["Q2", "Q3"]


def test_history_is_what_was_answered_oldest_first(stored: Conversations, ann: Person) -> None:
    first = said(stored, ann, "Q1", "A1")
    failed = start(stored, ann, "Q2", first.conversation_id).turn
    stored.finish_turn(replace(failed, status=TurnStatus.FAILED, error=CUT), (), "")
    said(stored, ann, "Q3", "A3", first.conversation_id)
    started = start(stored, ann, "Q4", first.conversation_id)
    assert started.history == [("user", "Q1"), ("assistant", "A1"), ("user", "Q3"), ("assistant", "A3")]
    assert started.turn.seq == 4


def test_a_retry_sees_only_what_was_said_before_its_turn(stored: Conversations, ann: Person) -> None:
    first = said(stored, ann, "Q1", "A1")
    second = said(stored, ann, "Q2", "A2", first.conversation_id)
    assert start(stored, ann, "Q2", first.conversation_id, before=second.seq).history == [
        ("user", "Q1"),
        ("assistant", "A1"),
    ]


def test_lists_show_the_latest_first_and_page(stored: Conversations, ann: Person) -> None:
    turns = [said(stored, ann, f"Question {n}", "A") for n in range(5)]
    said(stored, ann, "Again", "A", turns[1].conversation_id)
    titles = [conversation.title for conversation in stored.conversations(ann.id, "", 30, 0)]
    assert titles == ["Question 1", "Question 4", "Question 3", "Question 2", "Question 0"]
    assert [one.title for one in stored.conversations(ann.id, "", 2, 2)] == ["Question 3", "Question 2"]


def test_search_covers_titles_and_all_questions_literally(stored: Conversations, ann: Person) -> None:
    leave = said(stored, ann, "Annual leave", "A")
    said(stored, ann, "What about 100% part-time?", "A", leave.conversation_id)
    said(stored, ann, "Parking", "A")
    found = {query: [one.title for one in stored.conversations(ann.id, query, 30, 0)] for query in ("LEAVE", "100%")}
    assert found == {"LEAVE": ["Annual leave"], "100%": ["Annual leave"]}
    assert stored.conversations(ann.id, "_nnual", 30, 0) == []
    assert len(stored.conversations(ann.id, "  ", 30, 0)) == 2


def test_a_deleted_conversation_is_hidden_everywhere_and_comes_back(stored: Conversations, ann: Person) -> None:
    turn = said(stored, ann, "Annual leave", "A")
    stored.delete(ann.id, turn.conversation_id)
    assert stored.conversations(ann.id, "", 30, 0) == []
    hidden: list[Callable[[], object]] = [
        lambda: stored.conversation(ann.id, turn.conversation_id),
        lambda: stored.turns(ann.id, turn.conversation_id, None, 20),
        lambda: stored.turn(ann.id, turn.id),
        lambda: start(stored, ann, "More?", turn.conversation_id),
    ]
    for look in hidden:
        with pytest.raises(NotFound):
            look()
    assert stored.restore(ann.id, turn.conversation_id).title == "Annual leave"
    assert stored.turn(ann.id, turn.id).answer == "A"


def test_renaming_and_clearing(stored: Conversations, ann: Person) -> None:
    turn = said(stored, ann, "Annual leave", "A")
    assert stored.rename(ann.id, turn.conversation_id, "Holidays").title == "Holidays"
    assert stored.clear(ann.id, turn.conversation_id) == []
    assert stored.conversation(ann.id, turn.conversation_id).turns == 0
    assert start(stored, ann, "New", turn.conversation_id).history == []


def test_citations_leave_with_their_turns(stored: Conversations, database: Database, ann: Person) -> None:
    turn = full(start(stored, ann).turn)
    stored.finish_turn(turn, (), "")
    stored.clear(ann.id, turn.conversation_id)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM citations")).scalar() == 0


def test_nobody_reaches_a_conversation_of_someone_else(stored: Conversations, ann: Person, bob: Person) -> None:
    turn = said(stored, ann, "Annual leave", "A")
    running = start(stored, ann, "More?", turn.conversation_id).turn
    strange: dict[str, Callable[[], object]] = {
        "turn": lambda: stored.turn(bob.id, turn.id),
        "turns": lambda: stored.turns(bob.id, turn.conversation_id, None, 20),
        "conversation": lambda: stored.conversation(bob.id, turn.conversation_id),
        "rename": lambda: stored.rename(bob.id, turn.conversation_id, "Mine"),
        "delete": lambda: stored.delete(bob.id, turn.conversation_id),
        "restore": lambda: stored.restore(bob.id, turn.conversation_id),
        "clear": lambda: stored.clear(bob.id, turn.conversation_id),
        "ask": lambda: start(stored, bob, "Mine?", turn.conversation_id),
        "take up": lambda: stored.take_up(bob.id, turn.id, (), HERE, 100),
    }
    for act in strange.values():
        with pytest.raises(NotFound):
            act()
    assert stored.conversations(bob.id, "", 30, 0) == []
    assert stored.conversations(bob.id, "leave", 30, 0) == []
    assert [one.id for one in stored.turns(ann.id, turn.conversation_id, None, 20)] == [turn.id, running.id]


def test_every_function_that_takes_a_person_is_in_the_test_of_rights() -> None:
    public = {name for name in vars(Conversations) if not name.startswith("_")}
    without_person = {"save_progress", "finish_turn", "cut_orphans", "let_lapse"}
    checked = {"turn", "turns", "conversation", "rename", "delete", "restore", "clear", "conversations", "start_turn"}
    assert public == without_person | checked | {"take_up"}


def test_one_turn_runs_at_a_time_in_a_conversation(stored: Conversations, ann: Person) -> None:
    running = start(stored, ann).turn
    with pytest.raises(QuestionRefused, match="still answering"):
        start(stored, ann, conversation_id=running.conversation_id)
    stored.finish_turn(replace(running, status=TurnStatus.STOPPED), (), "")
    start(stored, ann, conversation_id=running.conversation_id)


def test_a_question_without_limit_runs_beside_any_number(stored: Conversations, ann: Person) -> None:
    start(stored, ann)
    unlimited = Question(None, "And for contractors?", OFFLINE, limited=False)
    stored.start_turn(ann.id, unlimited, HERE, running_limit=1, history_messages=10)
    with pytest.raises(QuestionRefused, match="2 of your questions are being answered"):
        start(stored, ann, limit=1)


def test_the_limit_of_running_turns_is_per_person(stored: Conversations, ann: Person, bob: Person) -> None:
    start(stored, ann, limit=1)
    with pytest.raises(QuestionRefused, match="limit"):
        start(stored, ann, limit=1)
    start(stored, bob, limit=1)


def test_a_refused_question_leaves_no_trace(stored: Conversations, ann: Person) -> None:
    start(stored, ann, limit=1)
    with pytest.raises(QuestionRefused):
        start(stored, ann, "Refused", limit=1)
    assert len(stored.conversations(ann.id, "", 30, 0)) == 1


def test_turns_of_dead_processes_are_cut_with_what_they_had(stored: Conversations, ann: Person) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    dead = Owner(child.pid, psutil.Process(child.pid).create_time())
    lost, alive = start(stored, ann, owner=dead).turn, start(stored, ann).turn
    stored.save_progress(lost.id, "27 days. [1]", CITATIONS[:1])
    child.kill()
    child.communicate()
    assert stored.cut_orphans(lambda owner: owner == HERE, cut) == 1
    found = stored.turn(ann.id, lost.id)
    assert (found.status, found.answer, found.error) == (TurnStatus.CUT, "27 days. [1]", CUT)
    assert found.citations == CITATIONS[:1]
    assert stored.turn(ann.id, alive.id).status is TurnStatus.RUNNING
