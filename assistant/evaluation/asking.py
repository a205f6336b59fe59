"""The questions of a set asked in the chat, as people ask them; each once a run, whatever many suites look at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from assistant.domain import OFFLINE, ModelChoice, Turn, TurnStatus
from assistant.errors import AssistantError, QuestionRefused
from assistant.evaluation.library import Library
from assistant.evaluation.progress import Progress
from assistant.evaluation.queries import Query

ENDED_BADLY = (TurnStatus.FAILED, TurnStatus.CUT, TurnStatus.STOPPED)


@dataclass(frozen=True)
class Asker:
    """Asks in one set's library; ``choice`` is the model that answers."""

    library: Library
    progress: Progress
    set: str
    choice: ModelChoice = field(default_factory=lambda: ModelChoice(OFFLINE))
    _turns: dict[str, Turn | None] = field(default_factory=dict)

    def turns(self, asked: Sequence[Query]) -> Mapping[str, Turn | None]:
        """Return the ended turn of each question by its id; None for one that was refused before it began.

        Raises AssistantError when the model does not answer: figures of some of the questions would mislead.
        """
        new = [query for query in asked if query.id not in self._turns]
        for query in self.progress.over(new, f"{self.set}: asking"):
            self._turns[query.id] = self._ask(query)
        return {query.id: self._turns[query.id] for query in asked}

    def _ask(self, query: Query) -> Turn | None:
        stack = self.library.stack
        history = list(query.history) or None
        try:
            running = stack.open_chat().ask(stack.person, None, query.text, self.choice, history, limited=False)
        except QuestionRefused:
            return None
        turn = running.result().turn
        if turn.status in ENDED_BADLY:
            why = turn.error.message if turn.error else "The answer did not come to its end."
            raise AssistantError(f"A question of {self.set} was not answered: {why}")
        return turn
