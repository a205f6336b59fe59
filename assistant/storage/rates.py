"""How often people do what is limited: each act is a row, counted and added within one transaction of the caller.

So no two processes, tabs or threads can both take the last place. Ages are told by a clock that does not go back; an
act of another boot, or one that seems to lie ahead, is anchored anew, so that no jump of a clock lets more through and
none keeps anybody waiting for longer than the window.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from assistant import clock
from assistant.clock import Clock, Moment
from assistant.storage.database import Database
from assistant.storage.limit_rows import RateEventRow

MINUTE, HOUR = 60.0, 3600.0
PRUNED = 1_000
"""Old rows removed at once: far more than come in one window, and what one statement can name."""


@dataclass(frozen=True, slots=True)
class Meter:
    """Lets a person do something ``most`` times in any ``seconds``, with ``most_bytes`` in all where that is set."""

    kind: str
    most: int
    seconds: float = MINUTE
    most_bytes: int | None = None
    clock: Clock = clock.now

    def count(self, session: Session, person_id: str, size: int = 0) -> float | None:
        """Count an act of ``size`` bytes, within a transaction that writes, and return None when it may be done.

        Else the seconds after which it may, infinite when it never fits. The caller must let the transaction end well
        also then: it keeps what was anchored anew.
        """
        wait = self.wait(session, person_id, size)
        if wait > 0:
            return wait
        now = self.clock()
        row = RateEventRow(person_id=person_id, kind=self.kind, at=now.at, boot=now.boot, tick=now.tick, size=size)
        session.add(row)
        session.flush()
        return None

    def wait(self, session: Session, person_id: str, size: int = 0) -> float:
        """Return the seconds until an act of ``size`` bytes may be done, 0 for now; nothing is counted."""
        now, events = self.clock(), self._events(session, person_id)
        _prune(session, [event.id for event in events if event.age(now) >= self.seconds])
        _anchor(session, [event for event in events if event.is_adrift(now)], now)
        return self._wait(events, now, size)

    def _events(self, session: Session, person_id: str) -> list[_Event]:
        row = RateEventRow
        wanted = select(row.id, row.at, row.boot, row.tick, row.size)
        mine = wanted.where(row.person_id == person_id, row.kind == self.kind)
        return [_Event(*found) for found in session.execute(mine.order_by(row.id))]

    def _wait(self, events: Sequence[_Event], now: Moment, size: int) -> float:
        """How long until enough of the oldest acts have left the window."""
        oldest_first = sorted(((event.age(now), event.size) for event in events), reverse=True)
        held = [(age, held) for age, held in oldest_first if age < self.seconds]
        most_bytes = math.inf if self.most_bytes is None else self.most_bytes
        total = sum(held_size for _, held_size in held) + size
        wait = 0.0
        for left, (age, freed) in zip(range(len(held), 0, -1), held, strict=True):
            if left < self.most and total <= most_bytes:
                return wait
            wait, total = self.seconds - age, total - freed
        return wait if total <= most_bytes else math.inf


@dataclass(frozen=True, slots=True)
class _Event:
    id: int
    at: float
    boot: str
    tick: float
    size: int

    def age(self, now: Moment) -> float:
        """Seconds since the act; what seems to lie ahead is taken for just done."""
        return max(now.tick - self.tick if self.boot == now.boot else now.at - self.at, 0.0)

    def is_adrift(self, now: Moment) -> bool:
        return self.boot != now.boot or self.tick > now.tick


@dataclass(frozen=True, slots=True)
class Quota:
    """What one person may upload, or do otherwise, by a meter."""

    meter: Meter
    person_id: str

    def wait(self, session: Session, size: int) -> float:
        """As ``Meter.wait``."""
        return self.meter.wait(session, self.person_id, size)

    def count(self, session: Session, size: int) -> float | None:
        """As ``Meter.count``."""
        return self.meter.count(session, self.person_id, size)


class Rates:
    """Counts what is no part of a larger transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, meter: Meter, person_id: str) -> float | None:
        """Count an act, as ``Meter.count`` does, in a transaction of its own."""
        with self._database.write() as session:
            return meter.count(session, person_id)

    def wait(self, meter: Meter, person_id: str, size: int = 0) -> float:
        """Return how long to wait, as ``Meter.wait`` does."""
        with self._database.write() as session:
            return meter.wait(session, person_id, size)


def _prune(session: Session, ids: Sequence[int]) -> None:
    if ids:
        session.execute(delete(RateEventRow).where(RateEventRow.id.in_(ids[:PRUNED])))


def _anchor(session: Session, events: Sequence[_Event], now: Moment) -> None:
    """Write the age that acts have now by the clock of this boot, for the times to come."""
    ages = [(event.id, event.age(now)) for event in events]
    values = [{"event": id_, "at_": now.at - age, "boot_": now.boot, "tick_": now.tick - age} for id_, age in ages]
    if values:
        row = RateEventRow.__table__.c
        one = update(RateEventRow.__table__).where(row.id == bindparam("event"))  # type: ignore[arg-type]  # a table
        session.connection().execute(
            one.values(at=bindparam("at_"), boot=bindparam("boot_"), tick=bindparam("tick_")), values
        )
