"""Documents cut and embedded anew, beside what searches see: all of them take its place at once, or nothing does."""

from __future__ import annotations

from collections.abc import Callable

from assistant.domain import Person
from assistant.knowledge.rights import Access, need_editor
from assistant.library import Run
from assistant.storage.database import Database
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.documents import Documents
from assistant.storage.runs import Runs


class Rebuilds:
    """What people who may change documents can do about rebuilds; ``wake`` has the work begun."""

    def __init__(self, database: Database, wake: Callable[[], None]) -> None:
        self._runs = Runs(database)
        self._access = Access(Documents(database))
        self._wake = wake

    @full_disk_told(NOTHING_CHANGED)
    def rechunk(self, person: Person) -> Run:
        """Have all documents read, cut and embedded anew in the background; what is there serves until all are.

        Raises NotAllowed, NotFound when none is searchable, Conflict when that is under way already.
        """
        need_editor(person)
        run = self._runs.begin(person.id, self._access.readable(person))
        self._wake()
        return run

    def cancel(self, person: Person, run_id: int) -> Run:
        """Call a rebuild off: what searches see stays as it is. One that is over stays over.

        Raises NotAllowed, NotFound.
        """
        need_editor(person)
        run = self._runs.end(run_id, "cancelled")
        self._wake()
        return run

    def get(self, person: Person, run_id: int) -> Run:
        """Return how a rebuild stands. Raises NotAllowed, NotFound."""
        need_editor(person)
        return self._runs.get(run_id)

    def running(self, person: Person) -> list[Run]:
        """Return the rebuilds that are under way, oldest first. Raises NotAllowed."""
        need_editor(person)
        return self._runs.running()
