"""Hybrid retrieval: nearest vectors and keyword matches on live rows, put in order by ``knowledge/ranking.py``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assistant.access import Reader
from assistant.domain import Passage
from assistant.knowledge.arranging import Group, Piece, arranged
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.index import Hit, IndexDamaged, VectorIndex
from assistant.knowledge.indexer import Indexer
from assistant.knowledge.library import leaves_out_expired
from assistant.knowledge.looking_into import Embed, Found, cosines_of, looked_into, with_openings
from assistant.knowledge.ranking import LONG, Candidate, Words, ranked
from assistant.library import EVERYTHING, Filters, today
from assistant.storage.database import Database
from assistant.storage.lexical import names_of
from assistant.storage.passages import Held, Snapshot, snapshot
from assistant.storage.preferences import Preferences
from assistant.storage.rows import EMBEDDED

# Candidates of each search; where documents are left out, so many more that as many should remain, up to a bound.
DEPTH = 50
DEEPEST = 1_000
# Where filters leave no more chunks than this, each of them is compared: 10 ms, and none can be missed.
FEW = 1_000

Order = Callable[[Mapping[int, Candidate], Sequence[Words], int], Mapping[int, float]]
"""Scores what the searches brought, as ``ranked`` does."""


@dataclass(frozen=True, slots=True)
class OwnIndex:
    """The vector index of a process that owns it, and the thread that knows which spaces it serves."""

    index: VectorIndex
    indexer: Indexer


@dataclass(frozen=True, slots=True)
class QueryVectors:
    """A row for each query: by the embedded model, always, and by the one that serves where that is another."""

    embedded: NDArray[np.float32]
    model: str = EMBEDDED
    serving: NDArray[np.float32] | None = None

    @property
    def searched(self) -> NDArray[np.float32]:
        """The rows to search by: those of ``model``."""
        return self.embedded if self.serving is None else self.serving


@dataclass(frozen=True, slots=True)
class _Near:
    """What the vector side brings: ids of chunks from the index, chunk rows of exact search, or all there are."""

    ids: Sequence[str] = ()
    exact: Set[int] = frozenset()
    few: Sequence[int] = ()

    def rows(self, now: Snapshot) -> set[int]:
        """Those of them that are live and wanted."""
        return set(now.live_rows(self.ids).values()) | now.wanted({*self.exact, *self.few})


class Retrieval:
    """Finds passages. An own index is asked for each space it serves; the rest is searched exactly over SQL.

    ``order`` is another than that of the application only where orders are compared. ``embed`` gives the embedded
    model's vectors of texts; without it no document is looked into that a question names.
    """

    def __init__(
        self,
        database: Database,
        exact: ExactSearches,
        own: OwnIndex | None,
        day: Callable[[], date] = today,
        order: Order = ranked,
        embed: Embed | None = None,
    ) -> None:
        self._database = database
        self._preferences = Preferences(database)
        self._day = day
        self._exact = exact
        self._own = own
        self._order = order
        self._embed = embed

    def passages(
        self,
        queries: Sequence[str],
        vectors: QueryVectors,
        reader: Reader,
        k: int,
        filters: Filters = EVERYTHING,
    ) -> list[Passage]:
        """Return the k best live passages that somebody may read for queries that mean the same, best first.

        What they may read is looked up anew in the state of the database that the passages are loaded from. Raises
        SignedOut for a person who may not act, or not any more when the search has come to its end.

        Whatever model ranks them, their ``similarity`` is that of the embedded one: what decides whether passages
        carry an answer is fitted to it.
        """
        valid_on = self._day() if leaves_out_expired(self._preferences) else None
        with snapshot(self._database, reader, valid_on, filters) as now:
            few, spaces = now.few(FEW), now.spaces
            depth = min(DEEPEST, math.ceil(DEPTH / max(now.share(), DEPTH / DEEPEST)))
        near = _Near(few=few) if few is not None else self._near(vectors, spaces, depth)
        with snapshot(self._database, reader, valid_on, filters) as now:
            keywords = [now.keywords(query, DEPTH) for query in queries]
            cosines = _nearest(_ranked_by(now, sorted(near.rows(now).union(*keywords)), vectors), keywords)
            asked = [
                Words(matches, now.weights(query), names_of(query))
                for query, matches in zip(queries, keywords, strict=True)
            ]
            found = with_openings(now, queries, _found(now, cosines, asked))
            if self._embed is not None and vectors.serving is None:
                found = looked_into(now, queries, vectors.embedded, found, self._embed, DEPTH)
            scores = self._order(found.candidates, found.asked, DEPTH)
            groups = arranged(sorted(scores, key=lambda row: -scores[row]), _pieces(found.held), k, queries)
            return _passages(now, groups, scores, found.cosines, vectors)

    def _near(self, vectors: QueryVectors, spaces: Sequence[str], depth: int) -> _Near:
        """The nearest chunks to each query: from the index in the spaces that it serves, else by exact search."""
        hits, left = self._ask_index(vectors, spaces, depth)
        exact = self._exact.of(vectors.model).nearest(left, vectors.searched, depth) if left else []
        return _Near([hit.chunk_id for some in hits for hit in some], {row for some in exact for row, _ in some})

    def _ask_index(self, vectors: QueryVectors, spaces: Sequence[str], depth: int) -> tuple[list[list[Hit]], list[str]]:
        """Hits for each query in the spaces that the index serves, and the spaces that it does not."""
        merged: list[list[Hit]] = [[] for _ in vectors.searched]
        left: list[str] = []
        for space in spaces:
            found = self._ask_collection(vectors, space, depth)
            if found is None:
                left.append(space)
            else:
                merged = [so_far + more for so_far, more in zip(merged, found, strict=True)]
        return merged, left

    def _ask_collection(self, vectors: QueryVectors, space: str, depth: int) -> list[list[Hit]] | None:
        collection = self._own.indexer.collection_of(space, vectors.model) if self._own else None
        if self._own is None or collection is None:
            return None
        try:
            return self._own.index.nearest(collection, vectors.searched, depth)
        except IndexDamaged:
            # A collection that was just replaced by its next generation is no damage.
            if self._own.indexer.collection_of(space, vectors.model) == collection:
                self._own.indexer.damaged()
            return None


def _ranked_by(now: Snapshot, rows: Sequence[int], vectors: QueryVectors) -> dict[int, list[float]]:
    """Cosine of each chunk row with each query by the model that searches.

    Where one of them has no vector of it (its document went live under another model this very moment), all are
    compared by the embedded model: cosines of two models do not compare.
    """
    if vectors.serving is not None:
        stored = now.embeddings(rows, vectors.model)
        if len(stored) == len(rows):
            return cosines_of(stored, vectors.serving)
    return cosines_of(now.embeddings(rows), vectors.embedded)


def _nearest(cosines: Mapping[int, list[float]], keywords: Sequence[Mapping[int, float]]) -> dict[int, list[float]]:
    """The nearest chunks to each query and all that match its words: many spaces bring many more than are ranked."""
    rows = {row for matches in keywords for row in matches}
    for place in range(len(keywords)):
        rows.update(sorted(cosines, key=lambda row: -cosines[row][place])[:DEPTH])
    return {row: cosines[row] for row in sorted(rows) if row in cosines}


def _found(now: Snapshot, cosines: Mapping[int, Sequence[float]], asked: Sequence[Words]) -> Found:
    stems = {stem for words in asked for stem in words.weights}
    held = now.held(list(cosines), stems, frozenset().union(*(words.names for words in asked)))
    siblings = now.siblings({one.version for one in held.values()}, LONG)
    candidates = {
        row: Candidate(one.version, cosines[row], one.stems, siblings[one.version], one.named, one.title_words)
        for row, one in held.items()
    }
    return Found(cosines, held, candidates, asked)


def _pieces(held: Mapping[int, Held]) -> dict[int, Piece]:
    return {
        row: Piece(one.version, one.number, one.pages, one.heading, one.title, one.text, one.valid_until, one.named)
        for row, one in held.items()
    }


def _passages(
    now: Snapshot,
    groups: Sequence[Group],
    scores: Mapping[int, float],
    cosines: Mapping[int, Sequence[float]],
    vectors: QueryVectors,
) -> list[Passage]:
    """The passage of each group, with the score and similarity of its best chunk."""
    rows = [row for group in groups for row in group]
    similar = cosines if vectors.serving is None else cosines_of(now.embeddings(rows), vectors.embedded)
    found = now.load(rows)
    passages = []
    for group in groups:
        if not found.keys() >= set(group):
            continue  # its document was moved to where this person may not read, after the vectors were searched
        chunks = [found[row] for row in group]
        passage = chunks[0] if len(chunks) == 1 else now.joined(chunks)
        best = max(scores[row] for row in group)
        passages.append(replace(passage, score=best, similarity=max(max(similar[row]) for row in group)))
    return passages
