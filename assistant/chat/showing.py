"""What of a turn somebody is shown: nothing of an answer that rests on a document which they may not read now.

This is the one way by which stored answers reach people and models; what they may read is asked each time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.domain import Parameters, Person, Plan, Timings, Turn, TurnStatus, Usage
from assistant.storage.turn_sources import hidden_turns, unreadable

if TYPE_CHECKING:
    from assistant.access import Readable
    from assistant.people.rights import Rights
    from assistant.storage.database import Database

WITHHELD = "This answer rests on a document that you may not read any more, so it is not shown."
NOT_FOR_READER = "This answer rests on a document that you may not read, so it is not shown."
UNDER_WAY = "This question is still being answered."


class Showing:
    """Decides by the database at each call; holds nothing."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self._database = database
        self._rights = rights

    def readable(self, person: Person) -> Readable:
        """Return what the person may read now."""
        return self._rights.readable(person)

    def own(self, person: Person, turns: Sequence[Turn]) -> list[Turn]:
        """Return turns of the person's own conversation as they may see them now."""
        hidden = self._hidden(person, turns)
        return [withheld(turn, WITHHELD) if turn.id in hidden else turn for turn in turns]

    def shared(self, person: Person, turns: Sequence[Turn]) -> list[Turn]:
        """Return turns of someone else's conversation as a person sees them to whom it is shared."""
        hidden = self._hidden(person, turns)
        return [withheld(_told(turn), NOT_FOR_READER) if turn.id in hidden else _told(turn) for turn in turns]

    def is_hidden(self, person: Person, turn: Turn) -> bool:
        """Whether a turn's answer rests on a document that the person may not read now."""
        return bool(self._hidden(person, [turn]))

    def lost(self, person: Person, document_ids: Iterable[str]) -> bool:
        """Whether the person may not read one of these documents now; what was deleted counts as it was."""
        wanted = list(document_ids)
        readable = self._rights.readable(person)
        with self._database.read() as session:
            return bool(wanted and unreadable(session, readable, wanted))

    def _hidden(self, person: Person, turns: Sequence[Turn]) -> set[str]:
        readable = self._rights.readable(person)  # asked after the turns were read, so never older than they
        with self._database.read() as session:
            return hidden_turns(session, readable, [turn.id for turn in turns])


def withheld(turn: Turn, sentence: str) -> Turn:
    """Return a turn without a word of its documents: the question, which is the person's own, and the sentence."""
    return replace(
        turn,
        answer=sentence,
        plan=None if turn.plan is None else _own_words(turn.question, turn.plan),
        abstained=False,
        citations=(),
        support=(),
        nearest=(),
        steps=(),
        reasoning="",
        pending=(),
        error=None,
        withheld=True,
    )


def _own_words(question: str, plan: Plan) -> Plan:
    """The plan in no other words than the person's; how a question was read may hold words of earlier answers."""
    words = plan.standalone_question if plan.reworded else question
    return replace(plan, standalone_question=words, search_queries=(words,), reason="")


def _told(turn: Turn) -> Turn:
    """Question, answer and sources; how the answer came about and what it cost is its owner's alone."""
    plan = None if turn.plan is None else _own_words(turn.question, turn.plan)
    under_way = turn.status is TurnStatus.RUNNING
    return replace(
        turn,
        answer=UNDER_WAY if under_way else turn.answer,
        citations=() if under_way else turn.citations,
        support=() if under_way else turn.support,
        plan=plan,
        nearest=(),
        steps=(),
        choice=replace(turn.choice, parameters=Parameters()),
        usage=Usage(),
        timings=Timings(),
        error=None,
        reasoning="",
        pending=(),
        fell_back=None,
    )
