"""Conversations and turns of people. Every function takes the person and finds nothing of anyone else's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, replace
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from assistant.access import NOTHING, Readable
from assistant.domain import Citation, Conversation, Decision, PendingCall, Support, Turn, TurnStatus, UsageRecord
from assistant.errors import NotFound
from assistant.storage import audit
from assistant.storage import running_turns as running
from assistant.storage.budgets import release
from assistant.storage.conversation_rows import CitationRow, ConversationRow, ShareRow, TurnRow
from assistant.storage.database import Database, utc_now
from assistant.storage.rates import Meter
from assistant.storage.route_examples import forget_examples
from assistant.storage.running_turns import Owner, Question, Started, TakenUp
from assistant.storage.turn_sources import add_sources, sources_of
from assistant.storage.turn_values import citation_columns, turn_columns, turn_value
from assistant.storage.usage_records import insert_records

__all__ = ["Conversations", "Owner", "Question", "Started", "TakenUp", "title_of"]

TITLE_CHARACTERS = 60
"""A title made from the first question is at most this long: one line of the sidebar."""
NO_CONVERSATION = "This conversation does not exist, or it is not yours."
NO_TURN = "This question does not exist, or it is not yours."

End = Callable[[Turn], tuple[Turn, Sequence[UsageRecord]]]
"""How an orphaned turn ends, and what it goes into the ledger with; its lines are numbered on from those there."""


class Conversations:
    """The repository of conversations, turns and citations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_turn(
        self,
        person_id: str,
        question: Question,
        owner: Owner,
        *,
        running_limit: int,
        history_messages: int,
        readable: Readable = NOTHING,
        meter: Meter | None = None,
    ) -> Started:
        """Store a question and its running turn in one transaction; raises QuestionRefused when too much runs.

        A ``limited`` question is counted by the ``meter`` in the same transaction; raises TooMany when it is one too
        many. A turn of the conversation that waits for approval lapses. What was said before is told as far as it
        rests on what is ``readable``.
        """
        with self._database.write() as session:
            if meter is None or not question.limited or (wait := meter.count(session, person_id)) is None:
                return _started(session, person_id, question, owner, running_limit, history_messages, readable)
        raise running.too_many(meter.most, wait)  # outside: what the meter wrote is to stay

    def save_progress(
        self,
        turn_id: str,
        answer: str,
        citations: Sequence[Citation],
        support: Sequence[Support] = (),
        sources: Collection[str] = (),
    ) -> None:
        """Keep what a running turn has said so far, and the ids of the documents that it rests on besides those cited.

        A turn that has ended is not touched.
        """
        with self._database.write() as session:
            statement = update(TurnRow).where(TurnRow.id == turn_id, TurnRow.status == TurnStatus.RUNNING)
            said = {"answer": answer, "support": [asdict(one) for one in support]}
            changed = session.execute(statement.values(said).returning(TurnRow.id)).all()
            if changed:
                _replace_citations(session, turn_id, citations)
                add_sources(session, turn_id, sources)

    def finish_turn(
        self,
        turn: Turn,
        records: Sequence[UsageRecord],
        person_id: str,
        messages: str | None = None,
        sources: Collection[str] = (),
    ) -> None:
        """Store a turn's end with citations, usage, timings and its lines of the ledger, all in one transaction.

        ``messages`` is what a turn that waits needs to go on, ``sources`` as for ``save_progress``. The ledger is
        written also when the turn was removed meanwhile: it was paid for.
        """
        with self._database.write() as session:
            if _end(session, turn, messages):
                add_sources(session, turn.id, sources)
            if messages is not None:
                running.lapse_over_deleted(session, turn, messages)
            insert_records(session, person_id, turn.conversation_id, records)
            release(session, turn.id)

    def take_up(
        self,
        person_id: str,
        turn_id: str,
        pending: Sequence[PendingCall],
        owner: Owner,
        running_limit: int,
        decisions: Sequence[Decision] = (),
    ) -> TakenUp:
        """Let a turn that waits for approval run again, exactly once; the audit log gets each of the ``decisions``.

        Raises NotFound, DecisionRefused when it does not wait (any more) for these ``pending`` calls, QuestionRefused
        when too much runs.
        """
        with self._database.write() as session:
            row = _own_turn(session, person_id, turn_id)
            turn = with_citations(session, [row])[0]
            messages, records = running.take_up(session, person_id, row, pending, owner, running_limit)
            running.note_decisions(session, person_id, turn_id, pending, decisions)
            return TakenUp(turn, messages, records, sources_of(session, [turn_id]))

    def let_lapse(self, turn_id: str, sentence: str) -> None:
        """End a turn that waits for approval, with a sentence that says why."""
        with self._database.write() as session:
            running.let_one_lapse(session, turn_id, sentence)

    def cut_orphans(self, alive: Callable[[Owner], bool], end: End) -> int:
        """End the turns that processes no longer alive left running, as ``end`` says; returns how many.

        Turns that wait for approval go on waiting: no process is needed for that.
        """
        with self._database.read() as session:
            found = session.execute(
                select(TurnRow.id, TurnRow.owner_pid, TurnRow.owner_started).where(TurnRow.status == TurnStatus.RUNNING)
            ).all()
        orphans = [turn_id for turn_id, pid, started in found if not alive(Owner(pid, started))]
        for turn_id in orphans:
            self._cut(turn_id, end)
        return len(orphans)

    def _cut(self, turn_id: str, end: End) -> None:
        with self._database.write() as session:
            row = session.get(TurnRow, turn_id)
            owner = None if row is None else session.get(ConversationRow, row.conversation_id)
            if row is None or owner is None or row.status != TurnStatus.RUNNING:
                return
            turn, records = end(with_citations(session, [row])[0])
            there = running.lines_of(session, turn_id)
            numbered = [replace(record, number=there + n) for n, record in enumerate(records, start=1)]
            _end(session, turn, None)
            insert_records(session, owner.person_id, turn.conversation_id, numbered)
            release(session, turn_id)

    def turn(self, person_id: str, turn_id: str) -> Turn:
        """Return a turn; raises NotFound."""
        with self._database.read() as session:
            return with_citations(session, [_own_turn(session, person_id, turn_id)])[0]

    def turns(self, person_id: str, conversation_id: str, before_seq: int | None, limit: int) -> list[Turn]:
        """Return the newest ``limit`` turns (before ``before_seq``), oldest first; raises NotFound."""
        with self._database.read() as session:
            own_conversation(session, person_id, conversation_id)
            return turns_of(session, conversation_id, before_seq, limit)

    def conversation(self, person_id: str, conversation_id: str) -> Conversation:
        """Return a conversation; raises NotFound."""
        with self._database.read() as session:
            return _value(session, own_conversation(session, person_id, conversation_id))

    def conversations(self, person_id: str, query: str, limit: int, offset: int) -> list[Conversation]:
        """Return conversations, latest first, whose title or one of whose questions holds ``query``."""
        count = select(func.count()).where(TurnRow.conversation_id == ConversationRow.id).scalar_subquery()
        wanted = select(ConversationRow, count).where(*_visible_to(person_id))
        if query.strip():
            wanted = wanted.where(_mentions(query.strip()))
        ordered = wanted.order_by(ConversationRow.updated_at.desc(), ConversationRow.id).limit(limit).offset(offset)
        with self._database.read() as session:
            return [_conversation_value(row, turns) for row, turns in session.execute(ordered)]

    def rename(self, person_id: str, conversation_id: str, title: str) -> Conversation:
        """Change the title; raises NotFound."""
        with self._database.write() as session:
            row = own_conversation(session, person_id, conversation_id)
            row.title = title
            return _value(session, row)

    def delete(self, person_id: str, conversation_id: str) -> list[str]:
        """Hide a conversation and end its sharing; returns the ids of its running turns; raises NotFound."""
        with self._database.write() as session:
            own_conversation(session, person_id, conversation_id).deleted_at = utc_now()
            _end_sharing(session, conversation_id)
            audit.append(session, person_id, "conversation.deleted", conversation_id)
            return list(running.running_turns(session, conversation_id))

    def restore(self, person_id: str, conversation_id: str) -> Conversation:
        """Show a hidden conversation again; raises NotFound."""
        with self._database.write() as session:
            row = session.get(ConversationRow, conversation_id)
            if row is None or row.person_id != person_id:
                raise NotFound(NO_CONVERSATION)
            row.deleted_at = None
            audit.append(session, person_id, "conversation.restored", conversation_id)
            return _value(session, row)

    def clear(self, person_id: str, conversation_id: str) -> list[str]:
        """Remove a conversation's turns and end its sharing; returns the ids of those that ran; raises NotFound."""
        with self._database.write() as session:
            own_conversation(session, person_id, conversation_id)
            ids = list(running.running_turns(session, conversation_id))
            forget_examples(session, conversation_id)
            _end_sharing(session, conversation_id)
            audit.append(session, person_id, "conversation.cleared", conversation_id)
            session.execute(delete(TurnRow).where(TurnRow.conversation_id == conversation_id))
            return ids


def _started(
    session: Session,
    person_id: str,
    question: Question,
    owner: Owner,
    running_limit: int,
    history_messages: int,
    readable: Readable,
) -> Started:
    conversation = _conversation_for(session, person_id, question)
    limit = running_limit if question.limited else None
    running.refuse_when_busy(session, person_id, conversation.id, limit)
    running.let_lapse(session, conversation.id)
    before = question.history_before
    said, said_from = running.said_before(session, conversation.id, before, history_messages, readable)
    row = running.running_row(session, conversation.id, question, owner)
    conversation.updated_at = row.created_at
    session.add(row)
    session.flush()
    return Started(turn_value(row, ()), said, said_from)


def _end_sharing(session: Session, conversation_id: str) -> None:
    session.execute(delete(ShareRow).where(ShareRow.conversation_id == conversation_id))


def title_of(question: str) -> str:
    """Shorten a question to a title, at a word border where there is one."""
    line = " ".join(question.split())
    if len(line) <= TITLE_CHARACTERS:
        return line
    head = line[: TITLE_CHARACTERS - 1]
    words, blank, _rest = head.rpartition(" ")
    return f"{(words if blank else head).rstrip(' ,;:.')}…"


def _visible_to(person_id: str) -> tuple[ColumnElement[bool], ...]:
    return ConversationRow.person_id == person_id, ConversationRow.deleted_at.is_(None)


def own_conversation(session: Session, person_id: str, conversation_id: str) -> ConversationRow:
    """Return a conversation's row; raises NotFound when it is not the person's or was deleted."""
    row = session.scalar(select(ConversationRow).where(ConversationRow.id == conversation_id, *_visible_to(person_id)))
    if row is None:
        raise NotFound(NO_CONVERSATION)
    return row


def _own_turn(session: Session, person_id: str, turn_id: str) -> TurnRow:
    row = session.scalar(select(TurnRow).join(ConversationRow).where(TurnRow.id == turn_id, *_visible_to(person_id)))
    if row is None:
        raise NotFound(NO_TURN)
    return row


def _end(session: Session, turn: Turn, messages: str | None) -> bool:
    """Write a turn's end and its citations; nothing, and False, when the turn was removed meanwhile."""
    values = {**turn_columns(turn), "messages": messages, "finished_at": utc_now()}
    changed = session.execute(update(TurnRow).where(TurnRow.id == turn.id).values(values).returning(TurnRow.id)).all()
    if changed:
        _replace_citations(session, turn.id, turn.citations)
    return bool(changed)


def _mentions(query: str) -> ColumnElement[bool]:
    asked = select(TurnRow.id).where(
        TurnRow.conversation_id == ConversationRow.id, TurnRow.question.icontains(query, autoescape=True)
    )
    return or_(ConversationRow.title.icontains(query, autoescape=True), asked.exists())


def _conversation_for(session: Session, person_id: str, question: Question) -> ConversationRow:
    if question.conversation_id is not None:
        return own_conversation(session, person_id, question.conversation_id)
    now = utc_now()
    row = ConversationRow(
        id=uuid4().hex, person_id=person_id, title=title_of(question.text), created_at=now, updated_at=now
    )
    session.add(row)
    return row


def _replace_citations(session: Session, turn_id: str, citations: Sequence[Citation]) -> None:
    session.execute(delete(CitationRow).where(CitationRow.turn_id == turn_id))
    add_sources(session, turn_id, [citation.document_id for citation in citations])
    if citations:
        session.execute(insert(CitationRow), citation_columns(turn_id, citations))


def turns_of(session: Session, conversation_id: str, before_seq: int | None, limit: int) -> list[Turn]:
    """Return a conversation's newest ``limit`` turns (before ``before_seq``), oldest first."""
    wanted = select(TurnRow).where(TurnRow.conversation_id == conversation_id)
    if before_seq is not None:
        wanted = wanted.where(TurnRow.seq < before_seq)
    rows = session.scalars(wanted.order_by(TurnRow.seq.desc()).limit(limit)).all()
    return with_citations(session, rows[::-1])


def with_citations(session: Session, rows: Sequence[TurnRow]) -> list[Turn]:
    """Return rows as turns."""
    wanted = select(CitationRow).where(CitationRow.turn_id.in_([row.id for row in rows])).order_by(CitationRow.n)
    found: dict[str, list[CitationRow]] = {}
    for citation in session.scalars(wanted) if rows else ():
        found.setdefault(citation.turn_id, []).append(citation)
    return [turn_value(row, found.get(row.id, ())) for row in rows]


def _value(session: Session, row: ConversationRow) -> Conversation:
    turns = session.scalar(select(func.count()).where(TurnRow.conversation_id == row.id))
    return _conversation_value(row, turns or 0)


def _conversation_value(row: ConversationRow, turns: int) -> Conversation:
    return Conversation(row.id, row.title, row.created_at, row.updated_at, turns)
