"""The two steps that make a version searchable: read it, embed it. Each may be run again after any crash."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor

from assistant import log
from assistant.domain import DocumentStatus
from assistant.errors import AssistantError
from assistant.knowledge.chunking import chunk, contextual_text
from assistant.knowledge.exact import encode
from assistant.knowledge.parsing.sandbox import ParserSandbox
from assistant.library import Chunk, ParsedDocument
from assistant.providers.minilm import MiniLM
from assistant.storage.blobs import Blobs
from assistant.storage.database import DatabaseTrouble
from assistant.storage.ingestion import Claim, Ingestion, Job, LostClaim, Unembedded

logger = logging.getLogger(__name__)

# Progress is written at most five times a second: each write takes the one write lock and an fsync.
PROGRESS_SECONDS = 0.2
# Chunks are taken in windows, sorted by length, and stored in groups: about a second's work on one core.
WINDOW = 256
GROUP = 16
# A document that ended so many workers without any progress in between is given up.
STARTS_ALLOWED = 10


class Ingest:
    """The steps with what they work on. ``executor`` runs embedding, one thread a core."""

    def __init__(
        self, store: Ingestion, blobs: Blobs, sandbox: ParserSandbox, embedder: MiniLM, executor: Executor
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._sandbox = sandbox
        self._embedder = embedder
        self._executor = executor

    def read(self, job: Job) -> bool:
        """Parse and chunk the original and store the result; False when nothing is left to do for this job."""
        return self._guarded(job, self._read)

    def embed(self, job: Job) -> bool:
        """Embed the chunks without a vector and hand the version to the index."""
        return self._guarded(job, self._embed)

    def _guarded(self, job: Job, step: Callable[[Claim], None]) -> bool:
        """Run a step on the claimed job; an error becomes the document's sentence."""
        try:
            claim = self._store.claim(job)
            try:
                step(claim)
            except AssistantError as error:
                self._store.fail(job, error.message)
                return False
            except (LostClaim, OSError, DatabaseTrouble):
                raise  # not the document's fault: the worker tries again
            except Exception as error:
                self._store.fail(job, _sentence(log.record(logger, error)))
                return False
        except LostClaim:
            logger.info("version %s is no longer wanted in attempt %s", job.version_id, job.attempt)
            return False
        return True

    def _read(self, claim: Claim) -> None:
        if claim.status is DocumentStatus.EMBEDDING:
            return
        if claim.starts > STARTS_ALLOWED:
            raise AssistantError(
                "Reading this document ended the worker process again and again, so it was given up. "
                "Save it in another format and upload it again."
            )
        original = self._blobs.path(claim.sha256)
        if not original.exists():
            raise AssistantError("The original of this document is missing from the data folder; upload it again.")
        progress = Progress(lambda done, total: self._store.progress(claim.job, done, total))
        parsed = self._sandbox.parse(original, claim.name, progress)
        chunks = chunk(parsed, self._embedder.token_counts, parsed.title)
        digests = [digest_of(contextual_text(parsed.title, piece.heading_path, piece.text)) for piece in chunks]
        self._store_parsed(claim.job, parsed, chunks, digests)

    def _store_parsed(
        self, job: Job, parsed: ParsedDocument, chunks: Sequence[Chunk], digests: Sequence[bytes]
    ) -> None:
        if not chunks:
            raise AssistantError("No text was found in this document.")
        self._store.store_parsed(job, parsed, chunks, digests, self._embedder.model_id)

    def _embed(self, claim: Claim) -> None:
        while window := self._store.unembedded(claim.job.version_id, WINDOW):
            by_length = sorted(window, key=lambda one: len(one.text))
            groups = [by_length[at : at + GROUP] for at in range(0, len(by_length), GROUP)]
            futures = [self._executor.submit(self._embed_group, claim.job, group) for group in groups]
            try:
                for future in futures:
                    future.result()
            finally:
                for future in futures:
                    future.cancel()
        self._store.finish(claim.job)

    def _embed_group(self, job: Job, group: Sequence[Unembedded]) -> None:
        texts = [contextual_text(one.title, one.heading_path, one.text) for one in group]
        vectors = encode(self._embedder.embed(texts))
        self._store.store_vectors(job, {one.id: vector for one, vector in zip(group, vectors, strict=True)})


class Progress:
    """Passes progress on, at most five times a second and always at the end."""

    def __init__(self, write: Callable[[int, int], None]) -> None:
        self._write = write
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` are finished."""
        now = time.monotonic()
        if done >= total or now - self._last >= PROGRESS_SECONDS:
            self._last = now
            self._write(done, total)


def digest_of(text: str) -> bytes:
    """Return what tells equal embedded texts."""
    return hashlib.sha256(text.encode()).digest()


def _sentence(reference: str) -> str:
    return (
        "Something went wrong while reading this document. Try again; "
        f"if it fails again, tell the administrator the reference {reference}."
    )
