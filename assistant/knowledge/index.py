"""The vector index: a Chroma folder, derived from the vectors in SQL and rebuilt from them when damaged.

Exactly one process may have the folder open: two lose vectors silently and then segfault. Collections hold ids and
vectors only, and never an embedding function: its stored configuration could execute code here.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from assistant import faults
from assistant.storage.chroma_files import unused_folders

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

# Batches of 40 with a pause keep a reader's median at 3 ms while adding; batches of 500 push it to 740 ms.
SERVING_BATCH = 40
SERVING_PAUSE_SECONDS = 0.05
# Links of a vector to its neighbours. With Chroma's own 16, 4.6 % of a library of 100,000 chunks in 400 clusters could
# not be found at any depth; with 32 it was 1.4 %, with 48 0.2 %, with 64 none of 2,000. Builds are a fifth slower.
GRAPH = {"hnsw:space": "cosine", "hnsw:M": 64}
# Nobody reads a collection that is being built. Chroma makes a Python number of each coordinate: batches of 1,000 took
# some 10 MB more at the peak and saved a seventh of the time.
BUILDING_BATCH = 250
# A look at more ids in one call than this fails with "too many SQL variables".
ID_PAGE = 5_000
# Less than this left on the disk when a call fails makes that the reason; Chroma's own words often do not say it.
FULL_DISK_BYTES = 1_000_000
FULL_DISK_WORDS = ("disk is full", "No space left", "os error 28")

# Size, time of the last write, time of the last change and number of each file of the folder.
Print = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Hit:
    """A vector that was found: its chunk's id and the cosine to the query."""

    chunk_id: str
    similarity: float


class IndexDamaged(Exception):
    """The folder does not do what it should; the vectors in SQL are not touched by that."""


class IndexFull(IndexDamaged):
    """The disk has no room for what was to be written; what the folder holds is not to be relied on after that."""


class VectorIndex:
    """An open Chroma folder. Safe to query from several threads while one thread writes.

    Every failure of a call is IndexDamaged, or IndexFull where the disk is. Before each write the folder must look as
    the last one left it: nobody else may write there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Stands while the folder is being opened and checked: a damaged one can kill the process right there.
        self._marker = folder.with_name(folder.name + ".opening")
        # How the folder looked when it was closed in order.
        self._closed = folder.with_name(folder.name + ".closed")
        self._client: Client | None = None
        self._collections: dict[str, Collection] = {}
        self._lock = threading.Lock()
        self._left: Print = {}
        self._is_owner = False
        # Whether the folder was as it was left when it was opened last.
        self.was_sound = False

    def open(self) -> None:
        """Open the folder, a fresh one where the last opening did not survive. ``opened_well`` ends the opening."""
        self.close()
        if self._marker.exists():
            self.destroy()
        self.was_sound = self.was_closed_well()
        self._marker.touch()
        self._closed.unlink(missing_ok=True)
        self.connect()
        self._is_owner = True

    def opened_well(self) -> None:
        """Note that the folder was opened and checked without harm."""
        self._marker.unlink(missing_ok=True)

    def connect(self) -> None:
        """Open the folder without noting so: for the process that tries out whether it can be opened at all."""
        import chromadb
        from chromadb.config import Settings

        with _engine(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            settings = Settings(anonymized_telemetry=False, _env_file=None)  # type: ignore[call-arg]  # taken by pydantic-settings, named by no field
            self._client = cast("Client", chromadb.PersistentClient(str(self.folder), settings=settings))
        for name in self.names():
            self.count(name)  # which writes its files anew if they were not written yet
        self._left = self._print()

    def close(self, *, sound: bool = True) -> None:
        """Close the folder; a ``sound`` one that nobody else wrote in can be opened without being tried out."""
        with self._lock:
            self._collections.clear()
            client, self._client = self._client, None
        if client is None:
            return
        sound = sound and self._is_owner and self.is_as_left() and not self._marker.exists()
        self._is_owner = False
        with suppress(Exception):
            client.close()
        if sound:
            with suppress(OSError):
                self._closed.write_text(json.dumps(self._print()), encoding="utf-8")

    def destroy(self) -> None:
        """Remove everything in the folder, which itself may be a link or a disk of its own."""
        self.close(sound=False)
        self._closed.unlink(missing_ok=True)
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def is_as_left(self) -> bool:
        """Return whether the files look as the last write of this process left them. Costs a look at each file."""
        return self._print() == self._left

    def was_closed_well(self) -> bool:
        """Return whether the files look as a process left them that closed the folder in order, or there are none."""
        try:
            closed = json.loads(self._closed.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return not self.folder.exists()
        return bool(closed == self._print())

    def names(self) -> set[str]:
        """Return the names of all collections."""
        with _engine(self.folder):
            return {collection.name for collection in self._open_client().list_collections()}

    def create(self, name: str) -> None:
        """Create a collection for unit vectors, empty even if one of this name was there."""
        self.drop(name)
        with self._writing():
            # Said by `configuration=` instead, Chroma 1.5 would store an embedding function of type "legacy".
            self._open_client().create_collection(name, embedding_function=None, metadata=dict(GRAPH))

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        from chromadb.errors import NotFoundError

        with self._lock:
            self._collections.pop(name, None)
        with self._writing():
            with suppress(NotFoundError):
                self._open_client().delete_collection(name)
            for left in unused_folders(self.folder):
                shutil.rmtree(left)

    def count(self, name: str) -> int:
        """Return how many vectors a collection holds."""
        with _engine(self.folder):
            return self._collection(name).count()

    def ids(self, name: str) -> set[str]:
        """Return all ids that a collection holds; 1.4 s for 100,000."""
        found: set[str] = set()
        with _engine(self.folder):
            collection = self._collection(name)
            while page := collection.get(limit=ID_PAGE, offset=len(found), include=[])["ids"]:
                found.update(page)
        return found

    def holding(self, ids: Sequence[str]) -> int:
        """Return how many of these ids any collection holds, those that serve no more included."""
        found = 0
        for name in self.names():
            for at in range(0, len(ids), ID_PAGE):
                with _engine(self.folder):
                    some = list(ids[at : at + ID_PAGE])
                    found += len(self._collection(name).get(ids=some, include=[])["ids"])
        return found

    def try_out(self) -> None:
        """Count each collection and let a vector of it look for itself: what a damaged folder does not survive."""
        for name in self.names():
            with _engine(self.folder):
                one = self._collection(name).get(limit=1, include=["embeddings"])["embeddings"]
            if self.count(name) and one is not None:
                self.nearest(name, np.asarray(one, np.float32), 1)

    def add(self, name: str, ids: Sequence[str], vectors: NDArray[np.float32], *, serving: bool) -> None:
        """Add vectors under new ids. ``serving`` adds gently beside readers; what is there already is replaced."""
        batch = SERVING_BATCH if serving else BUILDING_BATCH
        for at in range(0, len(ids), batch):
            some = list(ids[at : at + batch])
            with self._writing():
                collection = self._collection(name)
                # A start that was killed may have left some; Chroma would silently keep the old vector.
                left = collection.get(ids=some, include=[])["ids"] if serving else []
                if left:
                    collection.delete(ids=left)
                collection.add(ids=some, embeddings=np.ascontiguousarray(vectors[at : at + batch]))
            faults.point("vectors_added")
            if serving and at + batch < len(ids):
                time.sleep(SERVING_PAUSE_SECONDS)

    def remove(self, name: str, ids: Sequence[str]) -> None:
        """Remove vectors, gently beside readers; ids that are not there do no harm."""
        for at in range(0, len(ids), SERVING_BATCH):
            with self._writing():
                collection = self._collection(name)
                there = collection.get(ids=list(ids[at : at + SERVING_BATCH]), include=[])["ids"]
                if there:
                    collection.delete(ids=there)
            faults.point("vectors_removed")
            if there and at + SERVING_BATCH < len(ids):
                time.sleep(SERVING_PAUSE_SECONDS)

    def nearest(self, name: str, vectors: NDArray[np.float32], n: int) -> list[list[Hit]]:
        """Return the n nearest vectors to each query vector, best first. Raises IndexDamaged."""
        with _engine(self.folder):
            collection = self._collection(name)
            found = collection.query(query_embeddings=np.ascontiguousarray(vectors), n_results=n, include=["distances"])
            distances = found["distances"] or []
        return [
            [Hit(id_, 1.0 - float(distance)) for id_, distance in zip(ids, row, strict=True)]
            for ids, row in zip(found["ids"], distances, strict=True)
        ]

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Let the block write, unless somebody else did, and note how it leaves the folder."""
        if not self.is_as_left():
            raise IndexDamaged("something else wrote in the folder")
        with _engine(self.folder):
            yield
            self._left = self._print()

    def _print(self) -> Print:
        found: Print = {}
        for place, _, names in os.walk(self.folder):
            for name in names:
                # SQLite's journal comes and goes with each transaction.
                if not name.endswith("-journal"):
                    path = Path(place, name)
                    with suppress(FileNotFoundError):
                        seen = path.stat()
                        facts = [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]
                        found[str(path.relative_to(self.folder))] = facts
        return found

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


@contextmanager
def _engine(folder: Path) -> Iterator[None]:
    """Make every failure of the engine one of two: the folder is damaged, or its disk is full."""
    try:
        yield
    except IndexDamaged:
        raise
    except Exception as error:
        full = free_bytes(folder) < FULL_DISK_BYTES or any(words in str(error) for words in FULL_DISK_WORDS)
        raise (IndexFull if full else IndexDamaged)(str(error)) from error


def free_bytes(folder: Path) -> int:
    """Return how much room is left on the disk of a folder, which need not be there yet."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
