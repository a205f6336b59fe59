"""The list of documents: found by what was typed, filtered, sorted, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, case, func, or_, select, text
from sqlalchemy.orm import Session

from assistant.access import Readable, Reader
from assistant.domain import DocumentStatus
from assistant.library import DocumentPage, DocumentQuery, ListedDocument, SortKey
from assistant.storage import lexical
from assistant.storage.database import Database
from assistant.storage.documents import Newest, document_rows, document_value, is_newest
from assistant.storage.facts import facts_of
from assistant.storage.library_rows import TagRow
from assistant.storage.readable import READABLE, is_readable, values_of
from assistant.storage.restrictions import groups_of
from assistant.storage.rows import DocumentRow
from assistant.storage.standing import sight

CHUNKS_LOOKED_AT = 5_000
"""Words that stand in more chunks than this are looked up in the newest of them only."""

_SAYING = text(
    f"""
    SELECT DISTINCT id FROM (
        SELECT documents.id AS id FROM chunks_fts
        CROSS JOIN chunks ON chunks.id = chunks_fts.rowid
        CROSS JOIN documents ON documents.live_version_id = chunks.version_id
        WHERE chunks_fts MATCH :query AND {READABLE} ORDER BY chunks_fts.rowid DESC LIMIT :limit)
    """  # noqa: S608 - a constant of this package
)


class DocumentList:
    """Reads lists of what somebody may read. Raises SignedOut for who may not act."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, query: DocumentQuery, reader: Reader, today: date) -> DocumentPage:
        """Return the documents that a query finds, from its offset on; what is counted is readable too."""
        with self._database.read() as session:
            readable = sight(session, reader)
            found = _found(session, query, readable, today)
            shown = found[query.offset : query.offset + query.limit]
            searchable, under_way, failed = _counts(session, readable)
            return DocumentPage(_listed(session, shown), len(found), searchable, under_way, failed)

    def one(self, document_id: str, reader: Reader) -> ListedDocument | None:
        """Return a document as lists show it; None when there is none."""
        with self._database.read() as session:
            own = select(DocumentRow.id).where(DocumentRow.id == document_id, is_readable(sight(session, reader)))
            return next(iter(_listed(session, session.scalars(own).all())), None)


def _found(session: Session, query: DocumentQuery, readable: Readable, today: date) -> Sequence[str]:
    wanted = (
        select(DocumentRow.id)
        .join(Newest, Newest.document_id == DocumentRow.id)
        .where(is_newest(), *_conditions(query, readable, today))
    )
    if query.words.strip():
        wanted = wanted.where(_among(_named(session, query.words, readable) | _saying(session, query, readable)))
    key = _sort_key(query.sort)
    ordered = wanted.order_by(key.desc() if query.descending else key.asc(), DocumentRow.id)
    return session.scalars(ordered).all()


def _conditions(query: DocumentQuery, readable: Readable, today: date) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [DocumentRow.deleted_at.is_(None), is_readable(readable)]
    if query.spaces:
        conditions.append(DocumentRow.space_id.in_(query.spaces))
    if query.statuses:
        conditions.append(Newest.status.in_(query.statuses))
    for tag in query.tags:
        conditions.append(DocumentRow.id.in_(select(TagRow.document_id).where(TagRow.tag == tag)))
    if query.expired:
        conditions.append(DocumentRow.valid_until < today)
    elif query.expired is not None:
        conditions.append(or_(DocumentRow.valid_until.is_(None), DocumentRow.valid_until >= today))
    return conditions


def _named(session: Session, words: str, readable: Readable) -> set[str]:
    """The documents whose name or title holds each word. SQLite would tell Ä from ä, so Python compares."""
    columns = select(DocumentRow.id, DocumentRow.name, func.coalesce(DocumentRow.title, ""))
    rows = session.execute(columns.where(DocumentRow.deleted_at.is_(None), is_readable(readable)))
    wanted = words.casefold().split()
    return {id_ for id_, name, title in rows if _holds(f"{name}\n{title}".casefold(), wanted)}


def _holds(said: str, words: Sequence[str]) -> bool:
    return all(word in said for word in words)


def _saying(session: Session, query: DocumentQuery, readable: Readable) -> set[str]:
    """The documents of which one passage holds all words."""
    terms = lexical.terms_of(query.words) if query.in_text else []
    if not terms:
        return set()
    expression = " AND ".join('"' + term.replace('"', '""') + '"' for term in terms)
    values = {"query": expression, "limit": CHUNKS_LOOKED_AT, **values_of(readable)}
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


def _counts(session: Session, readable: Readable) -> tuple[int, int, int]:
    """How many documents are searchable, on their way, and failed in their newest version."""
    there = (DocumentRow.deleted_at.is_(None), is_readable(readable))
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
    facts, groups = facts_of(session, ids), groups_of(session, ids)
    return tuple(
        ListedDocument(documents[id_], *facts[id_], restricted=id_ in groups, groups=groups.get(id_, ()))
        for id_ in ids
        if id_ in documents
    )
