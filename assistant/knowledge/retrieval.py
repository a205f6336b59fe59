"""Hybrid retrieval: nearest vectors and keyword matches on live rows, put in order by ``knowledge/ranking.py``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Passage
from assistant.knowledge.exact import ExactSearches, decode
from assistant.knowledge.index import Hit, IndexDamaged, VectorIndex
from assistant.knowledge.indexer import Indexer
from assistant.knowledge.library import leaves_out_expired
from assistant.knowledge.ranking import BEST_CHUNKS, Candidate, Words, ranked
from assistant.library import today
from assistant.storage.database import Database
from assistant.storage.passages import Snapshot, snapshot
from assistant.storage.preferences import Preferences
from assistant.storage.rows import EMBEDDED

# Candidates of each search; where documents are left out, so many more that as many should remain, up to a bound.
DEPTH = 50
DEEPEST = 1_000


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


class Retrieval:
    """Finds passages. An own index is asked for each space it serves; the rest is searched exactly over SQL."""

    def __init__(
        self, database: Database, exact: ExactSearches, own: OwnIndex | None, day: Callable[[], date] = today
    ) -> None:
        self._database = database
        self._preferences = Preferences(database)
        self._day = day
        self._exact = exact
        self._own = own

    def passages(self, queries: Sequence[str], vectors: QueryVectors, spaces: Sequence[str], k: int) -> list[Passage]:
        """Return the k best live passages of these spaces for queries that mean the same, best first.

        Whatever model ranks them, their ``similarity`` is that of the embedded one: what decides whether passages
        carry an answer is fitted to it.
        """
        valid_on = self._day() if leaves_out_expired(self._preferences) else None
        depth = self._depth(spaces, valid_on)
        indexed, left = self._ask_index(vectors, spaces, depth)
        exact = self._exact.of(vectors.model).nearest(left, vectors.searched, depth) if left else [[] for _ in queries]
        with snapshot(self._database, spaces, valid_on) as now:
            rows = now.live_rows([hit.chunk_id for hits in indexed for hit in hits])
            near = {rows[hit.chunk_id] for hits in indexed for hit in hits if hit.chunk_id in rows}
            near |= now.valid({row for hits in exact for row, _ in hits})
            keywords = [now.keywords(query, depth) for query in queries]
            cosines = _ranked_by(now, sorted(near.union(*keywords)), vectors)
            asked = [Words(matches, now.weights(query)) for query, matches in zip(queries, keywords, strict=True)]
            scores = ranked(_candidates(now, cosines, asked), asked, depth)
            best = sorted(scores, key=lambda row: -scores[row])[:k]
            similar = cosines if vectors.serving is None else _cosines(now.embeddings(best), vectors.embedded)
            found = now.load(best)
        return [replace(found[row], score=scores[row], similarity=max(similar[row])) for row in best if row in found]

    def _depth(self, spaces: Sequence[str], valid_on: date | None) -> int:
        """Return how many candidates to ask for."""
        if valid_on is None:
            return DEPTH
        with snapshot(self._database, spaces, valid_on) as now:
            return min(DEEPEST, math.ceil(DEPTH / max(now.valid_share(), DEPTH / DEEPEST)))

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
            return _cosines(stored, vectors.serving)
    return _cosines(now.embeddings(rows), vectors.embedded)


def _candidates(now: Snapshot, cosines: Mapping[int, Sequence[float]], asked: Sequence[Words]) -> dict[int, Candidate]:
    held = now.held(list(cosines), {stem for words in asked for stem in words.weights})
    siblings = now.siblings({version for version, _ in held.values()}, BEST_CHUNKS)
    return {row: Candidate(version, cosines[row], stems, siblings[version]) for row, (version, stems) in held.items()}


def _cosines(embeddings: Mapping[int, bytes], vectors: NDArray[np.float32]) -> dict[int, list[float]]:
    """Cosine of each chunk row with each query."""
    if not embeddings:
        return {}
    matrix = decode(list(embeddings.values())) @ vectors.T
    return {row: [float(cosine) for cosine in of_row] for row, of_row in zip(embeddings, matrix, strict=True)}
