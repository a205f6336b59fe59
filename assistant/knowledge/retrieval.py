"""Hybrid retrieval: nearest vectors and keyword matches, fused by rank, joined with live rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Passage
from assistant.knowledge.exact import ExactSearch, decode
from assistant.knowledge.index import Hit, IndexDamaged, VectorIndex
from assistant.knowledge.indexer import Indexer
from assistant.storage.database import Database
from assistant.storage.passages import StoredPassage, snapshot

# Candidates of each list. Reciprocal rank fusion with k = 60 as in Cormack, Clarke and Buettcher (SIGIR 2009).
DEPTH = 50
RRF_K = 60


@dataclass(frozen=True, slots=True)
class OwnIndex:
    """The vector index of a process that owns it, and the thread that knows which spaces it serves."""

    index: VectorIndex
    indexer: Indexer


class Retrieval:
    """Finds passages. An own index is asked for each space it serves; the rest is searched exactly over SQL."""

    def __init__(self, database: Database, exact: ExactSearch, own: OwnIndex | None) -> None:
        self._database = database
        self._exact = exact
        self._own = own

    def passages(
        self, queries: Sequence[str], vectors: NDArray[np.float32], spaces: Sequence[str], k: int
    ) -> list[Passage]:
        """Return the k best live passages of these spaces for queries that mean the same, best first."""
        indexed, left = self._ask_index(vectors, spaces)
        exact = self._exact.nearest(left, vectors, DEPTH) if left else [[] for _ in vectors]
        with snapshot(self._database, spaces) as now:
            rows = now.live_rows([hit.chunk_id for hits in indexed for hit in hits])
            rankings = [_ranking(hits, rows, more) for hits, more in zip(indexed, exact, strict=True)]
            rankings += [now.keywords(query, DEPTH) for query in queries]
            scores = fuse(rankings)
            best = sorted(scores, key=lambda row: -scores[row])[:k]
            stored = now.load(best)
        return [_scored(stored[row], scores[row], vectors) for row in best if row in stored]

    def _ask_index(self, vectors: NDArray[np.float32], spaces: Sequence[str]) -> tuple[list[list[Hit]], list[str]]:
        """Hits for each query in the spaces that the index serves, and the spaces that it does not."""
        merged: list[list[Hit]] = [[] for _ in vectors]
        left: list[str] = []
        for space in spaces:
            found = self._ask_collection(vectors, space)
            if found is None:
                left.append(space)
            else:
                merged = [so_far + more for so_far, more in zip(merged, found, strict=True)]
        return merged, left

    def _ask_collection(self, vectors: NDArray[np.float32], space: str) -> list[list[Hit]] | None:
        collection = self._own.indexer.collection_of(space) if self._own else None
        if self._own is None or collection is None:
            return None
        try:
            return self._own.index.nearest(collection, vectors, DEPTH)
        except IndexDamaged:
            # A collection that was just replaced by its next generation is no damage.
            if self._own.indexer.collection_of(space) == collection:
                self._own.indexer.damaged()
            return None


def fuse(rankings: Sequence[Sequence[int]]) -> dict[int, float]:
    """Return the reciprocal rank fusion score of everything that is ranked."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1.0 / (RRF_K + rank)
    return scores


def _ranking(hits: Sequence[Hit], rows: Mapping[str, int], exact: Sequence[tuple[int, float]]) -> list[int]:
    """Live chunk rows by cosine, whichever search found them."""
    pairs = [(rows[hit.chunk_id], hit.similarity) for hit in hits if hit.chunk_id in rows]
    pairs += exact
    return [row for row, _ in sorted(pairs, key=lambda pair: -pair[1])[:DEPTH]]


def _scored(stored: StoredPassage, score: float, vectors: NDArray[np.float32]) -> Passage:
    similarity = float((vectors @ decode([stored.embedding])[0]).max())
    return replace(stored.passage, score=score, similarity=similarity)
