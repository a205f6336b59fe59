"""Named settings that admins change at run time; of two who change one at once the second is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, String, select, type_coerce, update
from sqlalchemy.dialects.sqlite import insert

from assistant.storage import audit
from assistant.storage.database import Database, utc_now
from assistant.storage.model_rows import PreferenceRow


@dataclass(frozen=True, slots=True)
class Preference:
    """A stored setting; ``revision`` counts its changes from 1. ``value`` is None when it cannot be read."""

    value: dict[str, Any] | None
    revision: int


class Preferences:
    """The repository of preferences."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str) -> Preference | None:
        """Return a setting; None when it was never set."""
        with self._database.read() as session:
            wanted = select(type_coerce(PreferenceRow.value, String), PreferenceRow.revision)
            row = session.execute(wanted.where(PreferenceRow.name == name)).one_or_none()
            return None if row is None else Preference(_value(row[0]), row[1])

    def replace(
        self,
        name: str,
        value: dict[str, Any],
        revision: int,
        person_id: str,
        audited: tuple[str, dict[str, Any]] | None = None,
    ) -> int | None:
        """Store ``value`` over the one of ``revision`` (0: none yet) and return the new revision.

        None when the setting is at another revision by now; then nothing is stored. The audit log gets a line with it:
        ``audited`` is its action and details where they are others than the setting's name and what it is now.
        """
        values = {"value": value, "revision": revision + 1, "changed_at": utc_now(), "changed_by": person_id}
        if revision:
            change = update(PreferenceRow).where(PreferenceRow.name == name, PreferenceRow.revision == revision)
            statement: Any = change.values(values)
        else:
            statement = insert(PreferenceRow).values(name=name, **values).on_conflict_do_nothing()
        with self._database.write() as session:
            done = session.execute(statement)
            assert isinstance(done, CursorResult)  # noqa: S101  # what a changing statement gives
            if done.rowcount != 1:
                return None
            action, details = audited or (f"{name}.changed", value)
            audit.append(session, person_id, action, name, details)
            return revision + 1


def _value(text: object) -> dict[str, Any] | None:
    """Read the column as text: a row that someone damaged must not raise where every question passes."""
    try:
        value = json.loads(str(text))  # SQLite keeps a lone number as one
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
