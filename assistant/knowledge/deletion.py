"""Proves that deleted documents are gone: looks for each trace of them, and writes what it found to the audit log.

What the proof does not reach: copies that were made before (a backup, a download), the quotes that earlier answers
keep, which say that their source was deleted, and the bytes of vectors in the index until it is next built anew;
without their ids nothing finds those.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from assistant.knowledge.source_view import forget_pictures, pictures_of
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.deletions import Deletion, is_any_unproven, mark_proven, rows_left, still_used, unproven
from assistant.storage.purge import forget_words

Holding = Callable[[Sequence[str]], int]
"""Counts how many of these chunk ids any collection of the vector index still holds."""

PAUSE_SECONDS = 60.0
"""A deletion of which something is left is looked at again after so long; the log has what that is."""

logger = logging.getLogger(__name__)


class Deletions:
    """The deletions that are still to be proven. Used by the process that owns the vector index."""

    def __init__(self, database: Database, blobs: Blobs, cache: Path) -> None:
        """``cache`` is the folder in which pictures of pages are kept."""
        self._database = database
        self._blobs = blobs
        self._cache = cache
        self._again_at = 0.0

    @property
    def are_due(self) -> bool:
        """Whether there is a deletion that was not proven yet and may be looked at now."""
        return time.monotonic() >= self._again_at and is_any_unproven(self._database)

    def prove(self, holding: Holding) -> None:
        """Check each deletion whose rows were removed; one of which something is left is looked at again later."""
        deletions = unproven(self._database)
        if deletions and not forget_words(self._database):
            return
        proven = [self._prove(deletion, holding) for deletion in deletions]
        if not all(proven):
            self._again_at = time.monotonic() + PAUSE_SECONDS

    def _prove(self, deletion: Deletion, holding: Holding) -> bool:
        used = still_used(self._database, deletion.digests)
        own = [digest for digest in deletion.digests if digest not in used]
        for digest in own:
            forget_pictures(self._cache, digest)
        left = {
            **rows_left(self._database, deletion),
            "vectors": holding(list(deletion.chunk_ids())),
            "originals": sum(self._blobs.path(digest).exists() for digest in own),
            "pictures": sum(pictures_of(self._cache, digest) for digest in own),
        }
        if any(left.values()):
            logger.error("the deleted document %s is not gone yet: %s", deletion.document_id, left)
            return False
        chunks = sum(chunks for _, chunks in deletion.vectors)
        proof = {"looked_for": {"versions": len(deletion.versions), "chunks": chunks}, "left": left}
        mark_proven(self._database, deletion, {**proof, "kept_for_other_documents": sorted(used)})
        return True
