"""The thread that makes the vectors of a model behind a server: for a change to it, and for new documents under it.

A change fills in what is missing batch by batch, each stored as soon as it is there, while the model before goes on
serving; a restart goes on where it stopped. Once nothing is missing the indexer builds the collections and switches.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from assistant import log
from assistant.errors import AssistantError, EmbeddingFailed
from assistant.knowledge.chunking import contextual_text
from assistant.knowledge.exact import encode
from assistant.providers.api_embedder import ApiEmbedder
from assistant.storage.database import Database
from assistant.storage.embeddings import Embeddings, Served
from assistant.storage.ingestion import Unembedded
from assistant.storage.rows import EMBEDDED

logger = logging.getLogger(__name__)

BATCH = 64
POLL_SECONDS = 1.0
FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 120.0
STOP_SECONDS = 2.0
# Batches over which the speed is taken.
SPEED_BATCHES = 20


class Outcome(Enum):
    """What one look at a model's missing vectors came to."""

    MADE = "made"
    WHOLE = "whole"
    PAUSED = "paused"


@dataclass
class Attempt:
    """How asking one model's server goes: failures in a row, and the moment before which it is left alone."""

    server: ApiEmbedder | None = None
    after: int = 0
    failures: int = 0
    not_before: float = 0.0
    problem: str = ""


class Reembedding:
    """Makes missing vectors. ``server_of`` gives what asks a model's server, ``complete`` hears of a whole model."""

    def __init__(
        self, database: Database, server_of: Callable[[str], ApiEmbedder], complete: Callable[[str], None]
    ) -> None:
        self._embeddings = Embeddings(database)
        self._server_of = server_of
        self._complete = complete
        self._attempts: dict[str, Attempt] = {}
        self._made: deque[tuple[float, int]] = deque(maxlen=SPEED_BATCHES)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reembedding", daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def close(self) -> None:
        """Stop; what a server that takes its time answers after this is dropped, and asked for at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def wake(self) -> None:
        """Look at once, and ask a server again that is being left alone."""
        self._attempts = {}
        self._made.clear()
        self._wake.set()

    @property
    def speed(self) -> float | None:
        """Vectors a second of late; None before there is anything to tell it by."""
        made = list(self._made)
        if len(made) < 2 or made[-1][0] <= made[0][0]:
            return None
        return sum(count for _, count in made[1:]) / (made[-1][0] - made[0][0])

    def _run(self) -> None:
        if self._embeddings.served().problem:
            self._embeddings.note(None)  # an earlier process's; what is still wrong is found out at once
        while not self._stop.is_set():
            more = False
            try:
                more = self._step(self._embeddings.served())
            except Exception:
                logger.exception("a step of the re-embedding failed; it is tried again")
            if not more:
                self._wake.wait(POLL_SECONDS)
                self._wake.clear()

    def _step(self, served: Served) -> bool:
        """Make one batch for documents that wait under the serving model, and one for the model that is wanted."""
        more = False
        if served.model != EMBEDDED:
            more = self._advance(served.model, waiting_only=True) is Outcome.MADE
        if served.wanted is None:
            return more
        outcome = Outcome.WHOLE if served.wanted == EMBEDDED else self._advance(served.wanted, waiting_only=False)
        if outcome is Outcome.WHOLE:
            self._complete(served.wanted)
        return more or outcome is Outcome.MADE

    def _advance(self, model: str, *, waiting_only: bool) -> Outcome:
        attempt = self._attempts.setdefault(model, Attempt())
        if time.monotonic() < attempt.not_before:
            if waiting_only:
                self._embeddings.tell_waiting(attempt.problem)
            return Outcome.PAUSED
        some = self._next(model, attempt, waiting_only)
        if not some:
            return Outcome.WHOLE
        try:
            self._make(model, attempt, some)
        except AssistantError as error:
            self._failed(attempt, error, waiting_only)
        except Exception as error:
            reference = log.record(logger, error)
            told = AssistantError(f"Embedding went wrong (reference {reference} in the log).")
            self._failed(attempt, told, waiting_only)
        else:
            self._went_well(attempt)
            return Outcome.MADE
        return Outcome.PAUSED

    def _next(self, model: str, attempt: Attempt, waiting_only: bool) -> list[Unembedded]:
        if waiting_only:
            return self._embeddings.missing(model, 0, BATCH, waiting_only=True)
        some = self._embeddings.missing(model, attempt.after, BATCH)
        if not some and attempt.after:
            # Lower ids may have come to be searched meanwhile.
            attempt.after = 0
            some = self._embeddings.missing(model, 0, BATCH)
        return some

    def _make(self, model: str, attempt: Attempt, some: list[Unembedded]) -> None:
        """Take over the vectors of equal chunks, ask for the others, store them."""
        known = self._embeddings.reuse(model, [one.id for one in some])
        left = [one for one in some if one.id not in known]
        if left:
            attempt.server = attempt.server or self._server_of(model)
            texts = [contextual_text(one.title, one.heading_path, one.text) for one in left]
            made = attempt.server.embed(texts)
            if self._stop.is_set():
                return
            vectors = dict(zip([one.id for one in left], encode(made.vectors), strict=True))
            self._embeddings.store(model, vectors, made.record)
        self._made.append((time.monotonic(), len(some)))
        attempt.after = some[-1].id

    def _went_well(self, attempt: Attempt) -> None:
        if attempt.failures:
            attempt.failures, attempt.problem = 0, ""
            self._embeddings.note(None)

    def _failed(self, attempt: Attempt, error: AssistantError, waiting_only: bool) -> None:
        """Say so, and leave the server alone for longer and longer, at least as long as it asks."""
        pause = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**attempt.failures)
        if isinstance(error, EmbeddingFailed):
            pause = max(pause, error.retry_after or 0.0)
        attempt.failures += 1
        attempt.not_before = time.monotonic() + pause
        attempt.problem = error.message
        attempt.server = None
        self._made.clear()
        logger.warning("embedding failed, next try in %.0f s: %s", pause, error.message)
        self._embeddings.note(error.message)
        if waiting_only:
            self._embeddings.tell_waiting(error.message)
