"""Rows of groups and of who may read which space and document, with the canaries that watch over it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from assistant.storage.database import Base
from assistant.storage.rows import SPACE_ID

GROUP_ID = "groups.id"


class GroupRow(Base):
    """A set of people that spaces and documents can be opened to."""

    __tablename__ = "groups"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]


class MemberRow(Base):
    """A person in a group. ``source`` is "local", or the way of signing in whose word on groups put them there."""

    __tablename__ = "group_members"

    group_id: Mapped[str] = mapped_column(ForeignKey(GROUP_ID, ondelete="CASCADE"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, index=True)
    source: Mapped[str] = mapped_column(server_default="local", default="local")


class SpaceGroupRow(Base):
    """A group that may read a restricted space."""

    __tablename__ = "space_groups"

    space_id: Mapped[str] = mapped_column(ForeignKey(SPACE_ID, ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey(GROUP_ID, ondelete="CASCADE"), primary_key=True)


class DocumentGroupRow(Base):
    """A group that may read a restricted document, if it may read the document's space."""

    __tablename__ = "document_groups"

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    group_id: Mapped[str] = mapped_column(ForeignKey(GROUP_ID, ondelete="CASCADE"), primary_key=True)


class CanaryRow(Base):
    """A document in a restricted space for nobody; ``alarm`` says where its ``word`` was seen all the same."""

    __tablename__ = "canaries"

    space_id: Mapped[str] = mapped_column(ForeignKey(SPACE_ID, ondelete="CASCADE"), primary_key=True)
    document_id: Mapped[str]
    word: Mapped[str]
    created_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    alarm: Mapped[str | None]
