"""Failed tries to sign in, counted in the database so that no restart and no second process gives new ones.

A try is counted before it is looked at and taken back when it was right: of many at once no more get through than of
as many one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from assistant.storage.database import utc_now
from assistant.storage.sign_in_rows import SignInTryRow

FORGOTTEN_AFTER = timedelta(hours=24)
"""Tries are no longer in a row when nothing was tried for so long."""


@dataclass(frozen=True, slots=True)
class Bound:
    """How many tries in a row are free; each one above doubles the wait, from ``shortest`` up to ``longest``."""

    free: int
    shortest: timedelta
    longest: timedelta

    def wait(self, failures: int) -> timedelta | None:
        """Return the wait after so many failed tries in a row; None while they are free."""
        if failures < self.free:
            return None
        doublings = min(failures - self.free, 20)  # beyond which any wait is the longest
        wait: timedelta = self.shortest * (1 << doublings)
        return min(wait, self.longest)


def locked_for(session: Session, key: str) -> float:
    """Return the seconds for which no try of this key is looked at; 0 when the next one is."""
    row = session.get(SignInTryRow, key)
    if row is None or row.locked_until is None:
        return 0.0
    return max(0.0, (row.locked_until - utc_now()).total_seconds())


def count(session: Session, key: str, bound: Bound) -> timedelta | None:
    """Count a try and return the wait that it begins, if any; forgets tries of long ago."""
    now = utc_now()
    session.execute(delete(SignInTryRow).where(SignInTryRow.last_at < now - FORGOTTEN_AFTER))
    row = session.get(SignInTryRow, key)
    if row is None:
        row = SignInTryRow(key=key, failures=0, last_at=now, locked_until=None)
        session.add(row)
    row.failures, row.last_at = row.failures + 1, now
    wait = bound.wait(row.failures)
    row.locked_until = None if wait is None else now + wait
    session.flush()
    return wait


def forget(session: Session, key: str) -> None:
    """Forget the tries of this key, since the last was right."""
    session.execute(delete(SignInTryRow).where(SignInTryRow.key == key))


def take_back(session: Session, key: str, bound: Bound) -> None:
    """Count one try less, since it was right, and leave those before it."""
    row = session.get(SignInTryRow, key)
    if row is not None:
        row.failures = max(0, row.failures - 1)
        if bound.wait(row.failures) is None:
            row.locked_until = None
        session.flush()
