"""Embedding models behind OpenAI's interface, asked through the openai SDK: OpenAI's own and any server like it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Usage, UsageRecord
from assistant.errors import EmbeddingFailed
from assistant.providers.clients import CONNECT_SECONDS
from assistant.providers.embedders import Target

if TYPE_CHECKING:
    import openai
    from openai import OpenAI
    from openai.types import CreateEmbeddingResponse

logger = logging.getLogger(__name__)

# OpenAI takes 2,048 texts and 300,000 tokens at once; small servers take far less. A chunk has about 170 tokens.
BATCH_TEXTS = 64
BATCH_CHARACTERS = 64_000
MOST_RETRY_SECONDS = 600.0
MOST_TOKENS = 10_000_000
"""Of one request: a hundred times what its characters can come to."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Unit vectors, a row for each text, and the line for the usage ledger."""

    vectors: NDArray[np.float32]
    record: UsageRecord


class ApiEmbedder:
    """Asks once for each batch: waits between tries are the caller's. Safe to use from several threads.

    ``seconds`` bounds each wait for the server. ``dimensions`` are those of vectors stored under this model; a server
    that gives others runs another model under the same name.
    """

    def __init__(self, target: Target, seconds: float, dimensions: int | None = None) -> None:
        self.target = target
        self._seconds = seconds
        self._dimensions = dimensions or target.dimensions
        self._opened: OpenAI | None = None

    @property
    def model_id(self) -> str:
        """The id that its vectors are stored under."""
        return self.target.id

    def warm(self) -> None:
        """Import the SDK and make the client; nothing is asked."""
        self._client()

    def close(self) -> None:
        """Close the connections."""
        if self._opened is not None:
            self._opened.close()

    def embed(self, texts: Sequence[str]) -> Embedded:
        """Return one unit vector for each of at least one text, in their order. Raises EmbeddingFailed."""
        parts = [self._batch(batch) for batch in _batches(texts)]
        tokens = [counted for _, counted in parts]
        usage = Usage(
            requests=len(parts),
            input_tokens=sum(counted if counted is not None else 0 for counted in tokens),
            cost=cost_of(self.target, tokens),
            estimated=None in tokens,
        )
        return Embedded(np.concatenate([matrix for matrix, _ in parts]), self._record(usage))

    def _record(self, usage: Usage) -> UsageRecord:
        """The ledger's line; it belongs to no turn and gets an id of its own."""
        return UsageRecord(f"embedding-{uuid4().hex}", 1, "embedding", self.target.provider, self.target.model, usage)

    def _batch(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], int | None]:
        reply = self._asked(texts)
        try:
            ordered = sorted(reply.data, key=lambda one: one.index)
            matrix = np.array([one.embedding for one in ordered], dtype=np.float32)
        except (AttributeError, TypeError, ValueError) as error:
            raise self._failure("gave an answer that holds no vectors; check its address") from error
        self._check(matrix, len(texts))
        self._dimensions = matrix.shape[1]
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True), _counted(reply)

    def _check(self, matrix: NDArray[np.float32], texts: int) -> None:
        if matrix.ndim != 2 or len(matrix) != texts:
            raise self._failure(f"gave {len(matrix)} vectors for {texts} texts")
        if self._dimensions not in (None, matrix.shape[1]):
            raise self._failure(
                f"gave vectors of {matrix.shape[1]} numbers where those stored have {self._dimensions}: it runs "
                "another model under this name"
            )
        if not np.isfinite(matrix).all() or not matrix.any(axis=1).all():
            raise self._failure("gave vectors that cannot be compared (zero, or not a number)")

    def _asked(self, texts: Sequence[str]) -> CreateEmbeddingResponse:
        import openai

        client = self._client()
        # Told nothing, the SDK asks for base64 and decodes it; told base64, it leaves that to us.
        encoding: Literal["float"] | openai.Omit = openai.omit if self.target.compact else "float"
        try:
            return client.embeddings.create(model=self.target.model, input=list(texts), encoding_format=encoding)
        except Exception as error:
            raise self._told(error) from error

    def _client(self) -> OpenAI:
        if self._opened is None:
            # The SDK looks at this module in sys.modules, where it stands half made while another thread (Chroma's)
            # is importing it; this waits until it is whole.
            import httpx  # noqa: F401  # imported to be whole, not to be used
            import openai

            from assistant.providers.openai_headers import NO_KEY, for_another

            secret = self.target.key.get_secret_value() if self.target.key else None
            self._opened = openai.OpenAI(
                api_key=secret or NO_KEY,
                base_url=self.target.address,
                timeout=openai.Timeout(self._seconds, connect=min(CONNECT_SECONDS, self._seconds)),
                max_retries=0,
                http_client=openai.DefaultHttpxClient(follow_redirects=False),
                default_headers=None if self.target.compact else for_another(secret),
            )
        return self._opened

    def _told(self, error: Exception) -> EmbeddingFailed:
        """Return the error in a sentence; the provider's own words go to the log only."""
        import openai

        said = str(error).replace(self.target.key.get_secret_value(), "[key]") if self.target.key else str(error)
        logger.warning("embedding by %s failed: %s: %.500s", self.target.id, type(error).__name__, said)
        if isinstance(error, openai.APITimeoutError):
            return self._failure(f"did not answer within {self._seconds:.0f} seconds")
        if isinstance(error, openai.APIConnectionError):
            return self._failure(f"cannot be reached at {urlsplit(self.target.address).hostname}")
        if isinstance(error, openai.APIStatusError):
            return self._refused(error)
        return self._failure("gave an answer that holds no vectors; check its address")

    def _refused(self, error: openai.APIStatusError) -> EmbeddingFailed:
        status = error.status_code
        if status in (401, 403):
            return self._failure(f"refused the key; check {self.target.key_variable}")
        if status == 404:
            return self._failure(f"knows no embedding model {self.target.model!r} at this address")
        if error.code == "insufficient_quota" or status == 402:
            return self._failure("has no quota left for this key; its account must be topped up")
        if status == 429:
            return self._failure("asks to slow down", _retry_after(error))
        if status < 500:
            return self._failure(f"refused the request (status {status})")
        return self._failure(f"has a fault of its own (status {status})", _retry_after(error))

    def _failure(self, what: str, retry_after: float | None = None) -> EmbeddingFailed:
        return EmbeddingFailed(f"{self.target.label} {what}.", retry_after)


def cost_of(target: Target, tokens: Sequence[int | None]) -> Decimal | None:
    """US dollars for the tokens of some requests; None where a price or a count is not known."""
    counted = [count for count in tokens if count is not None]
    if target.price is None or len(counted) < len(tokens):
        return None
    return target.price * sum(counted) / 1_000_000


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    characters = 0
    for text in texts:
        if batch and (len(batch) == BATCH_TEXTS or characters + len(text) > BATCH_CHARACTERS):
            yield batch
            batch, characters = [], 0
        batch.append(text)
        characters += len(text)
    if batch:
        yield batch


def _counted(reply: CreateEmbeddingResponse) -> int | None:
    """The tokens that the server counted; None without a count, or with one that no request can have."""
    counted = getattr(reply.usage, "total_tokens", None)
    return counted if type(counted) is int and 0 <= counted <= MOST_TOKENS else None


def _retry_after(error: openai.APIStatusError) -> float | None:
    """Seconds of the Retry-After header, where it has a plain number; at most ten minutes."""
    try:
        seconds = float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(max(seconds, 0.0), MOST_RETRY_SECONDS)
