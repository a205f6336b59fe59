"""The thread that owns the vector index: adds what the worker embedded, switches versions live, removes the old.

It also starts the worker process when something is queued and none is at work. SQL tells it all there is to do, so
it goes on after any crash, and what other processes changed (the command line) reaches it the same way.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from assistant.knowledge.deletion import Deletions
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.index import IndexDamaged, IndexFull, VectorIndex
from assistant.knowledge.index_health import Health
from assistant.knowledge.index_keeper import Keeper
from assistant.knowledge.index_switches import Switches
from assistant.knowledge.serving import Serving
from assistant.knowledge.worker_process import WorkerProcess, WorkerThread
from assistant.library import IndexHealth
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.disk import is_disk_full
from assistant.storage.embeddings import Embeddings
from assistant.storage.generations import Generations
from assistant.storage.index_state import IndexState
from assistant.storage.ingestion import has_due
from assistant.storage.purge import purge_deleted, sweep_originals
from assistant.storage.rows import EMBEDDED
from assistant.storage.runs import Runs
from assistant.storage.vectors import Vectors

logger = logging.getLogger(__name__)

BUSY_POLL_SECONDS = 0.3
IDLE_POLL_SECONDS = 1.0
# Between two batches of a build: readers of other collections get their turn.
BUILDING_PAUSE_SECONDS = 0.01
SWEEP_PAUSE_SECONDS = 60.0


class Indexer:
    """Keeps the index in step with SQL. ``collection_of`` says where a space can be searched right now.

    With ``patience`` vectors wait up to so many seconds for the worker to have left, so that a process that serves
    nobody rarely holds both engines in memory: many are then found by exact search until the worker is done, only few
    beside a large library are added while it works. The index is checked every ``check_seconds``.
    """

    def __init__(
        self,
        database: Database,
        index: VectorIndex,
        exact: ExactSearches,
        blobs: Blobs,
        worker: WorkerProcess | WorkerThread,
        patience: float = 0.0,
        check_seconds: float = 600.0,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._worker = worker
        self._patience = patience
        self._vectors = Vectors(database)
        embeddings, generations, runs = Embeddings(database), Generations(database), Runs(database)
        self._serving = Serving(embeddings.served().model)
        self._health = Health(IndexState(database))
        parts = index, self._serving, exact, self._vectors, generations, embeddings
        self._switches = Switches(*parts, runs)
        self._stop = threading.Event()
        self._keeper = Keeper(*parts, self._switches, self._health, self._stop, check_seconds)
        self._deletions = Deletions(database, blobs, blobs.folder.parent / "cache")
        self._index = index
        self._indexed_at = time.monotonic()
        self._has_more = False
        self._sweep_at = 0.0
        self._wake = threading.Event()
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
        self._index.close(sound=self._keeper.is_open)

    def wake(self) -> None:
        """Look at once: something was queued."""
        self._wake.set()

    @property
    def model(self) -> str:
        """The embedding model that searches go by."""
        return self._serving.model

    @property
    def health(self) -> IndexHealth:
        """How the index is right now."""
        return self._health.now

    def collection_of(self, space_id: str, model: str = EMBEDDED) -> str | None:
        """Return the collection that serves this space by this model; None while exact search has to."""
        return self._serving.collection_of(space_id, model)

    def change_to(self, model: str) -> None:
        """Build this model's collections and let them serve: every chunk that is searched has its vector now."""
        self._switches.change_to(model)
        self._wake.set()

    def damaged(self) -> None:
        """Note that a query failed: stop serving from the index, and look what is wrong with it."""
        self._serving.leave()
        self._keeper.suspect("a query failed")
        self._wake.set()

    def _run(self) -> None:
        pause = BUSY_POLL_SECONDS
        while not self._stop.is_set():
            try:
                pause = self._step()
            except Exception as error:
                logger.exception("a step of the indexer failed; it is tried again")
                pause = IDLE_POLL_SECONDS
                if is_disk_full(error):
                    self._health.database_full()
            self._sweep()
            self._wake.wait(pause)
            self._wake.clear()
        self._last_step()

    def _sweep(self) -> None:
        """Remove once what uploads left that an earlier process did not finish; tried again later where it fails."""
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = math.inf
        try:
            sweep_originals(self._database, self._blobs)
        except Exception:
            logger.exception("what earlier uploads left could not be removed; it is tried again")
            self._sweep_at = time.monotonic() + SWEEP_PAUSE_SECONDS

    def _last_step(self) -> None:
        """Remove what was just deleted before leaving: a command that deletes lives no longer than this."""
        with suppress(Exception):
            if self._vectors.has_removals():
                self._follow_sql()

    def _step(self) -> float:
        """Do what there is to do; return how many seconds to wait for the next step."""
        due = has_due(self._database)
        if due:
            self._worker.ensure_running()
            if self._puts_off():
                return BUSY_POLL_SECONDS
        elif self._patience:
            self._worker.stop()
        self._indexed_at = time.monotonic()
        self._has_more = self._follow_sql()
        if self._has_more:
            return BUILDING_PAUSE_SECONDS
        return BUSY_POLL_SECONDS if due or self._vectors.has_work() else IDLE_POLL_SECONDS

    def _puts_off(self) -> bool:
        """Leave the index alone while the worker is at it, if it can be; after ``patience`` much serves without it."""
        if self._has_more or not self._patience:
            return False
        if time.monotonic() - self._indexed_at < self._patience:
            return True
        if not self._keeper.pass_by():
            return False
        self._indexed_at = time.monotonic()
        return True

    def _follow_sql(self) -> bool:
        """Do what SQL says; return whether more can be done at once."""
        self._guarded(self._keeper.look_after)
        more = False
        if self._vectors.has_work() or self._switches.has_work or self._keeper.builds:
            more = bool(self._guarded(self._work))
        if self._keeper.is_open and self._deletions.are_due:
            self._guarded(lambda: self._deletions.prove(self._index.holding))
        self._keeper.tell()
        return more

    def _guarded(self, work: Callable[[], bool | None]) -> bool | None:
        """Work on the index; only its own failures harm it, those of the database are another matter."""
        try:
            return work()
        except IndexFull as error:
            self._keeper.wait_for_room(str(error))
        except IndexDamaged as error:
            self._keeper.give_up(str(error))
        return None

    def _work(self) -> bool:
        keeper = self._keeper
        if not keeper.was_tried:
            return False
        for move in self._vectors.moves():
            keeper.move(move)
        for job in self._vectors.removals():
            keeper.remove(job)
        purge_deleted(self._database, self._blobs)
        more = False
        for job in self._vectors.waiting():
            if self._stop.is_set():
                return False
            more |= keeper.add(job)
        return keeper.build() or more
