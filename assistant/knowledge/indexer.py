"""The thread that owns the vector index: adds what the worker embedded, switches versions live, removes the old.

It also starts the worker process when something is queued and none is at work. SQL tells it all there is to do, so
it goes on after any crash, and what other processes changed (the command line) reaches it the same way.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

from assistant.knowledge.exact import ExactSearches, decode
from assistant.knowledge.index import BUILDING_BATCH, VectorIndex
from assistant.knowledge.worker_process import WorkerProcess, WorkerThread
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.embeddings import Embeddings
from assistant.storage.ingestion import due_jobs
from assistant.storage.purge import purge_deleted, sweep_originals
from assistant.storage.rows import EMBEDDED
from assistant.storage.vectors import Generation, IndexJob, StoredVector, Vectors

logger = logging.getLogger(__name__)

BUSY_POLL_SECONDS = 0.3
IDLE_POLL_SECONDS = 1.0
# After a failure of the folder itself (a full disk, say) exact search serves and this long passes before a new try.
DAMAGE_PAUSE_SECONDS = 30.0
# Stored vectors that must find themselves before an opened index serves; less than half of them tells damage.
PROBES = 20
PROBE_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Serving:
    """The embedding model that searches go by, and the collection of each space that can be searched."""

    model: str
    collections: Mapping[str, str] = field(default_factory=dict)


class Indexer:
    """Keeps the index in step with SQL. ``collection_of`` says where a space can be searched right now.

    With ``patience`` vectors wait up to so many seconds for the worker to have left, so that a process that serves
    nobody never holds both engines in memory.
    """

    def __init__(
        self,
        database: Database,
        index: VectorIndex,
        exact: ExactSearches,
        blobs: Blobs,
        worker: WorkerProcess | WorkerThread,
        patience: float = 0.0,
    ) -> None:
        self._database = database
        self._vectors = Vectors(database)
        self._embeddings = Embeddings(database)
        self._index = index
        self._exact = exact
        self._blobs = blobs
        self._worker = worker
        self._patience = patience
        self._indexed_at = time.monotonic()
        self._serving = Serving(self._embeddings.served().model)
        self._next_model: str | None = None
        self._is_open = False
        self._retry_at = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def close(self) -> None:
        """Finish the step at hand, end the worker and close the index; the next start goes on."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._worker.stop()
        self._index.close()

    def wake(self) -> None:
        """Look at once: something was queued."""
        self._wake.set()

    @property
    def model(self) -> str:
        """The embedding model that searches go by."""
        return self._serving.model

    def collection_of(self, space_id: str, model: str = EMBEDDED) -> str | None:
        """Return the collection that serves this space by this model; None while exact search has to."""
        serving = self._serving
        return serving.collections.get(space_id) if serving.model == model else None

    def change_to(self, model: str) -> None:
        """Build this model's collections and let them serve: every chunk that is searched has its vector now."""
        self._next_model = model
        self._wake.set()

    def damaged(self) -> None:
        """Note that a query failed: stop serving from the index and rebuild it."""
        self._serving = Serving(self.model)
        self._is_open = False
        self._wake.set()

    def _run(self) -> None:
        sweep_originals(self._database, self._blobs)
        pending = True
        while not self._stop.is_set():
            try:
                pending = self._step()
            except Exception:
                logger.exception("a step of the indexer failed; it is tried again")
                pending = False
            self._wake.wait(BUSY_POLL_SECONDS if pending else IDLE_POLL_SECONDS)
            self._wake.clear()
        self._last_step()

    def _last_step(self) -> None:
        """Remove what was just deleted before leaving: a command that deletes lives no longer than this."""
        if self._vectors.has_removals():
            with suppress(Exception):
                self._follow_sql()

    def _step(self) -> bool:
        """Do what there is to do; return whether more is on its way."""
        due = bool(due_jobs(self._database))
        if due:
            self._worker.ensure_running()
            if time.monotonic() - self._indexed_at < self._patience:
                return True
        elif self._patience:
            self._worker.stop()
        self._indexed_at = time.monotonic()
        return self._follow_sql() or due

    def _follow_sql(self) -> bool:
        if not self._is_open and time.monotonic() >= self._retry_at and self._vectors.populated_spaces():
            self._open()
        if self._next_model is None and not self._vectors.has_work():
            return False
        self._guarded_work()
        return True

    def _open(self) -> None:
        """Open and check the folder; a damaged one is thrown away and built from the vectors in SQL."""
        self._retry_at = time.monotonic() + DAMAGE_PAUSE_SECONDS
        for _ in range(2):
            try:
                self._index.open()
                self._take_over()
                self._index.opened_well()
            except Exception as error:
                logger.warning("the vector index is damaged and is built anew: %s", error)
                self._serving = Serving(self.model)
                self._index.destroy()
            else:
                self._is_open = True
                self._exact.forget()
                return

    def _take_over(self) -> None:
        """Serve each space from its collection where that is whole, from a new one otherwise."""
        self._serving = Serving(self.model)
        names = self._index.names()
        live = {one.space_id: one for one in self._vectors.generations(self.model) if one.state == "live"}
        for space_id in self._vectors.populated_spaces():
            generation = live.get(space_id)
            if generation is not None and generation.collection in names:
                self._remove_outdated(generation)
                if self._is_whole(generation):
                    self._serve(generation)
                    continue
            self._build(self._vectors.want_generation(space_id, self.model))
        self._drop_strays()

    def _drop_strays(self) -> None:
        """Drop collections that no generation of the serving model names."""
        self._vectors.forget_other_generations(self.model)
        kept = {one.collection for one in self._vectors.generations(self.model)}
        for stray in self._index.names() - kept:
            self._index.drop(stray)

    def _is_whole(self, generation: Generation) -> bool:
        """Compare counts, and let stored vectors look for themselves: a lost HNSW folder still counts right."""
        count, expected = self._index.count(generation.collection), self._vectors.expected(generation.space_id)
        waiting = sum(job.chunks for job in self._vectors.waiting() if job.space_id == generation.space_id)
        if not expected <= count <= expected + waiting:
            logger.warning("%s holds %s vectors instead of %s", generation.collection, count, expected)
            return False
        probes = self._vectors.sample(generation.space_id, PROBES, self.model)
        if not probes:
            return True
        found = self._index.nearest(generation.collection, decode([one.embedding for one in probes]), PROBE_DEPTH)
        hits = sum(probe.chunk_id in {hit.chunk_id for hit in row} for probe, row in zip(probes, found, strict=True))
        return 2 * hits >= len(probes)

    def _guarded_work(self) -> None:
        try:
            self._work()
        except Exception as error:
            logger.warning("the vector index failed and is built anew: %s", error)
            self.damaged()
            self._index.destroy()

    def _work(self) -> None:
        self._change_model()
        for generation in self._vectors.generations(self.model) if self._is_open else []:
            if generation.state == "wanted":
                self._build(generation)
        for job in self._vectors.removals():
            self._remove(job)
        purge_deleted(self._database, self._blobs)
        for job in self._vectors.waiting():
            if self._stop.is_set():
                return
            if self.model == EMBEDDED or self._embeddings.is_whole(job.version_id, self.model):
                self._add(job)

    def _change_model(self) -> None:
        """Build the next model's collections beside those that serve, then let it serve from all of them at once."""
        model, self._next_model = self._next_model, None
        spaces = self._vectors.populated_spaces()
        if model is None or (spaces and not self._is_open):
            return
        built = [self._vectors.want_generation(space_id, model) for space_id in spaces]
        whole = all(self._fill(generation, model, changing=True) for generation in built)
        if self._stop.is_set():
            return
        if whole and self._embeddings.switch(model, [generation.id for generation in built]):
            logger.info("searches go by %s from now on", model)
            self._serving = Serving(model, {one.space_id: one.collection for one in built})
            self._exact.forget()
        if self._is_open:
            self._drop_strays()

    def _add(self, job: IndexJob) -> None:
        """Add a version's vectors, then switch it live; without an index exact search is enough to be found by."""
        if self._is_open:
            if job.space_id not in self._serving.collections:
                self._build(self._vectors.want_generation(job.space_id, self.model))
            if self._stop.is_set():
                return
            stored = self._vectors.stored(job.version_id, self.model)
            matrix = decode([one.embedding for one in stored])
            collection = self._serving.collections[job.space_id]
            self._index.add(collection, [one.chunk_id for one in stored], matrix, serving=True)
        self._vectors.switch_live(job)

    def _remove(self, job: IndexJob) -> None:
        collection = self._serving.collections.get(job.space_id)
        if collection is not None:
            self._index.remove(collection, [job.chunk_id(n) for n in range(job.chunks)])
        self._vectors.finish_removal(job)

    def _remove_outdated(self, generation: Generation) -> None:
        """Do the removals that an earlier run left, so that counts can be compared."""
        for job in self._vectors.removals():
            if job.space_id == generation.space_id:
                self._index.remove(generation.collection, [job.chunk_id(n) for n in range(job.chunks)])
                self._vectors.finish_removal(job)

    def _build(self, generation: Generation) -> None:
        """Build a collection from the vectors in SQL while the one before it, or exact search, goes on serving."""
        if not self._fill(generation, self.model):
            return
        self._vectors.generation_built(generation)
        self._serve(generation)
        for old in self._vectors.generations(self.model):
            if old.state == "retired" and old.space_id == generation.space_id:
                self._index.drop(old.collection)
                self._vectors.forget_generation(old)

    def _fill(self, generation: Generation, model: str, *, changing: bool = False) -> bool:
        """Make a collection that nobody reads yet of the model's vectors in SQL; False when it is broken off.

        With 3,072 numbers a vector that takes a minute for 10,000. The end of the process does not wait for it, nor
        does an admin who calls the change off.
        """
        self._index.create(generation.collection)
        for batch in _batches(self._vectors.live_in(generation.space_id, model), BUILDING_BATCH):
            if self._stop.is_set() or (changing and self._embeddings.served().wanted != model):
                return False
            ids = [one.chunk_id for one in batch]
            self._index.add(generation.collection, ids, decode([one.embedding for one in batch]), serving=False)
        return True

    def _serve(self, generation: Generation) -> None:
        collections = {**self._serving.collections, generation.space_id: generation.collection}
        self._serving = Serving(self.model, collections)


def _batches(vectors: Iterable[StoredVector], size: int) -> Iterable[Sequence[StoredVector]]:
    iterator = iter(vectors)
    while batch := list(islice(iterator, size)):
        yield batch
