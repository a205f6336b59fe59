"""Whether a collection holds what SQL says: counts agree, and stored vectors find themselves.

A folder that lost vectors often still counts right, so a count alone says little.
"""

from __future__ import annotations

from assistant.knowledge.exact import decode
from assistant.knowledge.index import VectorIndex
from assistant.storage.vectors import StoredVector, Vectors

# Silent losses that were seen took 6 % of the vectors or more: a look at 50 misses those once in 20 times.
PROBES = 50
PROBE_DEPTH = 10
# The graph is walked by chance in part: a vector that was not met is looked for among so many.
SECOND_DEPTH = 500
# Where equal passages fill the ranks, one of them is as good as the other; float16 costs less than this.
AS_NEAR = 0.999


def fault_of(
    index: VectorIndex, vectors: Vectors, space_id: str, collection: str, model: str, *, every_id: bool
) -> str | None:
    """Return what is wrong with the collection of a space; None when nothing is. Raises IndexDamaged.

    ``every_id`` looks for each one, as after a crash: one document may be missing where another one is too much.
    """
    least, most = vectors.expected(space_id)
    count = index.count(collection)
    if not least <= count <= most:
        return f"{collection} holds {count} vectors instead of {least}"
    if every_id and (lost := vectors.searched_ids(space_id) - index.ids(collection)):
        return f"{collection} lacks {len(lost)} vectors"
    probes = vectors.sample(space_id, PROBES, model)
    for depth in (PROBE_DEPTH, SECOND_DEPTH):
        probes = _not_found(index, collection, probes, depth) if probes else []
    return f"{collection} does not find {len(probes)} of its vectors" if probes else None


def _not_found(index: VectorIndex, collection: str, probes: list[StoredVector], depth: int) -> list[StoredVector]:
    found = index.nearest(collection, decode([one.embedding for one in probes]), depth)
    return [
        probe
        for probe, hits in zip(probes, found, strict=True)
        if probe.chunk_id not in {hit.chunk_id for hit in hits}
        and not (len(hits) >= depth and hits[-1].similarity >= AS_NEAR)
    ]
