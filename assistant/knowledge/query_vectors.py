"""The vectors that a search goes by: always the embedded model's, and those of the model that serves.

A server that does not answer never holds a search up for long: it then goes by the embedded model, whose vectors
every chunk has, and the server is left alone for a while.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as WaitTimeout

import numpy as np
from numpy.typing import NDArray

from assistant import log
from assistant.errors import AssistantError, EmbeddingFailed
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.retrieval import OwnIndex, QueryVectors
from assistant.providers import embedders
from assistant.providers.api_embedder import ApiEmbedder
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings
from assistant.storage.embeddings import Embeddings
from assistant.storage.rows import EMBEDDED

logger = logging.getLogger(__name__)

Matrix = NDArray[np.float32]

ANSWER_SECONDS = 3.0
"""What a person who asks is made to wait for the server at most."""
ALONE_SECONDS = 30.0
"""How long a server that failed is not asked."""
CACHED_QUERIES = 256
# One question has up to three wordings in one request; this many people may wait for the server at once.
REQUESTS_AT_ONCE = 8
LOOK_SECONDS = 1.0
"""How old the knowledge of the model that serves may be in a process that does not own the index."""


class QueryEmbedding:
    """Embeds queries. ``notice`` says why searches go by another model than the one that serves; empty when not."""

    def __init__(self, settings: Settings, embedder: MiniLM, embeddings: Embeddings, exact: ExactSearches) -> None:
        self._settings = settings
        self._embedder = embedder
        self._embeddings = embeddings
        self._exact = exact
        self._own: OwnIndex | None = None
        self._looked_at = -LOOK_SECONDS
        self._seen = EMBEDDED
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, "query-vectors")
        self._lock = threading.Lock()
        self._server: ApiEmbedder | None = None
        self._cache: OrderedDict[tuple[str, str], NDArray[np.float32]] = OrderedDict()
        self._alone_until = 0.0
        self.notice = ""

    def follow(self, own: OwnIndex | None) -> None:
        """Take the word of this process's own index on the model that serves, and get ready to ask its server."""
        self._own = own
        if self.model() != EMBEDDED:
            self._pool.submit(self._warm, self.model())

    def close(self) -> None:
        """Ask no more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._server is not None:
            self._server.close()

    def model(self) -> str:
        """Return the model that serves: known in the process that owns the index, else looked up once a second."""
        if self._own is not None:
            return self._own.indexer.model
        if time.monotonic() - self._looked_at > LOOK_SECONDS:
            model = self._embeddings.served().model
            if model != self._seen:
                self._exact.forget()  # versions loaded as without a vector of the new model may have one by now
            self._seen, self._looked_at = model, time.monotonic()
        return self._seen

    def goes_to(self) -> str | None:
        """Name the host outside the house that is given the queries; None for none."""
        model = self.model()
        if model == EMBEDDED:
            return None
        serving = next((one for one in embedders.choices(self._settings) if one.id == model), None)
        return None if serving is None or serving.private else serving.host

    def vectors(self, person_id: str, queries: Sequence[str], embedded: Matrix | None = None) -> QueryVectors:
        """Return the vectors of this person's queries; ``embedded`` are the embedded model's, where they are there."""
        model = self.model()
        known = self._known(model, queries) if model != EMBEDDED else None
        asked = self._ask(model, queries, person_id) if model != EMBEDDED and known is None else None
        started = time.monotonic()
        embedded = self._embedder.embed(queries) if embedded is None else embedded
        if asked is not None:
            known = self._answer(asked, ANSWER_SECONDS - (time.monotonic() - started))
        return QueryVectors(embedded) if known is None else QueryVectors(embedded, model, known)

    def _known(self, model: str, queries: Sequence[str]) -> Matrix | None:
        """Return the queries' vectors where all of them were asked for before."""
        with self._lock:
            found = [self._cache.get((model, query)) for query in queries]
        vectors = [vector for vector in found if vector is not None]
        return np.stack(vectors) if len(vectors) == len(found) else None

    def _ask(self, model: str, queries: Sequence[str], person_id: str) -> Future[Matrix] | None:
        """Begin to ask the server, unless it is being left alone."""
        # What importing the SDK takes in a cold process is not the server's delay.
        if time.monotonic() < self._alone_until or not self._warm(model):
            return None
        return self._pool.submit(self._embedded_by, model, list(queries), person_id)

    def _answer(self, asked: Future[Matrix], seconds: float) -> Matrix | None:
        try:
            found = asked.result(max(seconds, 0.0))
        except WaitTimeout:
            asked.cancel()
            self._failed(f"The embeddings server did not answer within {ANSWER_SECONDS:.0f} seconds.")
        except AssistantError as error:
            self._failed(error.message)
        except Exception as error:
            self._failed(f"The embeddings server could not be asked (reference {log.record(logger, error)}).")
        else:
            self._answered()
            return found
        return None

    def _answered(self) -> None:
        if self.notice:
            logger.info("the embeddings server answers again")
            self.notice = ""
            self._exact.forget()  # what the searches in between loaded

    def _failed(self, sentence: str) -> None:
        self._alone_until = time.monotonic() + ALONE_SECONDS
        self.notice = f"{sentence} Until it answers, searches go by {embedders.label(EMBEDDED)}."
        logger.warning("%s", self.notice)

    def _embedded_by(self, model: str, queries: Sequence[str], person_id: str) -> Matrix:
        """Return the queries' vectors by the server."""
        made = self._server_of(model).embed(queries)
        # The person need not wait for the ledger.
        self._pool.submit(self._embeddings.note_use, person_id, made.record)
        with self._lock:
            self._cache |= {(model, query): vector for query, vector in zip(queries, made.vectors, strict=True)}
            while len(self._cache) > CACHED_QUERIES:
                self._cache.popitem(last=False)
        return made.vectors

    def _server_of(self, model: str) -> ApiEmbedder:
        server = self._server
        if server is None or server.model_id != model:
            server = self._server = server_of(model, self._settings, self._embeddings, ANSWER_SECONDS)
        return server

    def _warm(self, model: str) -> bool:
        """Get ready to ask the model's server; false, and noted, when it is not set up any more."""
        try:
            self._server_of(model).warm()
        except AssistantError as error:
            self._failed(error.message)
            return False
        return True


def server_of(model: str, settings: Settings, embeddings: Embeddings, seconds: float) -> ApiEmbedder:
    """Return what asks the server of this model; raises EmbeddingFailed when the settings do not have it any more."""
    target = embedders.target(model, settings)
    if target is None:
        raise EmbeddingFailed(f"{embedders.label(model)} is no longer set up; set it up again or pick another.")
    return ApiEmbedder(target, seconds, embeddings.dimensions(model))
