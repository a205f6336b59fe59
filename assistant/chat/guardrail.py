"""What becomes of a question that reads like an attack on the assistant.

One beyond doubt is refused without asking a model. One that may be harmless is answered from the documents, on a turn
that can do nothing else: no tool with an effect is offered, and the history says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.domain import TurnError, TurnStatus
from assistant.errors import new_reference

if TYPE_CHECKING:
    from assistant.chat.ending import Ending
    from assistant.chat.steps import Steps

GUARD = "guard"
"""The kind of the step that a marked turn has."""
CATEGORY = "attack"
TITLE = "Answered from the documents only"
NOTE = "This question looks like an attempt to change how the assistant works; it was answered from the documents only."
REFUSED = (
    "This reads like an attempt to change how the assistant works, so it was not answered. "
    "If it is about the company's documents, ask for what you want to know in a plain sentence."
)


def refused() -> Ending:
    """Return the end of a turn whose question is an attack; nothing was asked of a model."""
    return TurnStatus.REFUSED, TurnError(CATEGORY, REFUSED, new_reference())


def mark(steps: Steps) -> None:
    """Tell, now and in the history, that a turn is answered with care."""
    steps.finish(steps.start(GUARD, TITLE, NOTE))
