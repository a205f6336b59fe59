"""Changes for which the collections of several spaces are built beside those that serve, and switched all at once.

A change of the embedding model, and new chunks of documents. Given up, they leave nothing behind.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.index import VectorIndex
from assistant.knowledge.index_builds import Build
from assistant.knowledge.serving import Serving
from assistant.library import Run
from assistant.storage.embeddings import Embeddings
from assistant.storage.generations import Generations
from assistant.storage.runs import Runs, Standing
from assistant.storage.vectors import IndexJob, Vectors

logger = logging.getLogger(__name__)

NAMES_TOLD = 3
"""Of documents that could not be read anew; a sentence with a hundred names says no more."""


@dataclass
class Beside:
    """The collections of one change. ``run_id`` is None for a change of the model."""

    model: str
    run_id: int | None
    builds: list[Build]

    def step(self) -> bool:
        """Add a batch to the first collection that takes one; return whether none does now. Raises IndexDamaged."""
        return all(build.step() for build in self.builds)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing in any collection."""
        return all(build.is_whole for build in self.builds)

    @property
    def generation_ids(self) -> list[int]:
        """The collections by their ids."""
        return [build.generation.id for build in self.builds]

    @property
    def collections(self) -> dict[str, str]:
        """The collections by their spaces."""
        return {build.generation.space_id: build.generation.collection for build in self.builds}


class Switches:
    """The change that is under way, one at a time: a model first, then rebuilds in the order they were asked for."""

    def __init__(
        self,
        index: VectorIndex,
        serving: Serving,
        exact: ExactSearches,
        vectors: Vectors,
        generations: Generations,
        embeddings: Embeddings,
        runs: Runs,
    ) -> None:
        self._index = index
        self._serving = serving
        self._exact = exact
        self._vectors = vectors
        self._generations = generations
        self._embeddings = embeddings
        self._runs = runs
        self._next_model: str | None = None
        self._beside: Beside | None = None

    def change_to(self, model: str) -> None:
        """Build this model's collections and let them serve: every chunk that is searched has its vector now."""
        self._next_model = model

    @property
    def has_work(self) -> bool:
        """Whether a change is to be made or under way."""
        return self._next_model is not None or self._beside is not None or self._runs.has_leftovers()

    @property
    def builds(self) -> list[Build]:
        """The collections that are being built."""
        return self._beside.builds if self._beside else []

    def step(self) -> bool:
        """Do the next bit; return whether more can be done at once. Raises IndexDamaged."""
        if self._next_model is not None:
            return self._change_model(self._next_model)
        self._give_up_unwanted()
        self._runs.sweep()
        return any(self._advance(run) for run in self._runs.running())

    def step_unindexed(self) -> None:
        """Do what asks for no index: without documents a model changes at once, and what was given up goes."""
        if self._next_model is not None and not self._vectors.populated_spaces():
            model, self._next_model = self._next_model, None
            if self._embeddings.switch(model, []):
                self._serving.change(model, {})
        if self._runs.has_leftovers():
            self._runs.sweep()

    def remove(self, job: IndexJob) -> None:
        """Take a version out of what is being built. Raises IndexDamaged."""
        for build in self.builds:
            build.remove(job)

    def forget(self) -> None:
        """Forget what was built, which goes when the folder is opened again, and begin anew then."""
        beside, self._beside = self._beside, None
        if beside is not None and beside.run_id is None:
            self._next_model = beside.model

    def drop_unused(self) -> None:
        """Drop collections that were followed by another one, and those that nothing names. Raises IndexDamaged."""
        every = self._generations.of(self._serving.model)
        kept = {one.collection for one in every if one.state != "retired"}
        kept |= {build.generation.collection for build in self.builds}
        for stray in self._index.names() - kept:
            self._index.drop(stray)
        self._generations.forget([one.id for one in every if one.state == "retired"])

    def _drop(self) -> None:
        """Remove what was built."""
        beside, self._beside = self._beside, None
        if beside is None:
            return
        for build in beside.builds:
            self._index.drop(build.generation.collection)
        self._generations.forget(beside.generation_ids)

    def _change_model(self, model: str) -> bool:
        if self._embeddings.served().wanted != model:
            self._next_model = None
            self._drop()
            return False
        beside = self._begun(model, None, self._vectors.populated_spaces())
        if not beside.step():
            return True
        self._next_model = None
        if beside.is_whole and self._embeddings.switch(model, beside.generation_ids):
            logger.info("searches go by %s from now on", model)
            self._beside = None
            self._serving.change(model, beside.collections)
            self._exact.forget()
            self.drop_unused()
        # Else a chunk came that has no vector yet: this is called again as soon as it has.
        return False

    def _give_up_unwanted(self) -> None:
        """Drop what belongs to a change that was called off."""
        beside = self._beside
        if beside is None:
            return
        wanted: Iterable[int | None] = [run.id for run in self._runs.running()]
        if beside.run_id is None:
            wanted = [None] if self._embeddings.served().wanted == beside.model else []
        if beside.run_id not in wanted:
            self._drop()

    def _advance(self, run: Run) -> bool:
        """Bring a rebuild on; return whether more can be done at once."""
        standing = self._runs.standing(run.id)
        if standing.due:
            return False
        if run.kind == "documents":
            self._end_one_by_one(run, standing)
            return False
        if not standing.whole:
            self._runs.end(run.id, "failed", _could_not(standing) or "Its documents were deleted.")
            return False
        beside = self._begun(self._serving.model, run.id, standing.spaces)
        if not beside.step():
            return True
        if beside.is_whole:
            self._switch(run, beside, _could_not(standing))
        return False

    def _end_one_by_one(self, run: Run, standing: Standing) -> None:
        """End a rebuild whose documents take their place by themselves, once none of them still has to."""
        if not standing.whole:
            self._runs.end(run.id, "failed" if len(standing.failed) == run.total else "done", _could_not(standing))

    def _switch(self, run: Run, beside: Beside, told: str | None) -> None:
        """Switch documents and collections; exact search answers in between, so that nothing is missed."""
        before = {space: self._serving.collection_of(space, beside.model) for space in beside.collections}
        self._serving.leave(set(before))
        if self._runs.switch(run.id, beside.generation_ids, told):
            logger.info("rebuild %s is whole: %s documents", run.id, run.total)
            self._beside = None
            self._serving.add(beside.collections)
            self.drop_unused()
        else:
            self._serving.add({space: name for space, name in before.items() if name})
        self._exact.forget()

    def _begun(self, model: str, run_id: int | None, spaces: Iterable[str]) -> Beside:
        """Return what is being built for a change, begun anew where it is for another one or for other spaces."""
        beside = self._beside
        if beside and (beside.model, beside.run_id, set(beside.collections)) == (model, run_id, set(spaces)):
            return beside
        self._drop()
        self._beside = Beside(model, run_id, [self._build(space, model, run_id) for space in spaces])
        return self._beside

    def _build(self, space_id: str, model: str, run_id: int | None) -> Build:
        generation = self._generations.beside(space_id, model)
        return Build(self._index, self._vectors, generation, model, lambda: self._vectors.searched(space_id, run_id))


def _could_not(standing: Standing) -> str | None:
    if not standing.failed:
        return None
    count = len(standing.failed)
    some = " ".join(standing.failed[:NAMES_TOLD])
    return f"Could not be read anew and stay as they were: {count} of the documents. {some}"
