"""Exact search over the vectors in SQL, for processes without the index and while it is not usable.

Over 20k chunks it takes 6 ms, over 100k 17 to 70 ms.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.storage.vectors import Vectors

Matrix = NDArray[np.float32]


class ExactSearches:
    """One exact search for each embedding model that was asked for."""

    def __init__(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self._lock = threading.Lock()
        self._by_model: dict[str, ExactSearch] = {}

    def of(self, model: str) -> ExactSearch:
        """Return the search over this model's vectors."""
        with self._lock:
            return self._by_model.setdefault(model, ExactSearch(self._vectors, model))

    def forget(self) -> None:
        """Give all memory back; the next search loads again."""
        with self._lock:
            self._by_model = {}


class ExactSearch:
    """Keeps the live vectors of one model in memory and follows the database's revision."""

    def __init__(self, vectors: Vectors, model: str) -> None:
        self._vectors = vectors
        self._model = model
        self._lock = threading.Lock()
        self._revision: int | None = None
        self._spaces: frozenset[str] = frozenset()
        self._versions: dict[int, str] = {}
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)
        self._version_of: NDArray[np.int64] = np.empty(0, np.int64)
        self._matrix: Matrix = np.empty((0, 0), np.float32)

    def nearest(self, spaces: Sequence[str], vectors: Matrix, n: int) -> list[list[tuple[int, float]]]:
        """Return chunk row and cosine of the n nearest live vectors to each query vector, best first."""
        rows, version_of, matrix, versions = self._current(spaces)
        if not rows.size:
            return [[] for _ in vectors]
        wanted = [version for version, space in versions.items() if space in spaces]
        allowed = None if len(wanted) == len(versions) else np.isin(version_of, wanted)
        return [_best(rows, matrix @ vector, allowed, n) for vector in vectors]

    def _current(self, spaces: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64], Matrix, dict[int, str]]:
        with self._lock:
            revision = self._vectors.revision()
            if revision != self._revision or not self._spaces.issuperset(spaces):
                # Only spaces that were asked for take memory.
                self._spaces = self._spaces.union(spaces)
                self._refresh()
                self._revision = revision
            return self._rows, self._version_of, self._matrix, self._versions

    def _refresh(self) -> None:
        """Load what is new since the last look and leave out what is gone."""
        every = self._vectors.live_versions()
        live = {version: space for version, space in every.items() if space in self._spaces}
        keep = np.isin(self._version_of, list(live))
        new = [version for version in live if version not in self._versions]
        loaded = self._vectors.blobs(new, self._model)
        matrices = [decode([blob for _, _, blob in loaded])] if loaded else []
        old = [self._matrix[keep]] if keep.any() else []
        self._matrix = np.concatenate(old + matrices) if old or matrices else np.empty((0, 0), np.float32)
        self._rows = np.concatenate([self._rows[keep], np.array([row for row, _, _ in loaded], np.int64)])
        self._version_of = np.concatenate([self._version_of[keep], np.array([v for _, v, _ in loaded], np.int64)])
        self._versions = live


def decode(blobs: Sequence[bytes]) -> Matrix:
    """Return stored float16 vectors as rows of a float32 matrix."""
    return np.frombuffer(b"".join(blobs), dtype="<f2").reshape(len(blobs), -1).astype(np.float32)


def encode(matrix: Matrix) -> list[bytes]:
    """Return each row as the float16 bytes that SQL stores: half the size, the same ten nearest."""
    return [row.tobytes() for row in matrix.astype("<f2")]


def _best(
    rows: NDArray[np.int64], scores: Matrix, allowed: NDArray[np.bool_] | None, n: int
) -> list[tuple[int, float]]:
    if allowed is not None:
        scores = np.where(allowed, scores, -np.inf)
    n = min(n, scores.size if allowed is None else int(allowed.sum()))
    if n == 0:
        return []
    top = np.argpartition(-scores, n - 1)[:n]
    return [(int(rows[at]), float(scores[at])) for at in top[np.argsort(-scores[top], kind="stable")]]
