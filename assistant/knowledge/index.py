"""The vector index: a Chroma folder, derived from the vectors in SQL and rebuilt from them when damaged.

Exactly one process may have the folder open: two lose vectors silently and then segfault. Collections hold ids and
vectors only, and never an embedding function: its stored configuration could execute code here.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

# Batches of 40 with a pause keep a reader's median at 3 ms while adding; batches of 500 push it to 740 ms.
SERVING_BATCH = 40
SERVING_PAUSE_SECONDS = 0.05
# Nobody reads a collection that is being built.
BUILDING_BATCH = 1_000
ID_PAGE = 5_000


@dataclass(frozen=True, slots=True)
class Hit:
    """A vector that was found: its chunk's id and the cosine to the query."""

    chunk_id: str
    similarity: float


class IndexDamaged(Exception):
    """The folder does not do what it should; the vectors in SQL are not touched by that."""


class VectorIndex:
    """An open Chroma folder. Safe to query from several threads while one thread writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Stands while the folder is being opened and checked: a damaged one can kill the process right there.
        self._marker = folder.with_name(folder.name + ".opening")
        self._client: Client | None = None
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()

    def open(self) -> None:
        """Open the folder, a fresh one where the last opening did not survive. ``opened_well`` ends the opening."""
        self.close()
        if self._marker.exists():
            self.destroy()
        self._marker.touch()
        self._connect()

    def opened_well(self) -> None:
        """Note that the folder was opened and checked without harm."""
        self._marker.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the folder."""
        with self._lock:
            self._collections.clear()
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def destroy(self) -> None:
        """Remove the folder with everything in it."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def names(self) -> set[str]:
        """Return the names of all collections."""
        return {collection.name for collection in self._open_client().list_collections()}

    def create(self, name: str) -> None:
        """Create a collection for unit vectors, empty even if one of this name was there."""
        self.drop(name)
        # Said by `configuration=` instead, Chroma 1.5 would store an embedding function of type "legacy".
        self._open_client().create_collection(name, embedding_function=None, metadata={"hnsw:space": "cosine"})

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        from chromadb.errors import NotFoundError

        with self._lock:
            self._collections.pop(name, None)
        try:
            self._open_client().delete_collection(name)
        except NotFoundError:
            return

    def count(self, name: str) -> int:
        """Return how many vectors a collection holds."""
        return self._collection(name).count()

    def add(self, name: str, ids: Sequence[str], vectors: NDArray[np.float32], *, serving: bool) -> None:
        """Add vectors under new ids. ``serving`` adds gently beside readers; what is there already is replaced."""
        collection = self._collection(name)
        batch = SERVING_BATCH if serving else BUILDING_BATCH
        for at in range(0, len(ids), batch):
            some = list(ids[at : at + batch])
            if serving:
                # A start that was killed may have left some; Chroma would silently keep the old vector.
                left = collection.get(ids=some, include=[])["ids"]
                if left:
                    collection.delete(ids=left)
            collection.add(ids=some, embeddings=np.ascontiguousarray(vectors[at : at + batch]))
            if serving and at + batch < len(ids):
                time.sleep(SERVING_PAUSE_SECONDS)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """Remove vectors, gently beside readers; ids that are not there do no harm."""
        collection = self._collection(name)
        for at in range(0, len(ids), SERVING_BATCH):
            there = collection.get(ids=list(ids[at : at + SERVING_BATCH]), include=[])["ids"]
            if there:
                collection.delete(ids=there)
                time.sleep(SERVING_PAUSE_SECONDS if at + SERVING_BATCH < len(ids) else 0)

    def nearest(self, name: str, vectors: NDArray[np.float32], n: int) -> list[list[Hit]]:
        """Return the n nearest vectors to each query vector, best first. Raises IndexDamaged."""
        try:
            collection = self._collection(name)
            found = collection.query(query_embeddings=np.ascontiguousarray(vectors), n_results=n, include=["distances"])
            distances = found["distances"] or []
        except Exception as error:
            raise IndexDamaged(str(error)) from error
        return [
            [Hit(id_, 1.0 - float(distance)) for id_, distance in zip(ids, row, strict=True)]
            for ids, row in zip(found["ids"], distances, strict=True)
        ]

    def _connect(self) -> None:
        import chromadb
        from chromadb.config import Settings

        self.folder.mkdir(parents=True, exist_ok=True)
        client = chromadb.PersistentClient(
            str(self.folder),
            settings=Settings(anonymized_telemetry=False, _env_file=None),  # type: ignore[call-arg]
        )
        self._client = cast("Client", client)

    def _open_client(self) -> Client:
        if self._client is None:
            raise IndexDamaged("the vector index is not open")
        return self._client

    def _collection(self, name: str) -> Collection:
        with self._lock:
            collection = self._collections.get(name)
            if collection is None:
                collection = self._open_client().get_collection(name, embedding_function=None)
                if collection.configuration_json.get("embedding_function") is not None:
                    raise IndexDamaged(f"the collection {name} carries an embedding function")
                self._collections[name] = collection
            return collection
