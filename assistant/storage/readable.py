"""Who may read which document, as a condition of SQL: the one place where that is written down.

It is part of every statement that finds documents for somebody, so that what it says is decided in the same state of
the database as what is found.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, bindparam, text

from assistant.access import Readable

READABLE = """
    documents.space_id IN (SELECT value FROM json_each(:readable_spaces))
    AND (documents.canary = 0 OR :readable_canaries)
    AND (documents.restricted = 0 OR :readable_everything OR EXISTS (
        SELECT 1 FROM document_groups WHERE document_groups.document_id = documents.id
        AND document_groups.group_id IN (SELECT value FROM json_each(:readable_groups))))
"""
"""Whether a row of ``documents`` may be read by whom ``values_of`` gives the values of."""


def values_of(readable: Readable) -> dict[str, Any]:
    """Return the values of ``READABLE``."""
    return {
        "readable_spaces": json.dumps(readable.spaces),
        "readable_groups": json.dumps(readable.groups),
        "readable_everything": readable.everything,
        "readable_canaries": readable.canaries,
    }


def is_readable(readable: Readable) -> ColumnElement[bool]:
    """Return the condition for statements over ``DocumentRow``."""
    bound: list[Any] = [bindparam(name, value) for name, value in values_of(readable).items()]
    return text(f"({READABLE})").bindparams(*bound)  # type: ignore[return-value]  # a text stands as a condition
