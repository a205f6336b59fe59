"""What was used up of budgets by the ledger, and what running turns have reserved of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float, cast, delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant.domain import OFFLINE
from assistant.storage.access_rows import GroupRow, MemberRow
from assistant.storage.database import Database
from assistant.storage.limit_rows import ReservationRow
from assistant.storage.model_rows import UsageRecordRow
from assistant.storage.rows import PersonRow
from assistant.storage.usage_records import UNIT

HELD_FOR = timedelta(hours=1)
"""A reservation older than any turn is what a process left that was killed and never started again."""


class Scope(StrEnum):
    """Whose use a budget counts together."""

    PERSON = "person"
    GROUP = "group"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Amount:
    """Something used up: tokens read and written, and US dollars as far as prices are known."""

    tokens: int = 0
    cost: Decimal = Decimal(0)

    def __add__(self, other: Amount) -> Amount:
        """Return both together."""
        return Amount(self.tokens + other.tokens, self.cost + other.cost)

    def is_within(self, other: Amount) -> bool:
        """Whether no part of it is more."""
        return self.tokens <= other.tokens and self.cost <= other.cost


@dataclass(frozen=True, slots=True)
class Bound:
    """One budget: what people of a scope may use from ``since`` on, in ``tokens`` or ``cost``; None is no bound.

    ``subject`` is the id of the person or group, ``name`` that of the group. ``period`` is day or month.
    """

    scope: Scope
    subject: str
    name: str
    period: str
    since: datetime
    tokens: int | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """A budget with what the ledger says was ``used`` of it and what others have ``reserved``."""

    bound: Bound
    used: Amount
    reserved: Amount


def uses_of(session: Session, bounds: Sequence[Bound], now: datetime, except_turn: str = "") -> list[Use]:
    """Return how each budget stands, within the caller's transaction; one turn's own reservation is left out."""
    return [Use(bound, _used(session, bound), _reserved(session, bound, now, except_turn)) for bound in bounds]


def reserve(session: Session, turn_id: str, person_id: str, amount: Amount, now: datetime) -> None:
    """Reserve so much for a turn in place of what it had, and forget what nobody holds any more."""
    session.execute(delete(ReservationRow).where(ReservationRow.made_at < now - HELD_FOR))
    values = {"person_id": person_id, "tokens": amount.tokens, "cost": format(amount.cost, "f"), "made_at": now}
    row = insert(ReservationRow).values(turn_id=turn_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=[ReservationRow.turn_id], set_=values))


def release(session: Session, turn_id: str) -> None:
    """Give a turn's reservation back, in the transaction that writes what it truly used."""
    session.execute(delete(ReservationRow).where(ReservationRow.turn_id == turn_id))


class Groups:
    """The groups that budgets are for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, person_id: str) -> list[tuple[str, str]]:
        """Return id and name of each group that a person is in."""
        mine = select(GroupRow.id, GroupRow.name).join(MemberRow, MemberRow.group_id == GroupRow.id)
        return self._found(mine.where(MemberRow.person_id == person_id))

    def all(self) -> list[tuple[str, str]]:
        """Return id and name of every group."""
        return self._found(select(GroupRow.id, GroupRow.name))

    def spenders(self, since: datetime) -> list[tuple[str, str]]:
        """Return id and address of who has used something from ``since`` on."""
        used = select(UsageRecordRow.person_id).where(UsageRecordRow.at >= since)
        with self._database.read() as session:
            found = session.execute(select(PersonRow.id, PersonRow.email).where(PersonRow.id.in_(used)))
            return [(row[0], row[1]) for row in found]

    def _found(self, wanted: Any) -> list[tuple[str, str]]:
        with self._database.read() as session:
            return [(row[0], row[1]) for row in session.execute(wanted.order_by(GroupRow.name))]


def _used(session: Session, bound: Bound) -> Amount:
    row = UsageRecordRow
    costs = func.sum(_units(row.cost))
    sums = select(func.coalesce(func.sum(row.input_tokens + row.output_tokens), 0), func.coalesce(costs, 0))
    wanted = sums.where(row.at >= bound.since, row.provider != OFFLINE, *_whose(row.person_id, bound))
    return _amount(*session.execute(wanted).one())


def _reserved(session: Session, bound: Bound, now: datetime, except_turn: str) -> Amount:
    row = ReservationRow
    sums = select(func.coalesce(func.sum(row.tokens), 0), func.coalesce(func.sum(_units(row.cost)), 0))
    held = sums.where(row.turn_id != except_turn, row.made_at >= now - HELD_FOR, *_whose(row.person_id, bound))
    return _amount(*session.execute(held).one())


def _whose(person: InstrumentedAttribute[str], bound: Bound) -> list[ColumnElement[bool]]:
    if bound.scope is Scope.PERSON:
        return [person == bound.subject]
    if bound.scope is Scope.GROUP:
        return [person.in_(select(MemberRow.person_id).where(MemberRow.group_id == bound.subject))]
    return []


def _units(cost: Any) -> ColumnElement[Any]:
    return cast(func.round(cast(cost, Float) / float(UNIT)), BigInteger)


def _amount(tokens: int, units: int) -> Amount:
    return Amount(tokens, units * UNIT)
