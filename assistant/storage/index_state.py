"""What the owner of the vector index last said of it, for every process that shows it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select, update

from assistant.library import IndexHealth
from assistant.storage.database import Database
from assistant.storage.rows import KnowledgeStateRow


class IndexState:
    """One line: ``index_state`` is the word, ``index_told`` has the rest as JSON."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> IndexHealth:
        """Return what was said last."""
        row = KnowledgeStateRow
        with self._database.read() as session:
            state, told = session.execute(select(row.index_state, row.index_told)).one()
        if not state:
            return IndexHealth("well")
        rest: dict[str, Any] = json.loads(told or "{}")
        checked_at = rest.pop("checked_at", None)
        known = cast("Any", state)  # written by ``write`` alone
        return IndexHealth(known, checked_at=checked_at and datetime.fromisoformat(checked_at), **rest)

    def write(self, health: IndexHealth) -> None:
        """Say how the index is."""
        rest: dict[str, object] = {"sentence": health.sentence, "done": health.done, "total": health.total}
        if health.checked_at is not None:
            rest["checked_at"] = health.checked_at.isoformat()
        values = {"index_state": health.state, "index_told": json.dumps(rest)}
        with self._database.write() as session:
            session.execute(update(KnowledgeStateRow).values(**values))
