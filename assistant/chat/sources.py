"""What becomes of an answer whose documents are deleted while it is written, or do not hold any more."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from assistant import log as logs
from assistant.domain import Citation, Passage, Person

if TYPE_CHECKING:
    from collections.abc import Callable

    from assistant.knowledge.library import Library

LOOK_SECONDS = 0.5
"""So long at most a deleted document goes on being quoted by an answer that is on its way."""
EXPIRED = "A source of this answer has expired: it held until {day}. Check before you rely on it."
SEVERAL_EXPIRED = "Sources of this answer have expired, the last of them after {day}. Check before you rely on them."

log = logging.getLogger(__name__)


class Sources:
    """The documents that a running turn was given passages of. ``passages`` may grow meanwhile."""

    def __init__(self, library: Library, person: Person, passages: Sequence[Passage]) -> None:
        self.deleted = False
        """Whether one of them was found deleted."""
        self._library = library
        self._person = person
        self._passages = passages

    async def watch(self, when_deleted: Callable[[], None]) -> None:
        """Look now and then, until cancelled; call ``when_deleted`` once a document is gone."""
        while not self.deleted:
            await anyio.sleep(LOOK_SECONDS)
            if await self.look():
                when_deleted()

    async def look(self) -> bool:
        """Look whether one of the documents is gone; a look that fails finds nothing."""
        ids = sorted({passage.document_id for passage in self._passages})
        if ids and not self.deleted:
            try:
                self.deleted = bool(await anyio.to_thread.run_sync(self._library.gone, self._person, ids))
            except Exception as error:  # an answer must not end because a look at the database failed
                logs.record(log, error)
        return self.deleted


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
