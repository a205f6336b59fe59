"""What all changes of people, groups and spaces share: an admin, one transaction, a word to whoever watches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from assistant.domain import Person, Role
from assistant.errors import NotAllowed
from assistant.people.rights import ONLY_ADMINS, Rights
from assistant.storage.database import Database, Session
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.standing import standing

CHANGED = "Somebody else changed this just now: look at it again."


class Administration:
    """Opens the database for admins. ``after_change`` is called whenever who may do what has changed."""

    def __init__(self, database: Database, rights: Rights) -> None:
        self.database = database
        self._rights = rights
        self.after_change: Callable[[], None] = _nobody_listens

    @contextmanager
    def looking(self, person: Person) -> Iterator[Session]:
        """Give a session for reading; raises SignedOut, NotAllowed."""
        self._rights.need_admin(person)
        with self.database.read() as session:
            yield session

    @contextmanager
    def changing(self, person: Person, *, rights: bool = True) -> Iterator[Session]:
        """Give a transaction, in which the person is an admin still; raises SignedOut, NotAllowed, DiskFull.

        Without ``rights`` it changes nothing about who may do what.
        """
        self._rights.need_admin(person)
        with full_disk_told(NOTHING_CHANGED), self.database.write() as session:
            session.connection()  # the write lock: whoever changes the person's own role waits, or did so before
            if standing(session, person).role is not Role.ADMIN:
                raise NotAllowed(ONLY_ADMINS)
            yield session
        if rights:
            self.after_change()


def _nobody_listens() -> None:
    """Stand in until a watch is set up."""
