"""What turns go through while they run and wait, inside a transaction of the caller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from assistant.access import Readable
from assistant.clock import in_words
from assistant.domain import Decision, ModelChoice, PendingCall, Route, Turn, TurnError, TurnStatus
from assistant.errors import DecisionRefused, QuestionRefused, TooMany, new_reference
from assistant.redaction import redacted
from assistant.storage import audit
from assistant.storage.conversation_rows import ConversationRow, TurnRow
from assistant.storage.database import utc_now
from assistant.storage.library_rows import DeletionRow
from assistant.storage.model_rows import UsageRecordRow
from assistant.storage.turn_sources import hidden_turns, sources_of
from assistant.storage.turn_values import turn_columns

ANSWERED = (TurnStatus.COMPLETE, TurnStatus.STOPPED, TurnStatus.CUT)
"""How a turn has ended whose answer counts as said."""
BUSY_CONVERSATION = "This conversation is still answering: wait for the answer, or stop it, then ask again."
NOT_WAITING = "This was decided already, or is no longer waiting: what came of it stands in the conversation."
LAPSED = "This was not done: you asked something else before you decided. Ask for it again if you still want it."
SOURCE_DELETED = (
    "This was not done: a document that it rests on was deleted before you decided. Ask for it again if you still "
    "want it."
)
SOURCE_CLOSED = "This was not done: it rests on a document that you may not read any more. Ask for it again."


@dataclass(frozen=True, slots=True)
class Question:
    """A question on its way in. ``history_before`` leaves out turns from that seq on (a retry).

    Without ``limited`` any number may be asked and run beside it, though never two in one conversation. ``route`` is
    given when the person corrected it: it stands. ``standalone`` is how the question is to be read: as it was
    understood before, or, when ``reworded``, as the person wrote it.
    """

    conversation_id: str | None
    text: str
    choice: ModelChoice
    history_before: int | None = None
    limited: bool = True
    route: Route | None = None
    standalone: str | None = None
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that runs a turn: its pid and its start in seconds since 1970."""

    pid: int
    started: float


@dataclass(frozen=True, slots=True)
class Started:
    """A stored question: its running turn and what was said before, (role, text), oldest first.

    ``said_from`` are the ids of the documents whose words may be in what was said.
    """

    turn: Turn
    history: list[tuple[str, str]]
    said_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A turn that waited and runs again: as it was while it waited, the model's messages, its lines in the ledger.

    ``said_from`` are the ids of the documents that it rests on.
    """

    turn: Turn
    messages: str
    records: int
    said_from: tuple[str, ...] = ()


def running_row(session: Session, conversation_id: str, question: Question, owner: Owner) -> TurnRow:
    """Return the row of a turn that begins."""
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
        route_by_person=question.route is not None,
    )
    fixed: dict[str, Any] = {name: getattr(turn, name) for name in ("id", "conversation_id", "seq", "question")}
    return TurnRow(
        **fixed,
        **turn_columns(turn),
        created_at=turn.created_at,
        finished_at=None,
        owner_pid=owner.pid,
        owner_started=owner.started,
        messages=None,
    )


def refuse_when_busy(session: Session, person_id: str, conversation_id: str, limit: int | None) -> None:
    """Raise QuestionRefused when the conversation answers, TooMany when ``limit`` turns of the person run already."""
    running = session.scalars(
        select(TurnRow.conversation_id)
        .join(ConversationRow)
        .where(TurnRow.status == TurnStatus.RUNNING, ConversationRow.person_id == person_id)
    ).all()
    if conversation_id in running:
        raise QuestionRefused(BUSY_CONVERSATION)
    if limit is not None and len(running) >= limit:
        raise TooMany(
            f"{len(running)} of your questions are being answered, which is the limit: "
            "wait for one of them, or stop it, then ask again."
        )


def too_many(asked: int, seconds: float) -> TooMany:
    """Return the refusal of a question after ``asked`` in a minute; ``seconds`` until the next is taken."""
    questions = "1 question" if asked == 1 else f"{asked} questions"
    sentence = f"You have asked {questions} within a minute, which is the limit: ask again in {in_words(seconds)}."
    return TooMany(sentence, seconds)


def said_before(
    session: Session, conversation_id: str, before: int | None, messages: int, readable: Readable
) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Return the latest messages, oldest first, and the ids of the documents that they rest on.

    A question that the person reworded is in those words. Answers that rest on a document which is not ``readable``
    are left out with their questions.
    """
    said = (
        select(TurnRow.id, TurnRow.question, TurnRow.answer, TurnRow.plan)
        .where(TurnRow.conversation_id == conversation_id, TurnRow.status.in_(ANSWERED), TurnRow.answer != "")
        .order_by(TurnRow.seq.desc())
        .limit(-(-messages // 2))
    )
    if before is not None:
        said = said.where(TurnRow.seq < before)
    newest_first = session.execute(said).all()
    hidden = hidden_turns(session, readable, [row.id for row in newest_first])
    shown = [row for row in newest_first[::-1] if row.id not in hidden]
    pairs = [
        [("user", plan["standalone_question"] if plan and plan.get("reworded") else question), ("assistant", answer)]
        for _, question, answer, plan in shown
    ]
    return [message for pair in pairs for message in pair], sources_of(session, [row.id for row in shown])


def let_lapse(session: Session, conversation_id: str) -> None:
    """End the turn that waits in a conversation: the person went on, so nobody will decide about its calls."""
    _lapse(session, TurnRow.conversation_id == conversation_id, LAPSED)


def let_one_lapse(session: Session, turn_id: str, sentence: str) -> None:
    """End a turn that waits, and say why."""
    _lapse(session, TurnRow.id == turn_id, sentence)


def lapse_over(session: Session, document_id: str) -> None:
    """End the turns that wait with passages of a document that is deleted: its text goes with them."""
    _lapse(session, TurnRow.messages.contains(document_id, autoescape=True), SOURCE_DELETED)


def lapse_over_deleted(session: Session, turn: Turn, messages: str) -> None:
    """End a turn that begins to wait with passages of a document which was deleted while it ran."""
    since = select(DeletionRow.document_id).where(DeletionRow.asked_at >= turn.created_at)
    if any(document_id in messages for document_id in session.scalars(since)):
        _lapse(session, TurnRow.id == turn.id, SOURCE_DELETED)


def _lapse(session: Session, which: ColumnElement[bool], sentence: str) -> None:
    error = TurnError("lapsed", sentence, new_reference())
    waiting = update(TurnRow).where(which, TurnRow.status == TurnStatus.AWAITING_APPROVAL)
    session.execute(
        waiting.values(status=TurnStatus.STOPPED, error=asdict(error), pending=[], messages=None, finished_at=utc_now())
    )


def take_up(
    session: Session, person_id: str, row: TurnRow, pending: Sequence[PendingCall], owner: Owner, limit: int
) -> tuple[str, int]:
    """Let a turn that waits run again, once; return its messages and the number of its lines in the ledger.

    Its pending calls stay in the row until its end, so that a crash on the way leaves a trace of what was approved.
    Raises DecisionRefused when it does not wait, or for other calls than ``pending``; QuestionRefused when too much
    runs.
    """
    waits = row.status == TurnStatus.AWAITING_APPROVAL and row.pending == [asdict(call) for call in pending]
    if not waits or row.messages is None:
        raise DecisionRefused(NOT_WAITING)
    refuse_when_busy(session, person_id, row.conversation_id, limit)
    row.status = TurnStatus.RUNNING
    row.owner_pid, row.owner_started = owner.pid, owner.started
    return row.messages, lines_of(session, row.id)


def note_decisions(
    session: Session, person_id: str, turn_id: str, pending: Sequence[PendingCall], decisions: Sequence[Decision]
) -> None:
    """Write who said yes or no to which tool call, with the arguments that it is carried out with."""
    for call in pending:
        for decision in (one for one in decisions if one.call_id == call.id):
            given = call.arguments if decision.arguments is None else decision.arguments
            arguments = {name: redacted(value) if isinstance(value, str) else value for name, value in given.items()}
            details = {"name": call.title, "turn": turn_id, "arguments": arguments}
            action = "tool.approved" if decision.approved else "tool.refused"
            audit.append(session, person_id, action, call.tool, details)


def lines_of(session: Session, turn_id: str) -> int:
    """Return how many lines of the ledger a turn has."""
    return session.scalar(select(func.count()).where(UsageRecordRow.turn_id == turn_id)) or 0


def running_turns(session: Session, conversation_id: str) -> Sequence[str]:
    """Return the ids of the turns that run in a conversation."""
    running = select(TurnRow.id).where(TurnRow.conversation_id == conversation_id, TurnRow.status == TurnStatus.RUNNING)
    return session.scalars(running).all()
