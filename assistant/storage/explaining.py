"""Why somebody may read a document or not: the facts of it, as they are at this moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, text

from assistant.storage.access_rows import GroupRow
from assistant.storage.database import Database

_FACTS = text(
    """
    SELECT documents.id, documents.name, spaces.name, spaces.restricted, documents.restricted,
           (SELECT json_group_array(json_array(groups.id, groups.name)) FROM space_groups
            JOIN groups ON groups.id = space_groups.group_id WHERE space_groups.space_id = spaces.id),
           (SELECT json_group_array(json_array(groups.id, groups.name)) FROM document_groups
            JOIN groups ON groups.id = document_groups.group_id WHERE document_groups.document_id = documents.id)
    FROM documents JOIN spaces ON spaces.id = documents.space_id WHERE documents.id IN :ids
    """
).bindparams(bindparam("ids", expanding=True))


@dataclass(frozen=True, slots=True)
class OpenTo:
    """Who may read a document: None stands for everyone, else ids of groups with their names."""

    document_id: str
    document: str
    space: str
    space_groups: dict[str, str] | None
    document_groups: dict[str, str] | None


class Explaining:
    """Reads the facts; rights are the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, document_ids: Sequence[str]) -> dict[str, OpenTo]:
        """Return whom these documents are open to, by id."""
        with self._database.read() as session:
            rows = session.execute(_FACTS, {"ids": list(document_ids)}).all()
        return {
            id_: OpenTo(
                id_,
                name,
                space,
                dict(json.loads(of_space)) if space_restricted else None,
                dict(json.loads(of_document)) if restricted else None,
            )
            for id_, name, space, space_restricted, restricted, of_space, of_document in rows
        }

    def group_names(self, group_ids: Sequence[str]) -> list[str]:
        """Return the names of groups, in order."""
        wanted = select(GroupRow.name).where(GroupRow.id.in_(group_ids)).order_by(GroupRow.name)
        with self._database.read() as session:
            return list(session.scalars(wanted))
