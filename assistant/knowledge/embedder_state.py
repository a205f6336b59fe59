"""Which embedding model serves, which is to, and how far the change is: as an admin sees and changes it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal

from assistant.domain import Person
from assistant.errors import ProviderUnavailable
from assistant.knowledge.query_vectors import QueryEmbedding
from assistant.knowledge.reembedding import Reembedding
from assistant.knowledge.rights import Access
from assistant.providers import embedders
from assistant.providers.embedders import EmbedderChoice
from assistant.settings import Settings
from assistant.storage.embeddings import Embeddings
from assistant.storage.rows import EMBEDDED

logger = logging.getLogger(__name__)

ONLY_ADMINS = "Only administrators may see or change the embedding model."
TOKENS_PER_CHUNK = 172
"""The median over twelve filings in chunks of 1,000 characters, by MiniLM's tokenizer."""


@dataclass(frozen=True, slots=True)
class EmbedderState:
    """The embedding models there are, and how a change stands.

    ``serving`` and ``wanted`` are ids; ``wanted`` is None when no change is under way. ``done`` of ``total`` chunks
    have a vector of the wanted model (of the serving one without a change); ``speed`` is vectors a second, None where
    unknown. ``error`` says what keeps vectors from being made, ``notice`` why searches go by another model just now.
    """

    choices: tuple[EmbedderChoice, ...]
    serving: str
    wanted: str | None
    done: int
    total: int
    speed: float | None = None
    error: str = ""
    notice: str = ""

    def price_of(self, choice: EmbedderChoice) -> Decimal | None:
        """Roughly what a change to this model costs in US dollars; None where its price is not known."""
        return None if choice.price is None else choice.price * self.total * TOKENS_PER_CHUNK / 1_000_000

    @property
    def seconds_left(self) -> float | None:
        """How long the change will take yet at this speed; None where unknown."""
        return (self.total - self.done) / self.speed if self.wanted and self.speed else None


class EmbedderSwitch:
    """What admins may do about the embedding model. ``worker`` is None in a process that does not own the index."""

    def __init__(
        self,
        settings: Settings,
        access: Access,
        embeddings: Embeddings,
        queries: QueryEmbedding,
        worker: Reembedding | None,
    ) -> None:
        self._settings = settings
        self._access = access
        self._embeddings = embeddings
        self._queries = queries
        self._worker = worker

    def state(self, person: Person) -> EmbedderState:
        """Return how it stands. Raises NotAllowed."""
        self._access.need_admin(person, ONLY_ADMINS)
        served = self._embeddings.served()
        done, total = self._embeddings.counts(served.wanted or served.model)
        return EmbedderState(
            embedders.choices(self._settings),
            served.model,
            served.wanted,
            done,
            total,
            self._worker.speed if self._worker and served.wanted else None,
            served.problem or "",
            self._queries.notice if served.model != EMBEDDED else "",
        )

    def use(self, person: Person, model_id: str) -> EmbedderState:
        """Have this model serve as soon as every chunk has its vector; the one before serves until then.

        What an earlier, broken off change has made counts. Raises NotAllowed, NotFound for an unknown model,
        ProviderUnavailable for one that is not set up.
        """
        self._access.need_admin(person, ONLY_ADMINS)
        wanted = embedders.choice(model_id, self._settings)
        if wanted.problem:
            raise ProviderUnavailable(f"{wanted.label} cannot be used yet: {wanted.problem}")
        self._ask_for(person, model_id)
        return self.state(person)

    def cancel(self, person: Person) -> EmbedderState:
        """Call a change off; the serving model goes on, and what was made is kept. Raises NotAllowed."""
        self._access.need_admin(person, ONLY_ADMINS)
        self._ask_for(person, None)
        return self.state(person)

    def _ask_for(self, person: Person, model_id: str | None) -> None:
        logger.info("person %s wants the embedding model %s", person.id, model_id or "to stay as it is")
        self._embeddings.want(model_id, person.id)
        if self._worker:
            self._worker.wake()
