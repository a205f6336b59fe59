"""The list of documents: found by what was typed, filtered, sorted, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, func, or_, select, text
from sqlalchemy.orm import Session

from assistant.domain import DocumentStatus
from assistant.library import DocumentPage, DocumentQuery, ListedDocument, SortKey
from assistant.storage import lexical
from assistant.storage.database import Database
from assistant.storage.documents import Newest, document_rows, document_value, is_newest
from assistant.storage.facts import facts_of
from assistant.storage.library_rows import TagRow
from assistant.storage.rows import DocumentRow

CHUNKS_LOOKED_AT = 5_000
"""Words that stand in more chunks than this are looked up in the newest of them only."""

_SAYING = text(
    """
    SELECT DISTINCT documents.id FROM
    (SELECT rowid AS row FROM chunks_fts WHERE chunks_fts MATCH :query ORDER BY rowid DESC LIMIT :limit) AS hits
    CROSS JOIN chunks ON chunks.id = hits.row
    CROSS JOIN documents ON documents.live_version_id = chunks.version_id
    WHERE documents.space_id IN :spaces
    """
).bindparams(bindparam("spaces", expanding=True))


class DocumentList:
    """Reads lists of documents; which spaces they are from is the service's concern."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, query: DocumentQuery, spaces: Sequence[str], today: date) -> DocumentPage:
        """Return the documents of these spaces that a query finds, from its offset on."""
        with self._database.read() as session:
            found = _found(session, query, spaces, today)
            shown = found[query.offset : query.offset + query.limit]
            searchable, under_way, failed = _counts(session, spaces)
            return DocumentPage(_listed(session, shown), len(found), searchable, under_way, failed)

    def one(self, document_id: str) -> ListedDocument | None:
        """Return a document as lists show it; None when there is none."""
        with self._database.read() as session:
            return next(iter(_listed(session, [document_id])), None)


def _found(session: Session, query: DocumentQuery, spaces: Sequence[str], today: date) -> Sequence[str]:
    wanted = (
        select(DocumentRow.id)
        .join(Newest, Newest.document_id == DocumentRow.id)
        .where(is_newest(), *_conditions(query, spaces, today))
    )
    if query.words.strip():
        wanted = wanted.where(_among(_named(session, query.words, spaces) | _saying(session, query, spaces)))
    key = _sort_key(query.sort)
    ordered = wanted.order_by(key.desc() if query.descending else key.asc(), DocumentRow.id)
    return session.scalars(ordered).all()


def _conditions(query: DocumentQuery, spaces: Sequence[str], today: date) -> list[ColumnElement[bool]]:
    asked = set(query.spaces)
    chosen = [space for space in spaces if not asked or space in asked]
    conditions: list[ColumnElement[bool]] = [DocumentRow.deleted_at.is_(None), DocumentRow.space_id.in_(chosen)]
    if query.statuses:
        conditions.append(Newest.status.in_(query.statuses))
    for tag in query.tags:
        conditions.append(DocumentRow.id.in_(select(TagRow.document_id).where(TagRow.tag == tag)))
    if query.expired:
        conditions.append(DocumentRow.valid_until < today)
    elif query.expired is not None:
        conditions.append(or_(DocumentRow.valid_until.is_(None), DocumentRow.valid_until >= today))
    return conditions


def _named(session: Session, words: str, spaces: Sequence[str]) -> set[str]:
    """The documents whose name or title holds each word. SQLite would tell Ä from ä, so Python compares."""
    columns = select(DocumentRow.id, DocumentRow.name, func.coalesce(DocumentRow.title, ""))
    rows = session.execute(columns.where(DocumentRow.deleted_at.is_(None), DocumentRow.space_id.in_(spaces)))
    wanted = words.casefold().split()
    return {id_ for id_, name, title in rows if _holds(f"{name}\n{title}".casefold(), wanted)}


def _holds(said: str, words: Sequence[str]) -> bool:
    return all(word in said for word in words)


def _saying(session: Session, query: DocumentQuery, spaces: Sequence[str]) -> set[str]:
    """The documents of which one passage holds all words."""
    terms = lexical.terms_of(query.words) if query.in_text else []
    if not terms or not spaces:
        return set()
    expression = " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)
    values = {"query": expression, "limit": CHUNKS_LOOKED_AT, "spaces": list(spaces)}
    return set(session.scalars(_SAYING, values))


def _among(ids: set[str]) -> ColumnElement[bool]:
    # As one value: a list of ten thousand would be ten thousand variables.
    return DocumentRow.id.in_(select(text("value")).select_from(func.json_each(json.dumps(sorted(ids)))))


def _sort_key(sort: SortKey) -> ColumnElement[Any]:
    shown = func.lower(func.coalesce(DocumentRow.title, DocumentRow.name))
    stage = case({status.value: place for place, status in enumerate(DocumentStatus)}, value=Newest.status)
    keys: dict[SortKey, ColumnElement[Any]] = {
        "name": shown,
        "uploaded": Newest.uploaded_at.expression,
        "size": Newest.size.expression,
        "status": stage,
        "owner": func.lower(func.coalesce(DocumentRow.owner, "")),
        "valid_until": func.coalesce(DocumentRow.valid_until, "9999-12-31"),
    }
    return keys[sort]


def _counts(session: Session, spaces: Sequence[str]) -> tuple[int, int, int]:
    """How many documents are searchable, on their way, and failed in their newest version."""
    there = (DocumentRow.deleted_at.is_(None), DocumentRow.space_id.in_(spaces))
    live = session.scalar(select(func.count()).where(DocumentRow.live_version_id.is_not(None), *there))
    by_status = (
        select(Newest.status, func.count())
        .join(DocumentRow, DocumentRow.id == Newest.document_id)
        .where(is_newest(), *there)
        .group_by(Newest.status)
    )
    counts = {DocumentStatus(status): count for status, count in session.execute(by_status)}
    under_way = sum(count for status, count in counts.items() if not status.is_final)
    return live or 0, under_way, counts.get(DocumentStatus.FAILED, 0)


def _listed(session: Session, ids: Sequence[str]) -> tuple[ListedDocument, ...]:
    rows = session.execute(document_rows().where(DocumentRow.id.in_(ids)))
    documents = {row.id: document_value(row) for row in rows}
    facts = facts_of(session, ids)
    return tuple(ListedDocument(documents[id_], *facts[id_]) for id_ in ids if id_ in documents)
