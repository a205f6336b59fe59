"""Vectors of texts kept in a file between starts: embedding hundreds of texts anew would cost a second each time."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]


class KeptVectors:
    """The vectors of a changing set of texts, in memory and, given a ``file``, on disk under the texts' hashes.

    A file that is missing or damaged costs time, nothing else.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[str, NDArray[np.float32]] | None = None

    def of(self, texts: Sequence[str], embed: Embed) -> list[NDArray[np.float32]]:
        """Return a vector for each text; those not known are embedded, those not asked for are let go."""
        known = self._read() if self._known is None else self._known
        names = [_name(text) for text in texts]
        fresh = [text for name, text in zip(names, texts, strict=True) if name not in known]
        if fresh:
            known = {**known, **dict(zip(map(_name, fresh), embed(fresh), strict=True))}
        changed = bool(fresh) or len(known) > len(set(names))
        self._known = {name: known[name] for name in names}
        if changed and self._file is not None:
            _write(self._file, self._known)
        return [known[name] for name in names]

    def _read(self) -> dict[str, NDArray[np.float32]]:
        if self._file is None:
            return {}
        try:
            with self._file.open("rb") as stream, np.load(stream, allow_pickle=False) as kept:
                return dict(zip(map(str, kept["names"]), kept["vectors"].astype(np.float32), strict=True))
        except (OSError, ValueError, EOFError, KeyError, BadZipFile):
            return {}


def _name(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write(file: Path, vectors: dict[str, NDArray[np.float32]]) -> None:
    """Write by one rename, so that a reader never sees half a file."""
    if not vectors:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".npz", delete=False) as scratch:
        np.savez(scratch, names=np.array(list(vectors)), vectors=np.vstack(list(vectors.values())))
    Path(scratch.name).replace(file)
