"""The usage ledger as people see it: their own lines, for admins everyone's."""

from __future__ import annotations

from datetime import datetime

from assistant.domain import Person, Role, Usage
from assistant.exports import csv_bytes
from assistant.people.rights import Rights
from assistant.storage.database import Database
from assistant.storage.usage_records import COUNTS, By, LedgerLine, UsageLine, UsageRecords

__all__ = ["By", "UsageLine", "UsageService"]

HEADER = (
    "at",
    "person",
    "conversation",
    "turn",
    "number",
    "purpose",
    "provider",
    "model",
    *COUNTS,
    "cost",
    "estimated",
)


class UsageService:
    """Sums of the ledger; every function takes the person and gives no more than that person may see.

    All raise SignedOut where the person may not act (any more).
    """

    def __init__(self, database: Database) -> None:
        self._records = UsageRecords(database)
        self._rights = Rights(database)

    def summary(self, person: Person, since: datetime | None, by: By = "model") -> list[UsageLine]:
        """Return what was used from ``since`` on (None: from the beginning), summed up; days in order."""
        return self._records.summed(by, self._whose(person), since)

    def of_conversation(self, person: Person, conversation_id: str) -> Usage:
        """Return what a conversation has used, zeros for a strange one.

        ``cost`` is the sum over what is priced, None when nothing is; ``estimated`` when any part is.
        """
        line = self._records.of_conversation(conversation_id, self._whose(person))
        if line is None:
            return Usage()
        return Usage(**{name: getattr(line, name) for name in COUNTS}, cost=line.cost, estimated=line.estimated > 0)

    def export(self, person: Person, since: datetime | None) -> bytes:
        """Return the lines themselves as CSV (UTF-8 with a mark, as spreadsheets expect); raises NotAllowed."""
        self._rights.need_admin(person, "Only admins may export the usage of everyone.")
        return csv_bytes(HEADER, (_row(line) for line in self._records.lines(since)))

    def _whose(self, person: Person) -> str | None:
        now = self._rights.standing(person)
        return None if now.role is Role.ADMIN else now.person.id


def _row(line: LedgerLine) -> list[str]:
    record, usage = line.record, line.record.usage
    words = [line.person, line.conversation_id, record.turn_id, str(record.number)]
    words += [record.purpose, record.provider, record.model]
    cost = "" if usage.cost is None else format(usage.cost, "f")
    counts = [str(getattr(usage, name)) for name in COUNTS]
    return [
        line.at.isoformat(timespec="seconds"),
        *words,
        *counts,
        cost,
        "yes" if usage.estimated else "no",
    ]
