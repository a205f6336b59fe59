"""A collection being built from the vectors in SQL, a batch at a time, so that other work goes on in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from assistant.knowledge.exact import decode
from assistant.knowledge.index import BUILDING_BATCH, VectorIndex
from assistant.storage.generations import Generation
from assistant.storage.vectors import IndexJob, StoredVector, Vectors

Wanted = Callable[[], Mapping[int, IndexJob]]
# What Chroma's files take for a vector of 384 numbers is 1.3 times the bytes of the numbers.
ROOM_FOR_A_BYTE = 2
ROOM_AT_LEAST = 2_000_000


class Build:
    """Fills a collection that nobody reads yet. ``wanted`` gives the versions that it is to hold by their ids.

    What comes to be searched meanwhile is added as well, what goes is taken out again.
    """

    def __init__(
        self, index: VectorIndex, vectors: Vectors, generation: Generation, model: str, wanted: Wanted
    ) -> None:
        self.generation = generation
        self.model = model
        self.done = self.total = 0
        self.is_whole = False
        self._index = index
        self._vectors = vectors
        self._wanted = wanted
        self._is_made = False
        self._revision: int | None = None
        self._seen: Mapping[int, IndexJob] = {}
        self._added: dict[int, IndexJob] = {}
        # A version that is longer than a batch, and how many of its chunks are in.
        self._begun: tuple[IndexJob, int] | None = None
        # Versions some of whose chunks have no vector of the model as yet.
        self._lacking: set[int] = set()

    def step(self) -> bool:
        """Add the next batch; return whether nothing more can be added now. Raises IndexDamaged."""
        if not self._is_made:
            self._index.create(self.generation.collection)
            self._is_made = True
        wanted = self._look()
        self._take_out(wanted)
        missing = [job for id_, job in wanted.items() if id_ not in self._added and id_ not in self._lacking]
        if missing:
            self._add(self._next(missing))
        self.done = sum(job.chunks for job in self._added.values()) + (self._begun[1] if self._begun else 0)
        self.total = sum(job.chunks for job in wanted.values())
        left = wanted.keys() - self._added.keys()
        self.is_whole = not left
        if left - self._lacking:
            return False
        self._lacking.clear()
        return True

    def remove(self, job: IndexJob) -> None:
        """Take a version out again that is searched no more. Raises IndexDamaged."""
        is_begun = self._begun is not None and self._begun[0].version_id == job.version_id
        if is_begun or job.version_id in self._added:
            self._index.remove(self.generation.collection, job.chunk_ids())
        if is_begun:
            self._begun = None
        self._added.pop(job.version_id, None)

    def _look(self) -> Mapping[int, IndexJob]:
        """Return what is wanted now; looked up again when what searches see has changed."""
        revision = self._vectors.revision()
        if revision != self._revision:
            self._revision, self._seen = revision, self._wanted()
        return self._seen

    def _take_out(self, wanted: Mapping[int, IndexJob]) -> None:
        begun = [self._begun[0]] if self._begun else []
        for job in [*self._added.values(), *begun]:
            if job.version_id not in wanted:
                self.remove(job)

    def _next(self, missing: list[IndexJob]) -> list[IndexJob]:
        """Choose versions for a batch: the one that was begun, else as many as fit, at least one."""
        if self._begun and self._begun[0].version_id not in self._lacking:
            return [self._begun[0]]
        some, chunks = [missing[0]], missing[0].chunks
        for job in missing[1:]:
            chunks += job.chunks
            if chunks > BUILDING_BATCH:
                break
            some.append(job)
        return some

    def _add(self, jobs: list[IndexJob]) -> None:
        start = self._begun[1] if self._begun and self._begun[0] == jobs[0] else 0
        stored = self._vectors.stored([job.version_id for job in jobs], self.model, start, BUILDING_BATCH)
        of_version: dict[int, list[StoredVector]] = {}
        for one in stored:
            of_version.setdefault(one.version_id, []).append(one)
        for job in jobs:
            self._note(job, start, of_version.pop(job.version_id, []))
        some = [one for one in stored if one.version_id not in self._lacking]
        if some:
            matrix = decode([one.embedding for one in some])
            self._index.add(self.generation.collection, [one.chunk_id for one in some], matrix, serving=False)

    def _note(self, job: IndexJob, start: int, stored: list[StoredVector]) -> None:
        """Note how far this batch brings a version."""
        end = start + len(stored)
        if not stored or stored[-1].number != end - 1 or (end < job.chunks and len(stored) < BUILDING_BATCH):
            self._lacking.add(job.version_id)
        elif end < job.chunks:
            self._begun = job, end
        else:
            self._added[job.version_id] = job
            if self._begun and self._begun[0] == job:
                self._begun = None


def room_for(vectors: int, dimensions: int) -> int:
    """Return how many bytes of disk a build of so many vectors asks for."""
    return ROOM_AT_LEAST + ROOM_FOR_A_BYTE * vectors * dimensions * 4
