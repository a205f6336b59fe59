"""The first step of MiniLM: a vector for each word of a text and its place, read from files row by row.

The table of words is 47 MB, of which a question needs some ten rows. Read one by one they cost a microsecond each and
no memory; of a mapped file the system would keep 64 kB around each row that was ever looked at.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.providers.minilm_graph import DIMENSIONS, POSITIONS_FILE, WORDS_FILE

_ROW_BYTES = DIMENSIONS * 4


class WordVectors:
    """Open tables of a folder that ``minilm_graph`` built; safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError."""
        self._words = os.open(folder / WORDS_FILE, os.O_RDONLY)
        # Not at the end of the process, when another thread may still be reading.
        weakref.finalize(self, os.close, self._words).atexit = False
        self._positions = np.fromfile(folder / POSITIONS_FILE, np.float32).reshape(-1, DIMENSIONS)

    def of(self, texts: Sequence[Sequence[int]]) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
        """Return what the graph takes of texts as token ids: vectors (text, place, 384), and 1 for what is no padding.

        Shorter texts are padded to the longest. Raises OSError.
        """
        longest = max(len(ids) for ids in texts)
        vectors = np.zeros((len(texts), longest, DIMENSIONS), np.float32)
        mask = np.zeros((len(texts), longest), np.int32)
        for row, ids in enumerate(texts):
            for place, token in enumerate(ids):
                if os.preadv(self._words, [vectors[row, place].data], token * _ROW_BYTES) != _ROW_BYTES:
                    raise OSError(f"{WORDS_FILE} was cut short while it was in use")
            vectors[row, : len(ids)] += self._positions[: len(ids)]
            mask[row, : len(ids)] = 1
        return vectors, mask
