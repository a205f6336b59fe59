"""Rows of what admins set for models, of the usage ledger, and of routes that people corrected."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base


class PreferenceRow(Base):
    """One named setting that admins change at run time; ``revision`` grows with every change (compare-and-set)."""

    __tablename__ = "preferences"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]] = mapped_column(JSON)
    revision: Mapped[int]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]


class UsageRecordRow(Base):
    """One line of the usage ledger; append-only (triggers refuse changes), kept when its turn is deleted.

    ``cost`` is a decimal number of US dollars, written out; null when the model is not priced.
    """

    __tablename__ = "usage_records"
    __table_args__ = (
        UniqueConstraint("turn_id", "number"),
        Index("ix_usage_records_at", "at"),
        Index("ix_usage_records_conversation_id", "conversation_id"),
        Index("ix_usage_records_person_at", "person_id", "at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    person_id: Mapped[str]
    conversation_id: Mapped[str]
    turn_id: Mapped[str]
    number: Mapped[int]
    purpose: Mapped[str]
    provider: Mapped[str]
    model: Mapped[str]
    requests: Mapped[int]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    reasoning_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    tool_calls: Mapped[int]
    cost: Mapped[str | None]
    estimated: Mapped[bool]


class RouteExampleRow(Base):
    """A question with the route that a person gave it by hand: a labelled example for the classifier."""

    __tablename__ = "route_examples"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    route: Mapped[str]
    person_id: Mapped[str]
    turn_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
