"""The documents that answers rest on, and which of them somebody may not read (any more).

An answer holds words of its documents, also those that it does not quote, so it is shown to nobody who may not read
all of them. Of a deleted document the deletion says who might have read it; one that is gone without such a word was
open to everyone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from assistant.access import Readable
from assistant.storage.conversation_rows import TurnSourceRow
from assistant.storage.readable import READABLE, values_of

_WAS_READABLE = """
    (:readable_everything OR deletions.space_id IN (SELECT value FROM json_each(:readable_spaces)))
    AND (:readable_everything OR deletions.restricted_to IS NULL OR EXISTS (
        SELECT 1 FROM json_each(deletions.restricted_to) AS open_to
        WHERE open_to.value IN (SELECT value FROM json_each(:readable_groups))))
"""
_UNREADABLE = f"""
    LEFT JOIN documents ON documents.id = rested_on.document_id
    LEFT JOIN deletions ON deletions.document_id = rested_on.document_id
    WHERE NOT CASE
        WHEN documents.id IS NOT NULL AND documents.deleted_at IS NULL THEN ({READABLE})
        WHEN deletions.space_id IS NOT NULL THEN ({_WAS_READABLE})
        WHEN documents.id IS NOT NULL THEN ({READABLE})
        ELSE 1 END
"""
_LOST = f"""
    SELECT rested_on.document_id FROM (SELECT value AS document_id FROM json_each(:wanted)) AS rested_on
    {_UNREADABLE}
"""  # noqa: S608 - a constant of this package
_HIDDEN = f"""
    SELECT DISTINCT rested_on.turn_id FROM (
        SELECT turn_id, document_id FROM turn_sources WHERE turn_id IN (SELECT value FROM json_each(:wanted))
    ) AS rested_on
    {_UNREADABLE}
"""  # noqa: S608 - a constant of this package


def add_sources(session: Session, turn_id: str, document_ids: Iterable[str]) -> None:
    """Note that a turn's answer rests on these documents, within the transaction that stores its words.

    What it once rested on stays: its words may be anywhere by then.
    """
    rows = [{"turn_id": turn_id, "document_id": document_id} for document_id in sorted(set(document_ids))]
    if rows:
        session.execute(insert(TurnSourceRow).on_conflict_do_nothing(), rows)


def sources_of(session: Session, turn_ids: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of the documents that any of these turns rests on."""
    wanted = select(TurnSourceRow.document_id).where(TurnSourceRow.turn_id.in_(turn_ids)).distinct()
    return tuple(session.scalars(wanted.order_by(TurnSourceRow.document_id)))


def hidden_turns(session: Session, readable: Readable, turn_ids: Sequence[str]) -> set[str]:
    """Return those of these turns that rest on a document which is not ``readable``."""
    return set(session.scalars(text(_HIDDEN), {"wanted": json.dumps(list(turn_ids)), **values_of(readable)}))


def unreadable(session: Session, readable: Readable, document_ids: Iterable[str]) -> set[str]:
    """Return those of these documents that are not ``readable``, deleted ones as they were."""
    return set(session.scalars(text(_LOST), {"wanted": json.dumps(sorted(set(document_ids))), **values_of(readable)}))
