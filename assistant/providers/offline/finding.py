"""What the passages hold for one question, scored piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.providers.offline.question import Question
from assistant.providers.offline.scoring import Scored, score_by_meaning, score_by_words
from assistant.providers.offline.terms import content
from assistant.providers.offline.units import Unit, units
from assistant.providers.passages import PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

LEAST_COVERAGE = 0.2
"""Below this share of the question's words, and below LEAST_SIMILARITY, a sentence is about something else."""

LEAST_SIMILARITY = 0.3
COVERED = 0.3
"""Share of the words of a part of a question from which a passage is about it, or else from NEAR_MEANING (cosine).

Low, since a part that the documents do not answer is given no passages: "mileage rate" shares less than half of its
words with "The mileage allowance is ..."."""

NEAR_MEANING = 0.5


@dataclass(frozen=True, slots=True)
class Found:
    """What the passages hold for one question, scored."""

    question: Question
    passages: Sequence[PromptPassage]
    pieces: Sequence[Unit]
    scored: Sequence[Scored]
    by_words: Sequence[Scored]
    embedder: MiniLM

    @property
    def best(self) -> Unit:
        """The likeliest piece."""
        return self.scored[0].unit

    def words_around(self, unit: Unit) -> set[str]:
        """Return the stems of a piece, of the column names above it and of the document it stands in."""
        return {*unit.terms, *unit.header, *content(self.passages[unit.passage].document)}


def covered(found: Found) -> bool:
    """Return whether a passage speaks of what a part of a question is about; how well it answers is another matter."""
    best = found.scored[0].features
    return best["passage"] >= COVERED or best.get("similarity", 0.0) >= NEAR_MEANING


def search(question: Question, passages: Sequence[PromptPassage], embedder: MiniLM) -> Found | None:
    """Score the pieces of passages; None when not even the best one is about the question."""
    pieces = [piece for place, passage in enumerate(passages) for piece in units(passage, place)]
    by_words = score_by_words(question, passages, pieces)
    scored = score_by_meaning(question, by_words, embedder)
    if not scored or not _about(scored[0]):
        return None
    return Found(question, passages, pieces, scored, by_words, embedder)


def _about(best: Scored) -> bool:
    """Whether the best piece is about the question at all; how good the evidence is was decided before."""
    return best.features["context"] >= LEAST_COVERAGE or best.features.get("similarity", 0.0) >= LEAST_SIMILARITY
