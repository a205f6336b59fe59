"""Texts told apart by labelled examples, the way questions are routed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from assistant.evaluation import measures
from assistant.evaluation.asking import Asker
from assistant.evaluation.figures import Figure, of_mean
from assistant.evaluation.progress import Progress
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import Labelled, QuestionSet
from assistant.evaluation.sampling import sample
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.nearest import NearestLabels

SUITE = "routing"
OUT_OF_SCOPE = frozenset({"oos", "out_of_scope"})
"""Labels of texts that belong to none of the others: never given as examples, they are to be found unsure."""
EXAMPLES = 10
"""Examples a label: about what an admin writes down."""
DRAWS = (1, 2, 3)
"""Seeds; what few examples are drawn matters, so the mean of three draws is told."""
HELD_OUT = 0.2
"""Share of the texts that is held out where a set has no texts of its own for that."""
BATCH = 64


@dataclass(frozen=True)
class _Texts:
    """Labelled texts with their vectors, a row each."""

    items: Sequence[Labelled]
    vectors: NDArray[np.float32]

    def part(self, places: Sequence[int]) -> _Texts:
        return _Texts([self.items[place] for place in places], self.vectors[list(places)])


@dataclass(frozen=True)
class _Found:
    """How well one draw of examples did: accuracy in scope and, where there is some text out of it, its AUROC."""

    accuracy: float
    count: int
    out_of_scope: float
    strange: int


def measure(one: QuestionSet, limit: int | None, embedder: MiniLM, progress: Progress) -> list[Figure]:
    """Return accuracy and AUROC of out-of-scope with few examples a label (mean of draws) and with all of them."""
    train, test = one.labelled("train"), one.labelled("val") or one.labelled("test")
    inside = [item for item in train if item.label not in OUT_OF_SCOPE]
    known = _embedded(inside, embedder, progress, one.name)
    other = _embedded(test, embedder, progress, one.name) if test else None
    few = [_draw(known, other, seed, limit) for seed in DRAWS]
    return [
        *_figures(one.name, f"{EXAMPLES} examples", few),
        *_figures(one.name, "all examples", [_all(known, other, limit)]),
    ]


def routed(asked: Sequence[Query]) -> list[Query]:
    """Return the questions of which it is known which route is theirs."""
    return [query for query in asked if query.route]


def measure_questions(one: QuestionSet, asked: Sequence[Query], asker: Asker) -> list[Figure]:
    """Return how many questions took their route in the chat."""
    turns = asker.turns(asked)
    plans = [(query.route, turn.plan) for query in asked if (turn := turns[query.id]) is not None]
    right = [float(plan is not None and plan.route == route) for route, plan in plans]
    return [of_mean(SUITE, one.name, "questions on their route", right)]


def _embedded(items: Sequence[Labelled], embedder: MiniLM, progress: Progress, name: str) -> _Texts:
    batches = [items[at : at + BATCH] for at in range(0, len(items), BATCH)]
    told = progress.over(batches, f"{name}: embedding texts, in batches of {BATCH}")
    return _Texts(items, np.vstack([embedder.embed([item.text for item in batch]) for batch in told]))


def _draw(known: _Texts, other: _Texts | None, seed: int, limit: int | None) -> _Found:
    """Draw EXAMPLES of each label; the rest, or the set's own texts for that, are told apart by them."""
    chosen = _few(known.items, seed)
    rest = sorted(set(range(len(known.items))) - chosen)
    return _tested(known.part(sorted(chosen)), other or known.part(rest), limit)


def _few(items: Sequence[Labelled], seed: int) -> set[int]:
    by_label: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        by_label[item.label].append(place)
    drawn = random.Random(seed)  # noqa: S311  # a sample, no secret
    return {
        place
        for _, places in sorted(by_label.items())
        for place in drawn.sample(places, min(EXAMPLES, max(1, len(places) - 1)))
    }


def _all(known: _Texts, other: _Texts | None, limit: int | None) -> _Found:
    if other is not None:
        return _tested(known, other, limit)
    places = list(range(len(known.items)))
    random.Random(DRAWS[0]).shuffle(places)  # noqa: S311  # a sample, no secret
    cut = int(len(places) * HELD_OUT)
    return _tested(known.part(places[cut:]), known.part(places[:cut]), limit)


def _tested(examples: _Texts, test: _Texts, limit: int | None) -> _Found:
    test = test.part(sample(range(len(test.items)), limit))
    nearest = NearestLabels([(item.text, item.label) for item in examples.items], examples.vectors)
    guesses = [nearest.classify(vector) for vector in test.vectors]
    pairs = list(zip(test.items, guesses, strict=True))
    right = [float(item.label == label) for item, (label, _) in pairs if item.label not in OUT_OF_SCOPE]
    sure = [confidence for item, (_, confidence) in pairs if item.label not in OUT_OF_SCOPE]
    strange = [confidence for item, (_, confidence) in pairs if item.label in OUT_OF_SCOPE]
    return _Found(measures.mean(right), len(right), measures.auroc(sure, strange), len(strange))


def _figures(name: str, examples: str, found: Sequence[_Found]) -> list[Figure]:
    accuracy = fmean(one.accuracy for one in found)
    figures = [Figure(SUITE, name, f"accuracy, {examples}", accuracy, found[0].count)]
    if found[0].strange:
        strange = fmean(one.out_of_scope for one in found)
        figures.append(Figure(SUITE, name, f"out-of-scope AUROC, {examples}", strange, found[0].strange))
    return figures
