"""The audit log: what was done and by whom, written in the transaction that did it.

Each line carries the sha256 over itself and the digest of the line before, so a line that was changed or taken out of
the middle breaks the chain. Triggers refuse changes that come through SQL.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.storage.database import Database, utc_now
from assistant.storage.library_rows import AuditRow

START = b""
"""What stands in the place of a digest before the first line."""
BATCH = 1_000


def append(
    session: Session, person_id: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Add a line within the caller's transaction: ``action`` as in "document.deleted", ``subject`` an id.

    ``details`` take what JSON takes.
    """
    last = select(AuditRow.digest).order_by(AuditRow.id.desc()).limit(1)
    row = AuditRow(
        at=utc_now(),
        person_id=person_id,
        action=action,
        subject=subject,
        details=None if details is None else dict(details),
        previous=session.scalars(last).one_or_none() or START,
    )
    row.digest = _digest(row)
    session.add(row)
    session.flush()


def verify(database: Database) -> int | None:
    """Return the id of the first line that is not as it was written; None when all are."""
    before = START
    with database.read() as session:
        for row in session.scalars(select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=BATCH)):
            if row.previous != before or row.digest != _digest(row):
                return row.id
            before = row.digest
    return None


def _digest(row: AuditRow) -> bytes:
    said = json.dumps([row.at.isoformat(), row.person_id, row.action, row.subject, row.details], sort_keys=True)
    return hashlib.sha256(row.previous + said.encode()).digest()
