"""What becomes of an answer whose documents are deleted, or closed, while it is written, or do not hold any more."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from assistant import log as logs
from assistant.domain import Citation, Passage, Person, Turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.chat.showing import Showing
    from assistant.knowledge.library import Library

LOOK_SECONDS = 0.5
"""So long at most a document that is deleted or closed goes on being quoted by an answer that is on its way."""
EXPIRED = "A source of this answer has expired: it held until {day}. Check before you rely on it."
SEVERAL_EXPIRED = "Sources of this answer have expired, the last of them after {day}. Check before you rely on them."

log = logging.getLogger(__name__)


class Sources:
    """The documents that a running turn rests on: of which it was given passages, and what was ``said_from`` before.

    ``passages`` may grow meanwhile.
    """

    def __init__(
        self,
        library: Library,
        showing: Showing,
        person: Person,
        passages: Sequence[Passage],
        said_from: Collection[str] = (),
    ) -> None:
        self.gone = False
        """Whether one of them was found deleted, or closed to the person."""
        self.hidden = False
        """Whether the person was found not to be allowed to read one of them any more."""
        self._library = library
        self._showing = showing
        self._person = person
        self._passages = passages
        self._said_from = frozenset(said_from)

    @property
    def all(self) -> frozenset[str]:
        """The ids of the documents: words of any of them may be in what a model says that was given them."""
        return self._said_from.union(passage.document_id for passage in self._passages)

    def quoted(self, turn: Turn, answer: str, citations: Iterable[Citation]) -> frozenset[str]:
        """Return the ids of those whose words are in what the offline model says, which quotes.

        They are cited or named; all of them where the question was read otherwise than asked, with words of theirs.
        """
        plan, told = turn.plan, "\n".join([answer, *turn.nearest])
        cited = {citation.document_id for citation in citations}
        named = {one.document_id for one in self._passages if one.document in told or (one.title and one.title in told)}
        as_asked = plan is None or plan.reworded or plan.standalone_question == " ".join(turn.question.split())
        return frozenset(cited | named) if as_asked else self.all | cited

    async def watch(self, when_gone: Callable[[], None]) -> None:
        """Look now and then, until cancelled; call ``when_gone`` once a document is deleted or closed."""
        while not self.gone:
            await anyio.sleep(LOOK_SECONDS)
            if await self.look():
                when_gone()

    async def look(self) -> bool:
        """Look whether one of the documents is deleted or closed; a look that fails finds nothing."""
        if not self.gone:
            try:
                await anyio.to_thread.run_sync(self._look)
            except Exception as error:  # an answer must not end because a look at the database failed
                logs.record(log, error)
        return self.gone

    async def is_lost(self, document_ids: Collection[str]) -> bool:
        """Look whether the person may not read one of these documents any more; a look that fails finds nothing."""
        try:
            return await anyio.to_thread.run_sync(self._showing.lost, self._person, document_ids)
        except Exception as error:
            logs.record(log, error)
            return self.hidden

    def _look(self) -> None:
        given = sorted({passage.document_id for passage in self._passages})
        self.hidden = self._showing.lost(self._person, self.all)
        self.gone = self.hidden or bool(given and self._library.gone(self._person, given))


def expiry_note(citations: Iterable[Citation], passages: Iterable[Passage], today: date) -> str | None:
    """Return a sentence where cited documents do not hold any more; None where all do."""
    cited = {citation.document_id for citation in citations}
    last_days = {
        passage.document_id: passage.valid_until
        for passage in passages
        if passage.document_id in cited and passage.valid_until is not None and passage.valid_until < today
    }
    if not last_days:
        return None
    sentence = EXPIRED if len(last_days) == 1 else SEVERAL_EXPIRED
    return sentence.format(day=max(last_days.values()).strftime("%d %B %Y").lstrip("0"))
