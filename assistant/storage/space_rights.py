"""Spaces and who may read them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from assistant.access import SpaceAccess
from assistant.errors import Conflict, NotFound
from assistant.storage.access_rows import CanaryRow, GroupRow, SpaceGroupRow
from assistant.storage.database import utc_now
from assistant.storage.library_rows import FolderRow
from assistant.storage.rows import DocumentRow, SpaceRow


def spaces_in(session: Session) -> list[SpaceAccess]:
    """Return all spaces by name, with who may read each and how many documents it has."""
    return _spaces(session, session.scalars(select(SpaceRow)))


def need_space(session: Session, wanted: str) -> SpaceAccess:
    """Return the space of this id or name; raises NotFound."""
    row = (
        session.get(SpaceRow, wanted) or session.scalars(select(SpaceRow).where(SpaceRow.name == wanted)).one_or_none()
    )
    if row is None:
        raise NotFound(f"There is no space named {wanted!r}.")
    return _spaces(session, [row])[0]


def add_space(session: Session, name: str) -> str:
    """Add a space that is restricted to nobody yet, and return its id; raises Conflict when the name is taken."""
    _need_free(session, name)
    space_id = secrets.token_hex(8)
    session.add(SpaceRow(id=space_id, name=name, created_at=utc_now(), restricted=True))
    session.flush()
    return space_id


def rename_space(session: Session, space_id: str, name: str) -> None:
    """Give a space another name; raises Conflict when another space has it."""
    _need_free(session, name, besides=space_id)
    session.execute(update(SpaceRow).where(SpaceRow.id == space_id).values(name=name))


def open_to_everyone(session: Session, space_id: str) -> None:
    """Let everyone read a space."""
    session.execute(delete(SpaceGroupRow).where(SpaceGroupRow.space_id == space_id))
    session.execute(update(SpaceRow).where(SpaceRow.id == space_id).values(restricted=False))


def restrict(session: Session, space_id: str, group_ids: Iterable[str]) -> None:
    """Let only these groups read a space."""
    session.execute(update(SpaceRow).where(SpaceRow.id == space_id).values(restricted=True))
    session.execute(delete(SpaceGroupRow).where(SpaceGroupRow.space_id == space_id))
    session.add_all(SpaceGroupRow(space_id=space_id, group_id=id_) for id_ in dict.fromkeys(group_ids))
    session.flush()


def watched(session: Session, space_id: str) -> list[str]:
    """Return the paths of the folders whose files are kept in a space."""
    return list(session.scalars(select(FolderRow.path).where(FolderRow.space_id == space_id).order_by(FolderRow.path)))


def canaries_of(session: Session, space_id: str) -> list[str]:
    """Return the ids of a space's documents for nobody."""
    own = DocumentRow.space_id == space_id, DocumentRow.canary, DocumentRow.deleted_at.is_(None)
    return list(session.scalars(select(DocumentRow.id).where(*own)))


def forget_canary(session: Session, space_id: str) -> None:
    """Note that a space has no document for nobody any more."""
    session.execute(delete(CanaryRow).where(CanaryRow.space_id == space_id))


def holds_rows(session: Session, space_id: str) -> bool:
    """Return whether a document stands in a space, or the row of one that was deleted and is being cleared away."""
    return bool(session.scalar(select(exists().where(DocumentRow.space_id == space_id))))


def delete_space(session: Session, space_id: str) -> None:
    """Remove a space in which no document stands."""
    session.execute(delete(SpaceRow).where(SpaceRow.id == space_id))


def _spaces(session: Session, rows: Iterable[SpaceRow]) -> list[SpaceAccess]:
    groups, documents = _groups(session), _documents(session)
    spaces = [
        SpaceAccess(row.id, row.name, row.restricted, tuple(groups.get(row.id, [])), documents.get(row.id, 0))
        for row in rows
    ]
    return sorted(spaces, key=lambda space: space.name.casefold())


def _groups(session: Session) -> dict[str, list[str]]:
    query = select(SpaceGroupRow.space_id, GroupRow.name).join(GroupRow, GroupRow.id == SpaceGroupRow.group_id)
    groups: dict[str, list[str]] = {}
    for space_id, name in sorted(session.execute(query).all(), key=lambda row: str(row[1]).casefold()):
        groups.setdefault(space_id, []).append(name)
    return groups


def _documents(session: Session) -> dict[str, int]:
    """How many documents each space has, without those for nobody."""
    there = DocumentRow.deleted_at.is_(None), ~DocumentRow.canary
    query = select(DocumentRow.space_id, func.count()).where(*there).group_by(DocumentRow.space_id)
    return dict(session.execute(query).all())


def _need_free(session: Session, name: str, besides: str = "") -> None:
    taken = session.execute(select(SpaceRow.id, SpaceRow.name).where(SpaceRow.id != besides)).all()
    if name.casefold() in {known.casefold() for pair in taken for known in pair}:
        raise Conflict(f"There is already a space named {name!r}.")
