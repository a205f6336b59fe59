"""The vector index as its owner keeps it: opened and checked, filled, repaired and renewed.

While it cannot be relied on nothing is served from it and exact search answers, so that what is found is the same.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping

from assistant.knowledge import index_probe
from assistant.knowledge.exact import ExactSearches, decode
from assistant.knowledge.index import IndexDamaged, IndexFull, VectorIndex, free_bytes
from assistant.knowledge.index_builds import ROOM_AT_LEAST, Build, room_for
from assistant.knowledge.index_check import fault_of
from assistant.knowledge.index_health import Health
from assistant.knowledge.index_switches import Switches
from assistant.knowledge.serving import Serving
from assistant.storage.database import utc_now
from assistant.storage.embeddings import Embeddings
from assistant.storage.generations import Generation, Generations
from assistant.storage.rows import EMBEDDED
from assistant.storage.vectors import IndexJob, Move, Vectors

logger = logging.getLogger(__name__)

# After a failure exact search serves and this long passes before a new try.
DAMAGE_PAUSE_SECONDS = 30.0
# An index that was found whole and failed again before its next check is not believed a second time.
FAILURES_FORGIVEN = 1
EMBEDDED_DIMENSIONS = 384
# Vectors of one version that are added before others get their turn; some three seconds beside readers.
SLICE = 1_000
# Vectors that a space holds for each that comes, up to which all are built anew: that makes 1,500 to 2,400 a second,
# adding beside readers some 330.
BUILT_ANEW = 10


class Keeper:
    """Used by the indexer's thread alone, but for ``suspect``."""

    def __init__(
        self,
        index: VectorIndex,
        serving: Serving,
        exact: ExactSearches,
        vectors: Vectors,
        generations: Generations,
        embeddings: Embeddings,
        switches: Switches,
        health: Health,
        stop: threading.Event,
        check_seconds: float,
    ) -> None:
        self._index = index
        self._serving = serving
        self._exact = exact
        self._vectors = vectors
        self._generations = generations
        self._embeddings = embeddings
        self._switches = switches
        self._health = health
        self._stop = stop
        self._check_seconds = check_seconds
        self._check_at = 0.0
        self._retry_at = 0.0
        self._opened_at = 0.0
        self._failures = 0
        self._suspicion = ""
        self._is_full = False
        self._lacks_room = False
        self.is_open = False
        # Until the folder was looked at nothing is removed without it: its counts would be wrong for ever.
        self.was_tried = False
        self.builds: dict[str, Build] = {}
        # How many vectors of a long version are in the collection that serves its space.
        self._begun: dict[tuple[str, int], int] = {}

    def suspect(self, why: str) -> None:
        """Have the folder looked at: something failed in it. From any thread."""
        self._suspicion = why

    def look_after(self) -> None:
        """Open the index where it is not, and see now and then whether it is whole. Raises IndexDamaged."""
        if self._suspicion:
            why, self._suspicion = self._suspicion, ""
            raise IndexDamaged(why)
        if not self.is_open:
            if not self._vectors.populated_spaces():
                self.was_tried = True
            elif time.monotonic() >= self._retry_at and self._has_room():
                self._open()
        elif not self._index.is_as_left():
            raise IndexDamaged("something else wrote in the folder")
        elif time.monotonic() >= self._check_at:
            self._check(self._serving.collections(), every_id=False)
            self._failures = 0

    def give_up(self, why: str) -> None:
        """Serve nothing from the index, and look at it from outside before it is opened again."""
        logger.warning("the vector index failed: %s", why)
        self._put_away()
        self.was_tried = True
        self._failures += 1
        soon = time.monotonic() - self._opened_at > DAMAGE_PAUSE_SECONDS
        self._retry_at = 0.0 if soon else time.monotonic() + DAMAGE_PAUSE_SECONDS
        self._health.damaged()

    def wait_for_room(self, why: str) -> None:
        """Serve nothing from the index until its disk has room."""
        logger.warning("the disk of the vector index is full: %s", why)
        self._put_away()
        self.was_tried = self._is_full = True
        self._retry_at = time.monotonic() + DAMAGE_PAUSE_SECONDS
        self._health.disk_full()

    def tell(self) -> None:
        """Say how the index is."""
        if not self.is_open:
            if not self._vectors.populated_spaces():
                self._health.well()
            return
        under_way = [*self.builds.values(), *self._switches.builds]
        if self._lacks_room:
            self._health.disk_full()
        elif under_way:
            done, total = sum(one.done for one in under_way), sum(one.total for one in under_way)
            self._health.rebuilding(done, total, serving=self.builds.keys() <= self._serving.collections().keys())
        else:
            self._health.well()

    def add(self, job: IndexJob) -> bool:
        """Add a version's next vectors, and switch it live after the last; return whether there are more to add.

        Without an index exact search is enough to be found by.
        """
        model = self._serving.model
        if model != EMBEDDED and not self._embeddings.is_whole(job.version_id, model):
            return False
        collection = self._serving.collection_of(job.space_id, model)
        if collection is None:
            self._goes_by(job.space_id)
        elif self._put_slice(collection, job):
            return True
        self._vectors.switch_live(job)
        return False

    def pass_by(self) -> bool:
        """Let what waits be found by exact search until the index is built anew, if that is little beside what waits.

        Return whether that was done: not once the index is open, nor for few vectors beside many.
        """
        if self.is_open:
            return False
        waiting, coming = self._vectors.waiting(), Counter[str]()
        for job in waiting:
            coming[job.space_id] += job.chunks
        if any(self._held(space) > BUILT_ANEW * chunks for space, chunks in coming.items()):
            return False
        for job in waiting:
            self.add(job)
        return True

    def _held(self, space_id: str) -> int:
        """How many vectors of a space would be built anew on account of those that come; none if they are anyway."""
        if any(one.space_id == space_id and one.state == "wanted" for one in self._generations.of(self._serving.model)):
            return 0
        return self._searched(space_id)

    def move(self, move: Move) -> None:
        """Bring a version's vectors to the collection of the space that its document is in."""
        model = self._serving.model
        if move.space_id == move.from_space:
            self._vectors.finish_move(move)
            return
        if move.space_id and not self.is_open:
            return
        target = self._serving.collection_of(move.space_id, model) if move.space_id else None
        if target is not None:
            self._put(target, move.job)
        elif move.space_id:
            self._goes_by(move.space_id)
        self._take(move.job)
        self._vectors.finish_move(move)

    def remove(self, job: IndexJob) -> None:
        """Remove a version's vectors wherever they are, then its chunks."""
        self._take(job)
        self._switches.remove(job)
        self._vectors.finish_removal(job)

    def build(self) -> bool:
        """Do the next bit of what is being built; return whether more can be done at once. Raises IndexDamaged."""
        if not self.is_open:
            self._switches.step_unindexed()
            return False
        if not self.builds:
            for space in self._generations.worn(self._serving.model):
                self._generations.want(space, self._serving.model)
        self._begin_builds()
        for build in list(self.builds.values()):
            if build.step() and build.is_whole:
                self._finish(build)
            return True
        return self._switches.step()

    def _put(self, collection: str, job: IndexJob) -> None:
        while self._put_slice(collection, job):
            pass

    def _put_slice(self, collection: str, job: IndexJob) -> bool:
        """Add a version's vectors from where the last slice ended; return whether there are more."""
        begun = self._begun.pop((collection, job.version_id), 0)
        stored = self._vectors.stored([job.version_id], self._serving.model, begun, SLICE)
        if stored:
            matrix = decode([one.embedding for one in stored])
            self._index.add(collection, [one.chunk_id for one in stored], matrix, serving=True)
        if len(stored) < SLICE:
            return False
        self._begun[collection, job.version_id] = begun + SLICE
        return True

    def _take(self, job: IndexJob) -> None:
        collection = self._serving.collection_of(job.space_id, self._serving.model)
        if collection is not None:
            self._begun.pop((collection, job.version_id), None)
            self._index.remove(collection, job.chunk_ids())
            self._generations.note_removed(collection, job.chunks)
        else:
            self._goes_by(job.space_id)
        for build in self.builds.values():
            build.remove(job)

    def _goes_by(self, space_id: str) -> None:
        """Note that something changes in a space whose collection does not serve, and so is never to serve again."""
        if space_id not in self.builds:
            self._generations.want(space_id, self._serving.model)

    def _put_away(self) -> None:
        self._serving.leave()
        self.is_open = False
        self.builds.clear()
        self._begun.clear()
        self._switches.forget()
        self._index.close(sound=False)

    def _open(self) -> None:
        """Open and check the folder; a damaged one is thrown away and built from the vectors in SQL."""
        now = time.monotonic()
        self._opened_at, self._retry_at = now, now + DAMAGE_PAUSE_SECONDS
        self._is_full = False
        self._health.opening()
        if self._failures > FAILURES_FORGIVEN:
            self._index.destroy()
        if not self._was_probed():
            return
        self.was_tried = True
        for _ in range(2):
            try:
                self._index.open()
                self._take_over()
                self._index.opened_well()
            except IndexFull:
                raise
            except IndexDamaged as error:
                logger.warning("the vector index is damaged and is built anew: %s", error)
                self._put_away()
                self._index.destroy()
            else:
                self._exact.forget()
                return
        self._health.damaged()

    def _has_room(self) -> bool:
        """Whether an index that was put away for want of room may be opened: that writes."""
        return not self._is_full or free_bytes(self._index.folder) >= ROOM_AT_LEAST

    def _was_probed(self) -> bool:
        """Try the folder out in another process and remove it if it ends that; False when there was no time to."""
        if not self._index.folder.exists() or self._index.was_closed_well():
            return True
        fault = None if self._stop.is_set() else index_probe.fault_in(self._index.folder, self._stop)
        if self._stop.is_set():
            return False
        if fault:
            logger.warning("the vector index is damaged and is built anew: %s", fault)
            self._index.destroy()
        return True

    def _take_over(self) -> None:
        """Serve each space from its collection where that is whole; others are built, exact search serves them."""
        self._serving.leave()
        self.builds.clear()
        model = self._serving.model
        self._generations.forget_all_but(model)
        names, every = self._index.names(), self._generations.of(model)
        outdated = {one.space_id for one in every if one.state == "wanted"}
        live = [one for one in every if one.state == "live" and one.collection in names]
        sound = {one.space_id: one.collection for one in live if one.space_id not in outdated}
        self._check(sound, every_id=not self._index.was_sound)
        self._switches.drop_unused()
        self.is_open = True

    def _check(self, collections: Mapping[str, str], *, every_id: bool) -> None:
        """Compare collections with SQL: whole ones serve, the others are built anew. Raises IndexDamaged."""
        model = self._serving.model
        for space in self._vectors.populated_spaces():
            collection = collections.get(space)
            parts = self._index, self._vectors, space
            fault = fault_of(*parts, collection, model, every_id=every_id) if collection else None
            if fault:
                logger.warning("the collection of space %s is built anew: %s", space, fault)
            if collection and not fault:
                self._serving.add({space: collection})
            else:
                self._serving.leave({space})
                self._generations.want(space, model)
        self._check_at = time.monotonic() + self._check_seconds
        self._health.checked(utc_now())

    def _begin_builds(self) -> None:
        """Begin the builds that are asked for and for which there is room."""
        self._lacks_room = False
        self.builds = {space: one for space, one in self.builds.items() if one.model == self._serving.model}
        for generation in self._generations.of(self._serving.model):
            if generation.state == "wanted" and generation.space_id not in self.builds:
                if self._has_room_for(generation.space_id):
                    self.builds[generation.space_id] = self._build_of(generation)
                else:
                    self._lacks_room = True

    def _build_of(self, generation: Generation) -> Build:
        model, space = self._serving.model, generation.space_id
        return Build(self._index, self._vectors, generation, model, lambda: self._vectors.searched(space))

    def _has_room_for(self, space_id: str) -> bool:
        dimensions = self._embeddings.dimensions(self._serving.model) or EMBEDDED_DIMENSIONS
        return free_bytes(self._index.folder) >= room_for(self._searched(space_id), dimensions)

    def _searched(self, space_id: str) -> int:
        """How many vectors the collection of a space is to hold."""
        return sum(job.chunks for job in self._vectors.searched(space_id).values())

    def _finish(self, build: Build) -> None:
        """Let a built collection serve its space."""
        del self.builds[build.generation.space_id]
        self._generations.note_built(build.generation)
        self._serving.add({build.generation.space_id: build.generation.collection})
        self._switches.drop_unused()
