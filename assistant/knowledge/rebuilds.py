"""Documents cut and embedded anew beside what searches see.

Of all documents they take its place at once, or nothing does; of chosen ones each does when it is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assistant.domain import Person, Role
from assistant.knowledge.rights import Access
from assistant.library import Run
from assistant.storage.database import Database
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.runs import Runs


class Rebuilds:
    """What people who may change documents can do about rebuilds; ``wake`` has the work begun.

    A rebuild names documents, so it is there for admins and for the one who asked for it.
    """

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._runs = Runs(database)
        self._access = Access(database)
        self._wake = wake

    @full_disk_told(NOTHING_CHANGED)
    def rechunk(self, person: Person, document_ids: Sequence[str] | None = None) -> Run:
        """Have these documents, or all that the person may read, cut and embedded anew; the old ones serve until then.

        Raises NotAllowed, NotFound when none of them is searchable, Conflict when one is on that way already.
        """
        self._access.need_editor(person)
        run = self._runs.begin(person, document_ids)
        self._wake()
        return run

    def cancel(self, person: Person, run_id: int) -> Run:
        """Call a rebuild off: what searches see stays as it is. One that is over stays over.

        Raises NotAllowed, NotFound.
        """
        run = self._runs.end(run_id, "cancelled", asked_by=self._asked_by(person))
        self._wake()
        return run

    def get(self, person: Person, run_id: int) -> Run:
        """Return how a rebuild stands. Raises NotAllowed, NotFound."""
        return self._runs.get(run_id, self._asked_by(person))

    def held_up(self, person: Person, run_id: int) -> str | None:
        """Return a sentence on what a rebuild waits for, if it does: a server of embeddings that does not answer.

        Raises NotAllowed, NotFound.
        """
        return self._runs.held_up(self.get(person, run_id).id)

    def running(self, person: Person) -> list[Run]:
        """Return the rebuilds that are under way, oldest first. Raises NotAllowed."""
        return self._runs.running(self._asked_by(person))

    def _asked_by(self, person: Person) -> str | None:
        """Whose rebuilds are there for this person; None: everybody's. Raises NotAllowed."""
        now = self._access.need_editor(person)
        return None if now.role is Role.ADMIN else person.id
