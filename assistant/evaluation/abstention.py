"""Whether the assistant knows what it does not know."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.domain import Turn
from assistant.evaluation import measures
from assistant.evaluation.asking import Asker
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet

SUITE = "abstention"
FALSE_ANSWERS = 0.05
"""The share of unanswerable questions that may be answered, at which coverage is told."""


def measured(asked: Sequence[Query]) -> list[Query]:
    """Return the questions of which it is known whether they can be answered, if there are both kinds."""
    known = [query for query in asked if query.answerable is not None]
    return known if len({query.answerable for query in known}) > 1 else []


def measure(one: QuestionSet, asked: Sequence[Query], asker: Asker) -> list[Figure]:
    """Return how well the estimate tells the two kinds apart, and how often the app's own threshold abstains.

    A question that never reached the documents has no estimate and counts as 0.
    """
    turns = asker.turns(asked)
    answerable = [turns[query.id] for query in asked if query.answerable]
    other = [turns[query.id] for query in asked if not query.answerable]
    yes, no = [_chance(turn) for turn in answerable], [_chance(turn) for turn in other]
    truths = [True] * len(yes) + [False] * len(no)
    return [
        Figure(SUITE, one.name, "AUROC", measures.auroc(yes, no), len(asked)),
        Figure(SUITE, one.name, "coverage at 5% false answers", measures.passed_at(yes, no, FALSE_ANSWERS), len(yes)),
        Figure(SUITE, one.name, "calibration error", measures.calibration_error([*yes, *no], truths), len(asked)),
        of_mean(SUITE, one.name, "answered of the answerable", [_answered(turn) for turn in answerable]),
        of_mean(SUITE, one.name, "answered of the unanswerable", [_answered(turn) for turn in other]),
    ]


def _chance(turn: Turn | None) -> float:
    return 0.0 if turn is None or turn.answerable is None else turn.answerable


def _answered(turn: Turn | None) -> float:
    return float(turn is not None and not turn.abstained)
