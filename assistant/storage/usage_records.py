"""The usage ledger: lines are only ever added, and stay when their conversation is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Float, Integer, Row, cast, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.domain import Usage, UsageRecord
from assistant.storage.database import Database, utc_now
from assistant.storage.model_rows import UsageRecordRow
from assistant.storage.rows import PersonRow

By = Literal["model", "person", "day", "conversation"]
"""What lines of the ledger are summed up by; a day is one of UTC."""
UNIT = Decimal(10) ** -12
"""US dollars in which costs are added, as whole numbers: finer than any price of a token, so that sums are exact."""
COUNTS = ("requests", "input_tokens", "output_tokens", "reasoning_tokens", "cached_tokens", "tool_calls")
SHARES = ("lines", "not_priced", "estimated")


@dataclass(frozen=True, slots=True)
class UsageLine:
    """Lines of the ledger summed up.

    ``key`` is (provider, model), (the person's address,), (the day as YYYY-MM-DD,) or (address, conversation id).
    ``cost`` is in US dollars over the priced lines, None when there is none; ``not_priced`` and ``estimated`` count
    lines.
    """

    key: tuple[str, ...]
    lines: int
    requests: int
    input_tokens: int
    output_tokens: int
    reasoning_tokens: int
    cached_tokens: int
    tool_calls: int
    cost: Decimal | None
    not_priced: int
    estimated: int


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the ledger with who caused it and when; ``person`` is the address, the id of one who is gone."""

    at: datetime
    person: str
    conversation_id: str
    record: UsageRecord


def insert_records(session: Session, person_id: str, conversation_id: str, records: Sequence[UsageRecord]) -> None:
    """Add lines within the caller's transaction; one that is there already (same turn and number) stays as it is."""
    if not records:
        return
    shared = {"at": utc_now(), "person_id": person_id, "conversation_id": conversation_id}
    rows = [{**shared, **_columns(record)} for record in records]
    session.execute(insert(UsageRecordRow).on_conflict_do_nothing(), rows)


class UsageRecords:
    """The repository of the ledger. ``person_id`` None means everyone, ``since`` None from the beginning."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def summed(self, by: By, person_id: str | None, since: datetime | None) -> list[UsageLine]:
        """Return the lines summed up: days in order, else what used most tokens first."""
        keys = _keys(by)
        wanted = select(*keys, *_sums()).outerjoin(PersonRow, PersonRow.id == UsageRecordRow.person_id)
        wanted = wanted.where(*_conditions(person_id, since)).group_by(*keys).order_by(*keys)
        with self._database.read() as session:
            lines = [_line(row) for row in session.execute(wanted)]
        return lines if by == "day" else sorted(lines, key=lambda line: -(line.input_tokens + line.output_tokens))

    def of_conversation(self, conversation_id: str, person_id: str | None) -> UsageLine | None:
        """Return one conversation's lines summed up; None when there are none."""
        key = UsageRecordRow.conversation_id
        wanted = select(key, *_sums()).where(*_conditions(person_id, None), key == conversation_id).group_by(key)
        with self._database.read() as session:
            row = session.execute(wanted).one_or_none()
            return None if row is None else _line(row)

    def lines(self, since: datetime | None) -> Iterator[LedgerLine]:
        """Give everyone's lines, oldest first."""
        wanted = select(UsageRecordRow, _address()).outerjoin(PersonRow, PersonRow.id == UsageRecordRow.person_id)
        wanted = wanted.where(*_conditions(None, since)).order_by(UsageRecordRow.id)
        with self._database.read() as session:
            for row, person in session.execute(wanted.execution_options(yield_per=1000)):
                yield LedgerLine(row.at, person, row.conversation_id, _record(row))


def _columns(record: UsageRecord) -> dict[str, Any]:
    usage = record.usage
    return {
        "turn_id": record.turn_id,
        "number": record.number,
        "purpose": record.purpose,
        "provider": record.provider,
        "model": record.model,
        **{name: getattr(usage, name) for name in COUNTS},
        "cost": None if usage.cost is None else format(usage.cost, "f"),
        "estimated": usage.estimated,
    }


def _record(row: UsageRecordRow) -> UsageRecord:
    counts = {name: getattr(row, name) for name in COUNTS}
    usage = Usage(**counts, cost=None if row.cost is None else Decimal(row.cost), estimated=row.estimated)
    return UsageRecord(row.turn_id, row.number, row.purpose, row.provider, row.model, usage)


def _keys(by: By) -> list[ColumnElement[Any]]:
    if by == "model":
        return [UsageRecordRow.provider.expression, UsageRecordRow.model.expression]
    if by == "conversation":
        return [_address(), UsageRecordRow.conversation_id.expression]
    return [_address() if by == "person" else func.date(UsageRecordRow.at)]


def _address() -> ColumnElement[Any]:
    return func.coalesce(PersonRow.email, UsageRecordRow.person_id)


def _conditions(person_id: str | None, since: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if person_id is not None:
        conditions.append(UsageRecordRow.person_id == person_id)
    if since is not None:
        conditions.append(UsageRecordRow.at >= since)
    return conditions


def _sums() -> list[ColumnElement[Any]]:
    units = cast(func.round(cast(UsageRecordRow.cost, Float) / float(UNIT)), BigInteger)
    return [
        func.count().label("lines"),
        *(func.sum(getattr(UsageRecordRow, name)).label(name) for name in COUNTS),
        func.sum(units).label("units"),
        (func.count() - func.count(UsageRecordRow.cost)).label("not_priced"),
        func.sum(cast(UsageRecordRow.estimated, Integer)).label("estimated"),
    ]


def _line(row: Row[Any]) -> UsageLine:
    values = row._asdict()
    units, sums = values.pop("units"), {name: values.pop(name) for name in (*COUNTS, *SHARES)}
    cost = None if units is None else (units * UNIT).normalize()
    return UsageLine(tuple(str(value) for value in values.values()), cost=cost, **sums)
