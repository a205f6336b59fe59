"""From hits to passages: every hit is joined with live rows here, which is SQL's last word on what is found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.orm import Session

from assistant.domain import PageSpan, Passage
from assistant.storage import lexical
from assistant.storage.database import Database
from assistant.storage.ingestion import split_heading
from assistant.storage.rows import EMBEDDED

_LIVE_VERSIONS = text(
    """
    SELECT documents.id, document_versions.number, document_versions.id FROM documents
    JOIN document_versions ON document_versions.id = documents.live_version_id
    WHERE documents.id IN :ids AND documents.space_id IN :spaces
    """
).bindparams(bindparam("ids", expanding=True), bindparam("spaces", expanding=True))

_CHUNK_ROWS = text(
    """
    SELECT version_id, number, id FROM chunks WHERE (version_id, number) IN :pairs
    """
).bindparams(bindparam("pairs", expanding=True))

_EMBEDDINGS = text("SELECT id, embedding FROM chunks WHERE id IN :rows").bindparams(bindparam("rows", expanding=True))

_OTHER_EMBEDDINGS = text(
    "SELECT chunk_id, vector FROM embeddings WHERE chunk_id IN :rows AND model = :model"
).bindparams(bindparam("rows", expanding=True))

_PASSAGES = text(
    """
    SELECT chunks.id AS row, chunks.version_id, chunks.number AS n, chunks.start, chunks."end", chunks.page_from,
           chunks.heading, chunks.text, document_versions.number AS version,
           document_versions.title, document_versions.media_type, document_versions.name, documents.space_id,
           documents.id AS document_id
    FROM chunks
    JOIN documents ON documents.live_version_id = chunks.version_id
    JOIN document_versions ON document_versions.id = chunks.version_id
    WHERE chunks.id IN :rows AND documents.space_id IN :spaces
    """
).bindparams(bindparam("rows", expanding=True), bindparam("spaces", expanding=True))

_PAGES = text(
    """
    SELECT chunks.id, version_pages.number, version_pages.start, version_pages."end" FROM chunks
    JOIN version_pages ON version_pages.version_id = chunks.version_id
     AND version_pages.start < chunks."end" AND version_pages."end" > chunks.start
    WHERE chunks.id IN :rows ORDER BY chunks.id, version_pages.position
    """
).bindparams(bindparam("rows", expanding=True))


class Snapshot:
    """One state of the database, seen through the spaces that may be searched."""

    def __init__(self, session: Session, spaces: Sequence[str]) -> None:
        self._session = session
        self._spaces = list(spaces)

    def live_rows(self, chunk_ids: Sequence[str]) -> dict[str, int]:
        """Return the chunk row of each id that is live; ids of other versions are left out."""
        parts = {chunk_id: chunk_id.split(":") for chunk_id in chunk_ids}
        ids = sorted({document for document, _, _ in parts.values()})
        found = self._session.execute(_LIVE_VERSIONS, {"ids": ids, "spaces": self._spaces})
        live = {(document, number): version_id for document, number, version_id in found}
        pairs = {
            (live[document, int(version)], int(n)): chunk_id
            for chunk_id, (document, version, n) in parts.items()
            if (document, int(version)) in live
        }
        rows = self._session.execute(_CHUNK_ROWS, {"pairs": list(pairs)}) if pairs else ()
        return {pairs[version_id, number]: row for version_id, number, row in rows}

    def keywords(self, query: str, limit: int) -> dict[int, float]:
        """Return the chunk rows that match the query's words, with their bm25."""
        return lexical.search(self._session, query, self._spaces, limit)

    def embeddings(self, rows: Sequence[int], model: str = EMBEDDED) -> dict[int, bytes]:
        """Return the model's float16 vectors of these chunk rows; of another than the embedded one some may lack."""
        if not rows:
            return {}
        if model == EMBEDDED:
            found = self._session.execute(_EMBEDDINGS, {"rows": list(rows)})
        else:
            found = self._session.execute(_OTHER_EMBEDDINGS, {"rows": list(rows), "model": model})
        return {row: embedding or b"" for row, embedding in found}

    def load(self, rows: Sequence[int]) -> dict[int, Passage]:
        """Return the live passages of these chunk rows, without score."""
        values = {"rows": list(rows), "spaces": self._spaces}
        found = self._session.execute(_PASSAGES, values).mappings().all()
        spans = _spans(self._session, [row["row"] for row in found])
        return {row["row"]: _passage(row, spans) for row in found}


@contextmanager
def snapshot(database: Database, spaces: Sequence[str]) -> Iterator[Snapshot]:
    """Give a snapshot that lasts for the block."""
    with database.read() as session:
        yield Snapshot(session, spaces)


def _spans(session: Session, rows: Sequence[int]) -> dict[int, tuple[PageSpan, ...]]:
    spans: dict[int, tuple[PageSpan, ...]] = {}
    for row, number, start, end in session.execute(_PAGES, {"rows": list(rows)}):
        spans[row] = (*spans.get(row, ()), PageSpan(number, start, end))
    return spans


def _passage(row: RowMapping, spans: Mapping[int, tuple[PageSpan, ...]]) -> Passage:
    return Passage(
        chunk_id=f"{row['document_id']}:{row['version']}:{row['n']}",
        document_id=row["document_id"],
        document=row["name"],
        title=row["title"],
        version=row["version"],
        space=row["space_id"],
        start=row["start"],
        end=row["end"],
        page=row["page_from"],
        heading_path=split_heading(row["heading"]),
        text=row["text"],
        score=0.0,
        similarity=0.0,
        media_type=row["media_type"],
        spans=spans.get(row["row"], ()),
    )
