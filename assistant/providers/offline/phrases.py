"""Texts as weighted words and pairs of words: what they share beside their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from assistant.providers.offline.terms import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

PLACES = 4096
"""Numbers a text becomes. Each word has its place by its hash, so that any vocabulary takes the same room."""

WORDS_READ = 200
"""Words of a text that count: the embedder reads about as many."""


class Phrases:
    """Unit vectors over words and neighbouring words, the rarer in the ``texts`` they were made for the heavier."""

    def __init__(self, texts: Sequence[str]) -> None:
        spread = np.zeros(PLACES, dtype=np.float32)
        for text in texts:
            spread[_places(text)] += 1
        self._weights = np.log((len(texts) + 1) / (spread + 0.5))

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row of length 1 for each text, or zeros for one without words."""
        rows = np.zeros((len(texts), PLACES), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            places = _places(text)
            row[places] = self._weights[places]
        unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return unit


def _places(text: str) -> list[int]:
    """Where the words and pairs of a text stand; its ends count as words."""
    read = words(text)[:WORDS_READ]
    held = [*read, *(f"{left} {right}" for left, right in pairwise(["^", *read, "$"]))] if read else []
    return sorted({crc32(phrase.encode("utf-8", "surrogatepass")) % PLACES for phrase in held})
