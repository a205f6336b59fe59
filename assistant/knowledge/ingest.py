"""The two steps that make a version searchable: read it, embed it. Each may be run again after any crash."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

from assistant import log
from assistant.domain import DocumentStatus
from assistant.errors import AssistantError
from assistant.knowledge.chunking import chunk, contextual_text
from assistant.knowledge.exact import encode
from assistant.knowledge.findings import findings_of
from assistant.knowledge.pauses import Pauses
from assistant.knowledge.reading import Reader, Watch
from assistant.knowledge.suspects import Suspects
from assistant.providers.minilm import MiniLM
from assistant.storage.blobs import Blobs
from assistant.storage.database import DatabaseTrouble
from assistant.storage.disk import is_disk_full
from assistant.storage.ingestion import Claim, GivesWay, Ingestion, Job, LostClaim, NotNow, Unembedded

logger = logging.getLogger(__name__)

# Progress is written at most five times a second: each write takes the one write lock and an fsync.
PROGRESS_SECONDS = 0.2
# Where there is nothing to tell but that this worker is at it.
BEAT_SECONDS = 1.0
# Chunks are taken in windows, sorted by length, and stored in groups: about a second's work on one core.
WINDOW = 256
GROUP = 16
# Seconds of embedding after which a long document lets those go ahead that were not begun yet.
TURN_SECONDS = 10.0
# A document that ended so many attempts without any progress in between is given up.
STARTS_ALLOWED = 10
DISK_FULL = "The disk is full. Make room on it; reading this document then goes on by itself."


class Ingest:
    """The steps with what they work on. ``executor`` runs embedding, one thread a core."""

    def __init__(
        self,
        store: Ingestion,
        blobs: Blobs,
        reader: Reader,
        embedder: MiniLM,
        executor: Executor,
        pauses: Pauses | None = None,
        turn_seconds: float = TURN_SECONDS,
        suspects: Suspects | None = None,
    ) -> None:
        self._store = store
        self._blobs = blobs
        self._reader = reader
        self._embedder = embedder
        self._executor = executor
        self._pauses = pauses or Pauses()
        self._turn_seconds = turn_seconds
        self._suspects = suspects
        self._stopped = threading.Event()

    def read(self, job: Job) -> bool:
        """Parse and chunk the original and store the result; False when nothing is left to do for this job."""
        return self._guarded(job, self._read)

    def embed(self, job: Job) -> bool:
        """Embed the chunks without a vector and hand the version to the index."""
        return self._guarded(job, self._embed)

    def stop(self) -> None:
        """Let go of what is under way within about a second; it stays due."""
        self._stopped.set()

    def _guarded(self, job: Job, step: Callable[[Claim], None]) -> bool:
        """Run a step on the claimed job; an error becomes the document's sentence.

        What is not the document's fault leaves the job due, with a pause before its next attempt.
        """
        try:
            done = self._attempt(job, step)
        except LostClaim:
            logger.info("version %s is no longer wanted in attempt %s", job.version_id, job.attempt)
        except NotNow:
            self._pauses.wait_for_turn(job)
        except GivesWay:
            self._pauses.give_way(job)
        except (OSError, DatabaseTrouble) as error:
            self._trouble(job, error)
        else:
            self._pauses.went_well()
            return done
        return False

    def _attempt(self, job: Job, step: Callable[[Claim], None]) -> bool:
        claim = self._store.claim(job)
        try:
            _need_starts_left(claim)
            step(claim)
        except AssistantError as error:
            self._store.fail(job, error.message)
            return False
        except (LostClaim, NotNow, GivesWay, OSError, DatabaseTrouble):
            raise
        except Exception as error:
            self._store.fail(job, _sentence(log.record(logger, error)))
            return False
        return True

    def _trouble(self, job: Job, error: OSError | DatabaseTrouble) -> None:
        if not is_disk_full(error):
            logger.warning("version %s in attempt %s: %s", job.version_id, job.attempt, error)
            self._pauses.after_trouble(job)
            return
        self._pauses.disk_is_full(job)
        with suppress(OSError, DatabaseTrouble):  # there may be no room for the sentence either
            self._store.say(job, DISK_FULL)

    def _read(self, claim: Claim) -> None:
        if claim.status is DocumentStatus.EMBEDDING:
            return
        original = self._blobs.path(claim.sha256)
        if not original.exists():
            raise AssistantError("The original of this document is missing from the data folder; upload it again.")
        progress = Progress(lambda done, total: self._store.progress(claim.job, done, total))
        parsed, note = self._reader.read(claim, original, Watch(progress, lambda: self._go_on(claim.job)))
        chunks = chunk(parsed, self._embedder.token_counts, parsed.title, self._paced(claim.job))
        digests = [digest_of(contextual_text(parsed.title, piece.heading_path, piece.text)) for piece in chunks]
        if not chunks:
            raise AssistantError("No text was found in this document.")
        suspects = self._suspects.among(chunks) if self._suspects else ()
        found = findings_of(parsed)
        self._store.store_parsed(claim.job, parsed, chunks, digests, self._embedder.model_id, note, suspects, found)

    def _paced(self, job: Job) -> Callable[[], None]:
        """Go on about once a second: cutting a long text takes a minute, and may be called off in its midst."""
        paced = Progress(lambda _done, _total: self._go_on(job), BEAT_SECONDS)
        return lambda: paced(0, 1)

    def _go_on(self, job: Job) -> None:
        """Show that this worker is at it; raises LostClaim once the job is not wanted, or not from this worker."""
        if self._stopped.is_set():
            raise LostClaim
        self._store.beat(job)

    def _embed(self, claim: Claim) -> None:
        began = time.monotonic()
        while window := self._store.unembedded(claim.job.version_id, WINDOW):
            if time.monotonic() - began > self._turn_seconds and self._store.others_wait(claim.job):
                raise GivesWay
            self._embed_window(claim.job, window)
        self._store.finish(claim.job)

    def _embed_window(self, job: Job, window: Sequence[Unembedded]) -> None:
        by_length = sorted(window, key=lambda one: (len(one.text), one.text))
        groups = [by_length[at : at + GROUP] for at in range(0, len(by_length), GROUP)]
        futures = [self._executor.submit(self._embed_group, job, group) for group in groups]
        try:
            for future in futures:
                future.result()
        finally:
            for future in futures:
                future.cancel()

    def _embed_group(self, job: Job, group: Sequence[Unembedded]) -> None:
        if self._stopped.is_set():
            raise LostClaim
        texts = {one.id: contextual_text(one.title, one.heading_path, one.text) for one in group}
        different = list(dict.fromkeys(texts.values()))
        vectors = dict(zip(different, encode(self._embedder.embed(different)), strict=True))
        self._store.store_vectors(job, {id_: vectors[text] for id_, text in texts.items()})


class Progress:
    """Passes progress on, at most once in ``seconds`` and always at the end."""

    def __init__(self, write: Callable[[int, int], None], seconds: float = PROGRESS_SECONDS) -> None:
        self._write = write
        self._seconds = seconds
        self._last = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Note that ``done`` of ``total`` are finished."""
        now = time.monotonic()
        if done >= total or now - self._last >= self._seconds:
            self._last = now
            self._write(done, total)


def digest_of(text: str) -> bytes:
    """Return what tells equal embedded texts."""
    return hashlib.sha256(text.encode()).digest()


def _need_starts_left(claim: Claim) -> None:
    if claim.starts > STARTS_ALLOWED:
        raise AssistantError(
            "Reading this document failed again and again without getting any further, so it was given up. "
            "Save it in another format and upload it again."
        )


def _sentence(reference: str) -> str:
    return (
        "Something went wrong while reading this document. Try again; "
        f"if it fails again, tell the administrator the reference {reference}."
    )
