"""Conversations and turns of people. Every function takes the person and finds nothing of anyone else's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from assistant.domain import Citation, Conversation, ModelChoice, Turn, TurnError, TurnStatus
from assistant.errors import NotFound, QuestionRefused
from assistant.storage.conversation_rows import CitationRow, ConversationRow, TurnRow
from assistant.storage.database import Database, utc_now
from assistant.storage.turn_values import citation_columns, turn_columns, turn_value

TITLE_CHARACTERS = 60
"""A title made from the first question is at most this long: one line of the sidebar."""
ANSWERED = (TurnStatus.COMPLETE, TurnStatus.STOPPED, TurnStatus.CUT)
"""How a turn has ended whose answer counts as said."""
NO_CONVERSATION = "This conversation does not exist, or it is not yours."
NO_TURN = "This question does not exist, or it is not yours."
BUSY_CONVERSATION = "This conversation is still answering: wait for the answer, or stop it, then ask again."


@dataclass(frozen=True, slots=True)
class Question:
    """A question on its way in. ``history_before`` leaves out turns from that seq on (a retry).

    Without ``limited`` any number may run beside it, though never two in one conversation.
    """

    conversation_id: str | None
    text: str
    choice: ModelChoice
    history_before: int | None = None
    limited: bool = True


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that runs a turn: its pid and its start in seconds since 1970."""

    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class Started:
    """A stored question: its running turn and what was said before, (role, text), oldest first."""

    turn: Turn
    history: list[tuple[str, str]]


class Conversations:
    """The repository of conversations, turns and citations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start_turn(
        self, person_id: str, question: Question, owner: Owner, *, running_limit: int, history_messages: int
    ) -> Started:
        """Store a question and its running turn in one transaction; raises QuestionRefused when too much runs."""
        with self._database.write() as session:
            conversation = _conversation_for(session, person_id, question)
            _refuse_when_busy(session, person_id, conversation.id, running_limit if question.limited else None)
            history = _history(session, conversation.id, question.history_before, history_messages)
            row = _running_row(session, conversation.id, question, owner)
            conversation.updated_at = row.created_at
            session.add(row)
            session.flush()
            return Started(turn_value(row, ()), history)

    def save_progress(self, turn_id: str, answer: str, citations: Sequence[Citation]) -> None:
        """Keep what a running turn has said so far; a turn that has ended is not touched."""
        with self._database.write() as session:
            statement = update(TurnRow).where(TurnRow.id == turn_id, TurnRow.status == TurnStatus.RUNNING)
            changed = session.execute(statement.values(answer=answer).returning(TurnRow.id)).all()
            if changed:
                _replace_citations(session, turn_id, citations)

    def finish_turn(self, turn: Turn) -> None:
        """Store a turn's end with citations, usage and timings, all in one transaction."""
        with self._database.write() as session:
            values = {**turn_columns(turn), "finished_at": utc_now()}
            if session.execute(update(TurnRow).where(TurnRow.id == turn.id).values(values).returning(TurnRow.id)).all():
                _replace_citations(session, turn.id, turn.citations)

    def cut_orphans(self, alive: Callable[[Owner], bool], error: TurnError) -> int:
        """End the turns that processes no longer alive left running, as ``cut``; returns how many."""
        with self._database.read() as session:
            running = session.execute(
                select(TurnRow.id, TurnRow.owner_pid, TurnRow.owner_started).where(TurnRow.status == TurnStatus.RUNNING)
            ).all()
        orphans = [turn_id for turn_id, pid, started in running if not alive(Owner(pid, started))]
        if orphans:
            with self._database.write() as session:
                ended = update(TurnRow).where(TurnRow.id.in_(orphans), TurnRow.status == TurnStatus.RUNNING)
                session.execute(ended.values(status=TurnStatus.CUT, error=asdict(error), finished_at=utc_now()))
        return len(orphans)

    def turn(self, person_id: str, turn_id: str) -> Turn:
        """Return a turn; raises NotFound."""
        with self._database.read() as session:
            row = session.scalar(
                select(TurnRow).join(ConversationRow).where(TurnRow.id == turn_id, *_visible_to(person_id))
            )
            if row is None:
                raise NotFound(NO_TURN)
            return _with_citations(session, [row])[0]

    def turns(self, person_id: str, conversation_id: str, before_seq: int | None, limit: int) -> list[Turn]:
        """Return the newest ``limit`` turns (before ``before_seq``), oldest first; raises NotFound."""
        with self._database.read() as session:
            _own(session, person_id, conversation_id)
            wanted = select(TurnRow).where(TurnRow.conversation_id == conversation_id)
            if before_seq is not None:
                wanted = wanted.where(TurnRow.seq < before_seq)
            rows = session.scalars(wanted.order_by(TurnRow.seq.desc()).limit(limit)).all()
            return _with_citations(session, rows[::-1])

    def conversation(self, person_id: str, conversation_id: str) -> Conversation:
        """Return a conversation; raises NotFound."""
        with self._database.read() as session:
            return _value(session, _own(session, person_id, conversation_id))

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
            row = _own(session, person_id, conversation_id)
            row.title = title
            return _value(session, row)

    def delete(self, person_id: str, conversation_id: str) -> list[str]:
        """Hide a conversation; returns the ids of its running turns; raises NotFound."""
        with self._database.write() as session:
            _own(session, person_id, conversation_id).deleted_at = utc_now()
            return _running_turns(session, conversation_id)

    def restore(self, person_id: str, conversation_id: str) -> Conversation:
        """Show a hidden conversation again; raises NotFound."""
        with self._database.write() as session:
            row = session.get(ConversationRow, conversation_id)
            if row is None or row.person_id != person_id:
                raise NotFound(NO_CONVERSATION)
            row.deleted_at = None
            return _value(session, row)

    def clear(self, person_id: str, conversation_id: str) -> list[str]:
        """Remove a conversation's turns; returns the ids of those that were running; raises NotFound."""
        with self._database.write() as session:
            _own(session, person_id, conversation_id)
            running = _running_turns(session, conversation_id)
            session.execute(delete(TurnRow).where(TurnRow.conversation_id == conversation_id))
            return running


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


def _own(session: Session, person_id: str, conversation_id: str) -> ConversationRow:
    row = session.scalar(select(ConversationRow).where(ConversationRow.id == conversation_id, *_visible_to(person_id)))
    if row is None:
        raise NotFound(NO_CONVERSATION)
    return row


def _mentions(query: str) -> ColumnElement[bool]:
    asked = select(TurnRow.id).where(
        TurnRow.conversation_id == ConversationRow.id, TurnRow.question.icontains(query, autoescape=True)
    )
    return or_(ConversationRow.title.icontains(query, autoescape=True), asked.exists())


def _conversation_for(session: Session, person_id: str, question: Question) -> ConversationRow:
    if question.conversation_id is not None:
        return _own(session, person_id, question.conversation_id)
    now = utc_now()
    row = ConversationRow(
        id=uuid4().hex, person_id=person_id, title=title_of(question.text), created_at=now, updated_at=now
    )
    session.add(row)
    return row


def _refuse_when_busy(session: Session, person_id: str, conversation_id: str, limit: int | None) -> None:
    running = session.scalars(
        select(TurnRow.conversation_id)
        .join(ConversationRow)
        .where(TurnRow.status == TurnStatus.RUNNING, ConversationRow.person_id == person_id)
    ).all()
    if conversation_id in running:
        raise QuestionRefused(BUSY_CONVERSATION)
    if limit is not None and len(running) >= limit:
        raise QuestionRefused(
            f"{len(running)} of your questions are being answered, which is the limit: "
            "wait for one of them, or stop it, then ask again."
        )


def _history(session: Session, conversation_id: str, before: int | None, messages: int) -> list[tuple[str, str]]:
    said = (
        select(TurnRow.question, TurnRow.answer)
        .where(TurnRow.conversation_id == conversation_id, TurnRow.status.in_(ANSWERED), TurnRow.answer != "")
        .order_by(TurnRow.seq.desc())
        .limit(-(-messages // 2))
    )
    if before is not None:
        said = said.where(TurnRow.seq < before)
    newest_first = session.execute(said).all()
    pairs = [[("user", question), ("assistant", answer)] for question, answer in newest_first[::-1]]
    return [message for pair in pairs for message in pair]


def _running_row(session: Session, conversation_id: str, question: Question, owner: Owner) -> TurnRow:
    last = session.scalar(select(func.max(TurnRow.seq)).where(TurnRow.conversation_id == conversation_id))
    turn = Turn(
        id=uuid4().hex,
        conversation_id=conversation_id,
        seq=(last or 0) + 1,
        question=question.text,
        status=TurnStatus.RUNNING,
        answer="",
        created_at=utc_now(),
        choice=question.choice,
    )
    fixed: dict[str, Any] = {name: getattr(turn, name) for name in ("id", "conversation_id", "seq", "question")}
    return TurnRow(
        **fixed,
        **turn_columns(turn),
        created_at=turn.created_at,
        finished_at=None,
        owner_pid=owner.pid,
        owner_started=owner.started,
    )


def _replace_citations(session: Session, turn_id: str, citations: Sequence[Citation]) -> None:
    session.execute(delete(CitationRow).where(CitationRow.turn_id == turn_id))
    if citations:
        session.execute(insert(CitationRow), citation_columns(turn_id, citations))


def _with_citations(session: Session, rows: Sequence[TurnRow]) -> list[Turn]:
    wanted = select(CitationRow).where(CitationRow.turn_id.in_([row.id for row in rows])).order_by(CitationRow.n)
    found: dict[str, list[CitationRow]] = {}
    for citation in session.scalars(wanted) if rows else ():
        found.setdefault(citation.turn_id, []).append(citation)
    return [turn_value(row, found.get(row.id, ())) for row in rows]


def _running_turns(session: Session, conversation_id: str) -> list[str]:
    running = select(TurnRow.id).where(TurnRow.conversation_id == conversation_id, TurnRow.status == TurnStatus.RUNNING)
    return list(session.scalars(running))


def _value(session: Session, row: ConversationRow) -> Conversation:
    turns = session.scalar(select(func.count()).where(TurnRow.conversation_id == row.id))
    return _conversation_value(row, turns or 0)


def _conversation_value(row: ConversationRow, turns: int) -> Conversation:
    return Conversation(row.id, row.title, row.created_at, row.updated_at, turns)
