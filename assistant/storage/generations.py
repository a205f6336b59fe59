"""The collections of the vector index: which of them serve, and which are to be built anew."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from assistant import faults
from assistant.storage.database import Database, utc_now
from assistant.storage.rows import DocumentRow, GenerationRow, VersionRow

MODEL_NAME_CHARACTERS = 60
"""Of a model's id in a collection's name, which Chroma bounds to 512 letters, digits, dots, dashes, underscores."""
HOLES_ALWAYS_ALLOWED = 2_000
"""Removed vectors keep their place in a collection's files; so many (3 MB) are not worth a new generation."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One collection of the index. ``state`` is ``wanted``, ``beside``, ``live`` or ``retired``."""

    id: int
    space_id: str
    collection: str
    state: str


class Generations:
    """Every space has one collection that serves it by one model; the next one is built beside it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, model: str) -> list[Generation]:
        """Return all collections of an embedding model, oldest first."""
        query = select(GenerationRow).where(GenerationRow.model == model).order_by(GenerationRow.id)
        with self._database.read() as session:
            return [_value(row) for row in session.scalars(query)]

    def want(self, space_id: str, model: str) -> Generation:
        """Ask for a new collection of a space; an unanswered earlier request is the same one."""
        with self._database.write() as session:
            row = session.scalars(_of(space_id, model).where(GenerationRow.state == "wanted")).one_or_none()
            return _value(row or _new(session, space_id, model, "wanted"))

    def beside(self, space_id: str, model: str) -> Generation:
        """Add a collection that takes its space over together with others, once all of them are built."""
        with self._database.write() as session:
            return _value(_new(session, space_id, model, "beside"))

    def note_built(self, generation: Generation) -> None:
        """Let a built collection serve its space; the ones before it are retired."""
        with self._database.write() as session:
            serve(session, [generation.id])
        faults.point("generation_built")

    def forget(self, ids: Sequence[int]) -> None:
        """Forget collections that are dropped."""
        with self._database.write() as session:
            session.execute(delete(GenerationRow).where(GenerationRow.id.in_(ids)))

    def forget_all_but(self, model: str) -> None:
        """Forget other models' collections and those that were never whole: what an earlier process left."""
        unusable = (GenerationRow.model != model) | (GenerationRow.state == "beside")
        with self._database.write() as session:
            session.execute(delete(GenerationRow).where(unusable))

    def note_removed(self, collection: str, vectors: int) -> None:
        """Count vectors that went from a serving collection."""
        removed = GenerationRow.removed + vectors
        with self._database.write() as session:
            session.execute(update(GenerationRow).where(GenerationRow.collection == collection).values(removed=removed))

    def worn(self, model: str) -> list[str]:
        """Return the spaces whose collection lost more vectors than it holds: its files are half holes."""
        held = (
            select(func.coalesce(func.sum(VersionRow.chunks), 0))
            .join(DocumentRow, DocumentRow.live_version_id == VersionRow.id)
            .where(DocumentRow.space_id == GenerationRow.space_id)
            .scalar_subquery()
        )
        query = select(GenerationRow.space_id).where(
            GenerationRow.model == model,
            GenerationRow.state == "live",
            GenerationRow.removed > HOLES_ALWAYS_ALLOWED,
            GenerationRow.removed > held,
        )
        with self._database.read() as session:
            return list(session.scalars(query))


def serve(session: Session, ids: Sequence[int]) -> None:
    """Let these collections serve their spaces from this transaction on; the ones before them are retired."""
    for row in session.scalars(select(GenerationRow).where(GenerationRow.id.in_(ids))).all():
        before = _of(row.space_id, row.model).where(GenerationRow.id < row.id, GenerationRow.state == "live")
        for other in session.scalars(before):
            other.state = "retired"
        row.state = "live"


def _value(row: GenerationRow) -> Generation:
    return Generation(row.id, row.space_id, row.collection, row.state)


def _of(space_id: str, model: str) -> Select[GenerationRow]:
    return select(GenerationRow).where(GenerationRow.space_id == space_id, GenerationRow.model == model)


def _new(session: Session, space_id: str, model: str, state: str) -> GenerationRow:
    last = session.scalars(_of(space_id, model).order_by(GenerationRow.number.desc()).limit(1)).one_or_none()
    number = last.number + 1 if last else 1
    row = GenerationRow(
        space_id=space_id,
        model=model,
        number=number,
        collection=_collection(space_id, model, number),
        state=state,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return row


def _collection(space_id: str, model: str, number: int) -> str:
    """Name a collection after what is in it; a model's id that Chroma would not take as a name gets a checksum."""
    name = re.sub(r"[^A-Za-z0-9._-]", "-", model)[:MODEL_NAME_CHARACTERS]
    if name != model:
        name = f"{name}-{hashlib.sha256(model.encode()).hexdigest()[:8]}"
    return f"kb.{space_id}.{name}.{number}"
