"""From hits to passages: every hit is joined with live rows here, which is SQL's last word on what is found."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import RowMapping, bindparam, text
from sqlalchemy.orm import Session

from assistant.access import Readable, Reader
from assistant.domain import PageSpan, Passage
from assistant.library import EVERYTHING, Filters
from assistant.storage import lexical
from assistant.storage.database import Database
from assistant.storage.ingestion import split_heading
from assistant.storage.lexical import WANTED
from assistant.storage.readable import READABLE, values_of
from assistant.storage.rows import EMBEDDED
from assistant.storage.standing import sight

_LIVE_VERSIONS = text(
    f"""
    SELECT documents.id, document_versions.number, document_versions.id FROM documents
    JOIN document_versions ON document_versions.id = documents.live_version_id
    WHERE documents.id IN :ids AND {READABLE} AND {WANTED}
    """  # noqa: S608 - constants of this package
).bindparams(bindparam("ids", expanding=True))

# Pairs as one JSON value: for a list of row values SQLite reads the whole index, 10 ms with 100,000 chunks.
_CHUNK_ROWS = text(
    """
    SELECT chunks.version_id, chunks.number, chunks.id FROM json_each(:pairs) AS wanted
    CROSS JOIN chunks ON chunks.version_id = json_extract(wanted.value, '$[0]')
     AND chunks.number = json_extract(wanted.value, '$[1]')
    """
)

_WANTED_ROWS = text(
    f"""
    SELECT chunks.id FROM chunks JOIN documents ON documents.live_version_id = chunks.version_id
    WHERE chunks.id IN :rows AND {READABLE} AND {WANTED}
    """  # noqa: S608 - constants of this package
).bindparams(bindparam("rows", expanding=True))

_ALL_WANTED_ROWS = text(
    f"""
    SELECT chunks.id FROM documents JOIN chunks ON chunks.version_id = documents.live_version_id
    WHERE {READABLE} AND {WANTED} LIMIT :limit
    """  # noqa: S608 - constants of this package
)

_WANTED_SHARE = text(
    f"""
    SELECT coalesce(avg({WANTED} AND {READABLE}), 1.0) FROM documents
    WHERE documents.live_version_id IS NOT NULL
      AND documents.space_id IN (SELECT value FROM json_each(:readable_spaces))
    """  # noqa: S608 - constants of this package
)

# The one document for nobody in each restricted space takes no room worth looking at.
_HIDES = text(
    """
    SELECT EXISTS (SELECT 1 FROM documents WHERE documents.restricted = 1
    AND documents.space_id IN (SELECT value FROM json_each(:readable_spaces)))
    """
)

_EMBEDDINGS = text("SELECT id, embedding FROM chunks WHERE id IN :rows").bindparams(bindparam("rows", expanding=True))

_OTHER_EMBEDDINGS = text(
    "SELECT chunk_id, vector FROM embeddings WHERE chunk_id IN :rows AND model = :model"
).bindparams(bindparam("rows", expanding=True))

_TEXTS = text(
    """
    SELECT chunks.id AS row, chunks.version_id AS version, chunks.number, chunks.page_from, chunks.page_to,
           chunks.title, chunks.heading, chunks.text, documents.valid_until
    FROM chunks JOIN documents ON documents.live_version_id = chunks.version_id WHERE chunks.id IN :rows
    """
).bindparams(bindparam("rows", expanding=True))

_BETWEEN = text(
    "SELECT substr(text, :start + 1, :end - :start) FROM document_versions"
    " WHERE document_id = :document AND number = :number"
)

# No more are counted than ranking looks at; the index of version and number alone answers.
_SIBLINGS = text(
    "SELECT version_id, count(*) AS chunks FROM chunks WHERE version_id IN :versions AND number < :most"
    " GROUP BY version_id"
).bindparams(bindparam("versions", expanding=True))

# Where there are pages the first one, else the first chunk: a cover names whose document it is, and of when.
_OPENINGS = text(
    """
    SELECT version_id, group_concat(text, char(10)) AS words FROM chunks
    WHERE version_id IN :versions AND number < :most AND ((page_from IS NULL AND number = 0) OR page_from = 1)
    GROUP BY version_id
    """
).bindparams(bindparam("versions", expanding=True))

_ROWS_OF = text("SELECT id, embedding FROM chunks WHERE version_id IN :versions LIMIT :most").bindparams(
    bindparam("versions", expanding=True)
)

_PASSAGES = text(
    f"""
    SELECT chunks.id AS row, chunks.version_id, chunks.number AS n, chunks.start, chunks."end", chunks.page_from,
           chunks.heading, chunks.text, document_versions.number AS version,
           document_versions.title, document_versions.media_type, documents.space_id,
           coalesce(documents.title, document_versions.name) AS name, documents.valid_until,
           documents.id AS document_id
    FROM chunks
    JOIN documents ON documents.live_version_id = chunks.version_id
    JOIN document_versions ON document_versions.id = chunks.version_id
    WHERE chunks.id IN :rows AND {READABLE}
    """  # noqa: S608 - a constant of this package
).bindparams(bindparam("rows", expanding=True))

_PAGES = text(
    """
    SELECT chunks.id, version_pages.number, version_pages.start, version_pages."end", version_pages.label FROM chunks
    JOIN version_pages ON version_pages.version_id = chunks.version_id
     AND version_pages.start < chunks."end" AND version_pages."end" > chunks.start
    WHERE chunks.id IN :rows ORDER BY chunks.id, version_pages.position
    """
).bindparams(bindparam("rows", expanding=True))


OPENING = 8
"""Chunks of a first page that are read at most."""


@dataclass(frozen=True, slots=True)
class Held:
    """A chunk: of what was asked for ``stems`` stand in its title, headings or text, ``named`` in the title.

    ``title_words`` is how many words its title has, stop words aside.
    """

    version: int
    number: int
    pages: tuple[int | None, int | None]
    heading: str
    title: str
    text: str
    valid_until: date | None
    stems: frozenset[str]
    named: frozenset[str]
    title_words: int


class Snapshot:
    """One state of the database, seen through the rights of a reader and the filters of one search.

    With ``valid_on`` the documents are left out that do not hold on that day any more.
    """

    def __init__(
        self, session: Session, reader: Reader, valid_on: date | None = None, filters: Filters = EVERYTHING
    ) -> None:
        """Raises SignedOut for a person who may not act."""
        self._session = session
        self._readable = _narrowed(sight(session, reader), filters)
        self._wanted: dict[str, Any] = {**_wanted(valid_on, filters), **values_of(self._readable)}
        self._narrow = valid_on is not None or filters.narrow or self._hides()

    @property
    def spaces(self) -> tuple[str, ...]:
        """The ids of the spaces that are searched."""
        return self._readable.spaces

    def live_rows(self, chunk_ids: Sequence[str]) -> dict[str, int]:
        """Return the chunk row of each id that is live; ids of other versions are left out."""
        parts = {chunk_id: chunk_id.split(":") for chunk_id in chunk_ids}
        ids = sorted({document for document, _, _ in parts.values()})
        found = self._session.execute(_LIVE_VERSIONS, {"ids": ids, **self._wanted})
        live = {(document, number): version_id for document, number, version_id in found}
        pairs = {
            (live[document, int(version)], int(n)): chunk_id
            for chunk_id, (document, version, n) in parts.items()
            if (document, int(version)) in live
        }
        rows = self._session.execute(_CHUNK_ROWS, {"pairs": json.dumps(list(pairs))}) if pairs else ()
        return {pairs[version_id, number]: row for version_id, number, row in rows}

    def share(self) -> float:
        """Return how much of the documents of the spaces is searched, from 0 to 1."""
        if not self._narrow:
            return 1.0
        return float(self._session.execute(_WANTED_SHARE, self._wanted).scalar_one())

    def wanted(self, rows: Iterable[int]) -> set[int]:
        """Return those of these chunk rows that are live, readable and not left out."""
        return set(self._session.scalars(_WANTED_ROWS, {"rows": list(rows), **self._wanted}))

    def few(self, most: int) -> list[int] | None:
        """Return all chunk rows that are searched where so few of them are; None where there are more."""
        if not self._narrow:
            return None
        values = {"limit": most + 1, **self._wanted}
        rows = list(self._session.scalars(_ALL_WANTED_ROWS, values))
        return rows if len(rows) <= most else None

    def keywords(self, query: str, limit: int) -> dict[int, float]:
        """Return the chunk rows that match the query's words, with their bm25."""
        return lexical.search(self._session, query, self._readable, limit, self._wanted)

    def weights(self, query: str) -> dict[str, float]:
        """Return the stems of the query's words, with what each weighs: rare ones more."""
        return lexical.weights_of(self._session, query)

    def held(self, rows: Sequence[int], stems: Set[str], names: Set[str]) -> dict[int, Held]:
        """Return each chunk row as it is ranked, with what it and its title hold of these stems and names."""
        titles: dict[int, frozenset[str]] = {}
        held: dict[int, Held] = {}
        for row in self._session.execute(_TEXTS, {"rows": list(rows)}):
            if row.version not in titles:
                titles[row.version] = lexical.stems_in(row.title, names | stems)
            stand = lexical.stems_in(f"{row.heading}\n{row.text}", stems) | (titles[row.version] & stems)
            last = date.fromisoformat(row.valid_until) if row.valid_until else None
            pages, named = (row.page_from, row.page_to), titles[row.version] & names
            held[row.row] = Held(
                row.version,
                row.number,
                pages,
                row.heading,
                row.title,
                row.text,
                last,
                stand,
                named,
                lexical.counted_words(row.title),
            )
        return held

    def joined(self, passages: Sequence[Passage]) -> Passage:
        """Return neighbouring passages of a version, in reading order, as one, with what stands between them."""
        first, last = passages[0], passages[-1]
        values = {"document": first.document_id, "number": first.version, "start": first.start, "end": last.end}
        between = self._session.execute(_BETWEEN, values).scalar_one()
        spans = tuple(dict.fromkeys(span for passage in passages for span in passage.spans))
        return replace(first, end=last.end, text=between, spans=spans)

    def siblings(self, versions: Iterable[int], most: int) -> dict[int, int]:
        """Return how many chunks each version has, counted up to ``most``."""
        values = {"versions": list(versions), "most": most}
        found = self._session.execute(_SIBLINGS, values)
        return {row.version_id: row.chunks for row in found}

    def openings(self, versions: Sequence[int], names: Set[str]) -> dict[int, frozenset[str]]:
        """Return which of these stems stand on the first page of each version."""
        if not names or not versions:
            return {}
        found = self._session.execute(_OPENINGS, {"versions": list(versions), "most": OPENING})
        return {row.version_id: lexical.stems_in(row.words, names) for row in found}

    def rows_of(self, versions: Sequence[int], most: int) -> dict[int, bytes]:
        """Return the embedded model's vectors of these versions by chunk row, so many at most."""
        found = self._session.execute(_ROWS_OF, {"versions": list(versions), "most": most})
        return {row: embedding for row, embedding in found if embedding}

    def keywords_within(self, query: str, version: int, limit: int) -> dict[int, float]:
        """Return the chunk rows of one version that match any of the query's words, with their bm25."""
        return lexical.search_within(self._session, query, version, limit)

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
        values = {"rows": list(rows), **values_of(self._readable)}
        found = self._session.execute(_PASSAGES, values).mappings().all()
        spans = _spans(self._session, [row["row"] for row in found])
        return {row["row"]: _passage(row, spans) for row in found}

    def _hides(self) -> bool:
        """Whether the spaces may hold documents that are not readable, so that more has to be asked for."""
        everything = self._readable.everything or not self._readable.spaces
        return not everything and bool(self._session.execute(_HIDES, values_of(self._readable)).scalar())


@contextmanager
def snapshot(
    database: Database, reader: Reader, valid_on: date | None = None, filters: Filters = EVERYTHING
) -> Iterator[Snapshot]:
    """Give a snapshot that lasts for the block. Raises SignedOut for a person who may not act."""
    with database.read() as session:
        yield Snapshot(session, reader, valid_on, filters)


def _narrowed(readable: Readable, filters: Filters) -> Readable:
    chosen = tuple(space for space in readable.spaces if not filters.spaces or space in filters.spaces)
    return replace(readable, spaces=chosen)


def _wanted(valid_on: date | None, filters: Filters) -> dict[str, str]:
    ending = filters.ending.strip().lower().lstrip(".")
    return {
        "today": valid_on.isoformat() if valid_on else "",
        "tags": json.dumps(filters.tags),
        "ending": f".{ending}" if ending else "",
        "since": filters.since.isoformat() if filters.since else "",
    }


def _spans(session: Session, rows: Sequence[int]) -> dict[int, tuple[PageSpan, ...]]:
    spans: dict[int, tuple[PageSpan, ...]] = {}
    for row, number, start, end, label in session.execute(_PAGES, {"rows": list(rows)}):
        spans[row] = (*spans.get(row, ()), PageSpan(number, start, end, label))
    return spans


def _passage(row: RowMapping, spans: Mapping[int, tuple[PageSpan, ...]]) -> Passage:
    last, pages = row["valid_until"], spans.get(row["row"], ())
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
        spans=pages,
        page_label=next((page.label for page in pages if page.number == row["page_from"]), None),
        valid_until=date.fromisoformat(last) if last else None,
    )
