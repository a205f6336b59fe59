"""A conversation is shown to others by its owner's word, and to each reader only what that reader may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from acting import ASKS, Tickets, waiting
from chatting import OFFLINE, SCRIPT, Chatting, ended
from persons import group, person
from sqlalchemy import text

from assistant.access import EVERYONE, Audience
from assistant.chat.sharing import Sharing
from assistant.chat.showing import NOT_FOR_READER, UNDER_WAY
from assistant.domain import Person, Role, Turn, TurnStatus, Usage
from assistant.errors import AssistantError, NotFound, SignedOut, WrongUse
from assistant.providers.scripted import Gate, Reply
from assistant.storage.people import People

LEAVE = "How many days of annual leave do full-time employees receive?"
BOB = Audience("person", "bob@example.com")


@pytest.fixture
def cleo(chatting: Chatting) -> Person:
    return person(chatting.database, "cleo")


@pytest.fixture
def asked(chatting: Chatting) -> Turn:
    """A conversation of Ann's with an answer."""
    return chatting.ask(LEAVE, choice=OFFLINE, person=chatting.ann)


def sees(chatting: Chatting, who: Person, turn: Turn) -> bool:
    """Whether somebody finds a conversation by every way, or by none."""
    sharing = chatting.service.sharing
    listed = turn.conversation_id in [one.id for one in sharing.shared_with(who)]
    found = [_finds(lambda: sharing.conversation(who, turn.conversation_id))]
    found += [_finds(lambda: sharing.turns(who, turn.conversation_id)), _finds(lambda: sharing.turn(who, turn.id))]
    assert len({listed, *found}) == 1
    return listed


def _finds(look: Callable[[], object]) -> bool:
    try:
        look()
    except NotFound:
        return False
    return True


def test_nothing_is_shared_that_its_owner_did_not_share(chatting: Chatting, asked: Turn) -> None:
    assert not sees(chatting, chatting.bob, asked)
    assert not sees(chatting, People(chatting.database).local(), asked)
    with pytest.raises(NotFound):
        chatting.service.turns(chatting.bob, asked.conversation_id)


def test_a_person_it_is_shared_with_reads_it_and_nobody_else(chatting: Chatting, cleo: Person, asked: Turn) -> None:
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, Audience("person", " BOB@Example.com "))
    assert sees(chatting, chatting.bob, asked)
    assert not sees(chatting, cleo, asked)
    (shown,) = chatting.service.sharing.turns(chatting.bob, asked.conversation_id)
    assert (shown.question, shown.answer, shown.citations) == (asked.question, asked.answer, asked.citations)
    (listed,) = chatting.service.sharing.shared_with(chatting.bob)
    assert (listed.title, listed.owner) == (LEAVE[:59].rsplit(" ", 1)[0] + "…", "Ann")


def test_a_group_reads_it_as_long_as_one_is_in_it(chatting: Chatting, cleo: Person, asked: Turn) -> None:
    team = group(chatting.database, "team", chatting.ann, chatting.bob)
    assert [one.id for one in chatting.service.sharing.groups(chatting.ann)] == [team]
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, Audience("group", team))
    assert sees(chatting, chatting.bob, asked)
    assert not sees(chatting, cleo, asked)
    with chatting.database.write() as session:
        session.execute(text("DELETE FROM group_members WHERE person_id = :id"), {"id": chatting.bob.id})
    assert not sees(chatting, chatting.bob, asked)


def test_only_admins_share_with_a_group_that_they_are_not_in(chatting: Chatting, asked: Turn) -> None:
    team = group(chatting.database, "team", chatting.bob)
    for wanted in (team, "no-such-group"):
        with pytest.raises(NotFound, match="There is no such group, or you are not in it"):
            chatting.service.sharing.share(chatting.ann, asked.conversation_id, Audience("group", wanted))
    assert chatting.service.sharing.shares(chatting.ann, asked.conversation_id) == []
    admin = People(chatting.database).local()
    own = chatting.ask("hello", choice=OFFLINE, person=admin)
    chatting.service.sharing.share(admin, own.conversation_id, Audience("group", team))
    assert sees(chatting, chatting.bob, own)


def test_everyone_reads_what_is_shared_with_everyone(chatting: Chatting, cleo: Person, asked: Turn) -> None:
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, EVERYONE)
    assert sees(chatting, chatting.bob, asked)
    assert sees(chatting, cleo, asked)


def test_an_address_tells_nothing_about_accounts(chatting: Chatting, asked: Turn) -> None:
    sharing, mine = chatting.service.sharing, asked.conversation_id
    unknown = Audience("person", "nobody@example.com")
    sharing.share(chatting.ann, mine, BOB)
    sharing.share(chatting.ann, mine, unknown)
    told = [(share.audience, share.label) for share in sharing.shares(chatting.ann, mine)]
    assert told == [(BOB, BOB.name), (unknown, unknown.name)]
    later = person(chatting.database, "nobody")
    assert not sees(chatting, later, asked)
    sharing.unshare(chatting.ann, mine, Audience("person", "NOBODY@example.com"))
    for wrong in ("bob", "@example.com", "bob@", "b" * 400 + "@example.com", "bob\n@example.com"):
        with pytest.raises(WrongUse):
            sharing.share(chatting.ann, mine, Audience("person", wrong))


@pytest.mark.parametrize("end", ["unshare", "delete", "clear", "disable"])
def test_sharing_ends_at_once(chatting: Chatting, asked: Turn, end: str) -> None:
    service, ann, mine = chatting.service, chatting.ann, asked.conversation_id
    service.sharing.share(ann, mine, BOB)
    assert sees(chatting, chatting.bob, asked)
    if end == "unshare":
        service.sharing.unshare(ann, mine, BOB)
    elif end == "delete":
        service.delete(ann, mine)
    elif end == "clear":
        service.clear(ann, mine)
    else:
        with chatting.database.write() as session:
            session.execute(text("UPDATE people SET disabled_at = '2026-11-01' WHERE id = :id"), {"id": ann.id})
    assert not sees(chatting, chatting.bob, asked)
    if end == "delete":
        service.restore(ann, mine)
        assert not sees(chatting, chatting.bob, asked)


def test_a_reader_sees_no_answer_from_a_document_that_they_may_not_read(chatting: Chatting, asked: Turn) -> None:
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, BOB)
    team = group(chatting.database, "team", chatting.ann)
    with chatting.database.write() as session:
        values = {"id": asked.citations[0].document_id, "team": team}
        session.execute(text("UPDATE documents SET restricted = 1 WHERE id = :id"), values)
        session.execute(text("INSERT INTO document_groups (document_id, group_id) VALUES (:id, :team)"), values)
    assert chatting.service.turn(chatting.ann, asked.id) == asked
    (shown,) = chatting.service.sharing.turns(chatting.bob, asked.conversation_id)
    assert (shown.question, shown.answer, shown.withheld) == (LEAVE, NOT_FOR_READER, True)
    assert "27 days" not in repr(shown)
    assert chatting.service.sharing.turn(chatting.bob, asked.id) == shown
    group(chatting.database, "team", chatting.bob)
    assert "27 days" in chatting.service.sharing.turns(chatting.bob, asked.conversation_id)[0].answer


def test_a_reader_is_not_told_how_an_answer_came_about_nor_what_it_cost(chatting: Chatting) -> None:
    chatting.plays(Reply(["Full-time employees receive 27 days of annual leave. [1]"]))
    turn = chatting.ask(LEAVE, person=chatting.ann)
    reasoned = {"reasoning": "I think so.", "cost": "0.5", "id": turn.id}
    with chatting.database.write() as session:
        session.execute(text("UPDATE turns SET reasoning = :reasoning, cost = :cost WHERE id = :id"), reasoned)
    assert chatting.service.turn(chatting.ann, turn.id).usage.cost == Decimal("0.5")
    chatting.service.sharing.share(chatting.ann, turn.conversation_id, BOB)
    shown = chatting.service.sharing.turn(chatting.bob, turn.id)
    assert (shown.reasoning, shown.usage, shown.steps, shown.nearest) == ("", Usage(), (), ())
    assert shown.answer == turn.answer


def test_what_waits_for_its_owner_or_is_being_written_is_not_shown(chatting: Chatting, tickets: Tickets) -> None:
    del tickets
    waits = waiting(chatting, ASKS)  # Bob's
    chatting.service.sharing.share(chatting.bob, waits.conversation_id, EVERYONE)
    shown = chatting.service.sharing.turn(chatting.ann, waits.id)
    assert (shown.status, shown.pending) == (TurnStatus.AWAITING_APPROVAL, ())
    gate = Gate()
    chatting.plays(Reply(["Full-time employees receive", gate, " 27 days. [1]"]))
    running = chatting.service.ask(chatting.bob, waits.conversation_id, LEAVE, SCRIPT)
    assert gate.reached.wait(10)
    assert chatting.service.sharing.turn(chatting.ann, running.turn_id).answer == UNDER_WAY
    gate.open()
    ended(running)
    assert "27 days" in chatting.service.sharing.turn(chatting.ann, running.turn_id).answer


def test_a_reader_changes_nothing(chatting: Chatting, asked: Turn) -> None:
    service, bob, theirs = chatting.service, chatting.bob, asked.conversation_id
    service.sharing.share(chatting.ann, theirs, EVERYONE)
    for refused in (
        lambda: service.ask(bob, theirs, LEAVE, OFFLINE),
        lambda: service.retry(bob, asked.id),
        lambda: service.turns(bob, theirs),
        lambda: service.rename(bob, theirs, "Mine"),
        lambda: service.delete(bob, theirs),
        lambda: service.clear(bob, theirs),
        lambda: service.sharing.share(bob, theirs, Audience("person", "cleo@example.com")),
        lambda: service.sharing.unshare(bob, theirs, EVERYONE),
        lambda: service.sharing.shares(bob, theirs),
    ):
        with pytest.raises(NotFound):
            refused()


def test_who_may_not_act_shares_and_reads_nothing(chatting: Chatting, asked: Turn) -> None:
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, EVERYONE)
    sharing, mine = chatting.service.sharing, asked.conversation_id
    gone = replace(chatting.ann, credential="session:" + "0" * 64)
    ways: dict[str, Callable[[], object]] = {
        "share": lambda: sharing.share(gone, mine, BOB),
        "unshare": lambda: sharing.unshare(gone, mine, EVERYONE),
        "shares": lambda: sharing.shares(gone, mine),
        "groups": lambda: sharing.groups(gone),
        "shared_with": lambda: sharing.shared_with(gone),
        "conversation": lambda: sharing.conversation(gone, mine),
        "turns": lambda: sharing.turns(gone, mine),
        "turn": lambda: sharing.turn(gone, asked.id),
    }
    assert ways.keys() == {name for name in vars(Sharing) if not name.startswith("_")}
    for refused in ways.values():
        with pytest.raises(SignedOut):
            refused()


def test_sharing_stands_in_the_audit_log(chatting: Chatting, asked: Turn) -> None:
    chatting.service.sharing.share(chatting.ann, asked.conversation_id, BOB)
    chatting.service.sharing.unshare(chatting.ann, asked.conversation_id, BOB)
    with chatting.database.read() as session:
        told = session.execute(text("SELECT person_id, action, subject FROM audit_log ORDER BY id")).all()
    mine = asked.conversation_id
    assert [tuple(line) for line in told][-2:] == [
        (chatting.ann.id, "conversation.shared", mine),
        (chatting.ann.id, "conversation.unshared", mine),
    ]


def test_a_role_that_is_passed_in_reaches_no_group(chatting: Chatting, asked: Turn) -> None:
    group(chatting.database, "team", chatting.bob)
    with pytest.raises(AssistantError):
        chatting.service.sharing.share(
            replace(chatting.ann, role=Role.ADMIN), asked.conversation_id, Audience("group", "team")
        )
