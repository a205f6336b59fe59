"""What a turn will need of a question, begun while the question is being stored: its vector and its passages.

Storing waits for the disk and the embedding model for its arithmetic, so that the two fit side by side. One after the
other, embedding and searching took 17 of the 44 ms between a question's arrival and the model's request.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import CancelledError, Executor
from typing import TYPE_CHECKING

import numpy as np

from assistant import log as logs
from assistant.domain import Passage, Person

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from assistant.chat.deps import TurnDeps
    from assistant.providers.offline.attacks import Verdict

log = logging.getLogger(__name__)

PASSAGES = 8
"""As many as answer well without filling small context windows: 8 x 256 tokens."""


class HeadStart:
    """Embeds a question and searches for it in ``threads``; whoever asks for the results waits for them.

    ``question`` is written as the rules leave one that stands alone: its words with single blanks.
    """

    def __init__(self, threads: Executor, deps: TurnDeps, person: Person, question: str) -> None:
        self.question = " ".join(question.split())
        self._deps = deps
        self._person = person
        self._rows: dict[str, NDArray[np.float32]] = {}
        # In this order: a thread that searches waits for a vector that another one is making already.
        self._vector = threads.submit(deps.embedder.embed, [self.question])
        self._passages = threads.submit(self._search)
        self._verdict = threads.submit(self._judge)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row for each text; blocks. Only what was not asked for before is embedded."""
        if self.question in texts:
            self._rows.setdefault(self.question, self._vector.result()[0])
        fresh = [text for text in texts if text not in self._rows]
        if fresh:
            self._rows.update(zip(fresh, self._deps.embedder.embed(fresh), strict=True))
        return np.stack([self._rows[text] for text in texts])

    def there(self, queries: Sequence[str]) -> list[Passage] | None:
        """Return what ``passages`` would if that is there already; never blocks."""
        return self.passages(queries) if self._passages.done() else None

    def passages(self, queries: Sequence[str]) -> list[Passage] | None:
        """Return what was found when these ``queries`` are the question alone; blocks. None when not, or in trouble."""
        if tuple(queries) != (self.question,):
            self._passages.cancel()
            return None
        try:
            return self._passages.result()
        except (Exception, CancelledError):  # the turn searches itself, and tells what is wrong
            return None

    def nearest(self) -> float | None:
        """Return the cosine of the question with the nearest of what was found, 0 when there is nothing; blocks.

        None in trouble.
        """
        found = self.passages((self.question,))
        return None if found is None else max((passage.similarity for passage in found), default=0.0)

    def verdict(self) -> Verdict | None:
        """Return what the guardrail makes of the question; blocks. None in trouble, which is logged."""
        try:
            return self._verdict.result()
        except (Exception, CancelledError) as error:  # a question is not lost because the guardrail cannot be asked
            logs.record(log, error)
            return None

    def _judge(self) -> Verdict:
        return self._deps.attacks.judge(self.question, self._vector.result()[0])

    def _search(self) -> list[Passage]:
        vectors = self._vector.result()
        return self._deps.knowledge.retrieve(self._person, [self.question], PASSAGES, vectors)
