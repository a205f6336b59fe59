"""Rows of conversations, their turns and the turns' citations."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base


class ConversationRow(Base):
    """A conversation of one person. ``deleted_at`` hides it from lists; it can be restored."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_person_updated", "person_id", "updated_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"))
    title: Mapped[str]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class TurnRow(Base):
    """One question and what came of it. ``owner_pid`` and ``owner_started`` name the process that runs it.

    ``owner_started`` is that process's start in seconds since 1970, since a pid alone comes back.
    ``cost`` is a decimal number of US dollars, written out: SQLite would round a number. ``messages`` is the model's
    side of a turn that waits for approval, in pydantic-ai's JSON; null at all other times.
    """

    __tablename__ = "turns"
    __table_args__ = (
        UniqueConstraint("conversation_id", "seq"),
        Index("ix_turns_status", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"))
    seq: Mapped[int]
    question: Mapped[str]
    status: Mapped[str]
    answer: Mapped[str]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    plan: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    answerable: Mapped[float | None]
    abstained: Mapped[bool]
    nearest: Mapped[list[str]] = mapped_column(JSON)
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    provider: Mapped[str]
    model: Mapped[str | None]
    requests: Mapped[int]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    tool_calls: Mapped[int]
    cost: Mapped[str | None]
    usage_estimated: Mapped[bool]
    plan_ms: Mapped[float | None]
    retrieve_ms: Mapped[float | None]
    first_token_ms: Mapped[float | None]
    total_ms: Mapped[float | None]
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    owner_pid: Mapped[int]
    owner_started: Mapped[float]
    parameters: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    auto: Mapped[bool]
    reasoning: Mapped[str]
    reasoning_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    fell_back: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    route_by_person: Mapped[bool]
    pending: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    messages: Mapped[str | None]
    support: Mapped[list[dict[str, Any]]] = mapped_column(JSON, server_default="[]")


class CitationRow(Base):
    """One numbered source of a turn's answer, with names as they were then: a deleted document keeps its quote."""

    __tablename__ = "citations"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    document_id: Mapped[str] = mapped_column(index=True)
    document: Mapped[str]
    version: Mapped[int]
    chunk_id: Mapped[str]
    page: Mapped[int | None]
    quote: Mapped[str]
    start: Mapped[int]
    end: Mapped[int]
    heading_path: Mapped[list[str]] = mapped_column(JSON)
    page_label: Mapped[str | None]


class TurnSourceRow(Base):
    """A document whose words went into a turn's answer: who may not read it may not read the answer either."""

    __tablename__ = "turn_sources"

    turn_id: Mapped[str] = mapped_column(ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[str] = mapped_column(primary_key=True, index=True)


class ShareRow(Base):
    """Whom a conversation is shown to: a "person" or "group" by its id, or "everyone" (then the id is empty).

    An address that nobody had when it was given stands in the place of the id, and opens the conversation to nobody.
    """

    __tablename__ = "conversation_shares"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True)
    audience: Mapped[str] = mapped_column(primary_key=True)
    audience_id: Mapped[str] = mapped_column(primary_key=True)
    shared_at: Mapped[datetime]


class DraftRow(Base):
    """What a person had typed when their session lapsed; ``conversation_id`` is empty for a new conversation."""

    __tablename__ = "drafts"

    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]
