"""Rows of limits: what a person did lately, and what running turns may still cost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base


class RateEventRow(Base):
    """One counted act. ``at`` is in seconds since 1970; ``tick`` in seconds of the clock that runs since ``boot``.

    ``size`` is in bytes, 0 for what has none.
    """

    __tablename__ = "rate_events"
    __table_args__ = (
        Index("ix_rate_events_person_kind", "person_id", "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[float]
    boot: Mapped[str]
    tick: Mapped[float]
    size: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ReservationRow(Base):
    """What a running turn may use up, estimated, until the ledger has what it did; ``cost`` in US dollars."""

    __tablename__ = "reservations"

    turn_id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str]
    tokens: Mapped[int]
    cost: Mapped[str]
    made_at: Mapped[datetime]
