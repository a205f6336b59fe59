"""Texts told apart by labelled examples, the way questions are routed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from assistant.providers.offline.nearest import NearestLabels, with_names

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


Vectors = Mapping[str, NDArray[np.float32]]
"""The vector of each text."""
Split = tuple[Sequence[Labelled], Sequence[Labelled]]
"""Texts that serve as examples, and those to be told apart by them."""


@dataclass(frozen=True)
class _Found:
    """How well one draw of examples did: accuracy in scope and, where there is some text out of it, its AUROC."""

    accuracy: float
    count: int
    out_of_scope: float
    strange: int


def measure(one: QuestionSet, limit: int | None, embedder: MiniLM, progress: Progress) -> list[Figure]:
    """Return accuracy and AUROC of out-of-scope with few examples a label (mean of draws) and with all of them.

    With a ``limit`` so many texts are told apart, and the costly run with all examples is left out.
    """
    train = [item for item in one.labelled("train") if item.label not in OUT_OF_SCOPE]
    own = sample(one.labelled("val") or one.labelled("test"), limit)
    draws = [_draw(train, own, seed, limit) for seed in DRAWS]
    splits = draws if limit else [*draws, _all(train, own)]
    texts = sorted({item.text for split in splits for part in split for item in part})
    vectors = _embedded(texts, embedder, progress, one.name)
    few = [_tested(examples, test, vectors) for examples, test in draws]
    every = [_tested(examples, test, vectors) for examples, test in splits[len(draws) :]]
    return [*_figures(one.name, f"{EXAMPLES} examples", few), *_figures(one.name, "all examples", every)]


def routed(asked: Sequence[Query]) -> list[Query]:
    """Return the questions of which it is known which route is theirs."""
    return [query for query in asked if query.route]


def measure_questions(one: QuestionSet, asked: Sequence[Query], asker: Asker) -> list[Figure]:
    """Return how many questions took their route in the chat."""
    turns = asker.turns(asked)
    plans = [(query.route, turn.plan) for query in asked if (turn := turns[query.id]) is not None]
    right = [float(plan is not None and plan.route == route) for route, plan in plans]
    return [of_mean(SUITE, one.name, "questions on their route", right)]


def _embedded(texts: Sequence[str], embedder: MiniLM, progress: Progress, name: str) -> Vectors:
    batches = [texts[at : at + BATCH] for at in range(0, len(texts), BATCH)]
    told = progress.over(batches, f"{name}: embedding texts, in batches of {BATCH}")
    return {text: vector for batch in told for text, vector in zip(batch, embedder.embed(batch), strict=True)}


def _draw(train: Sequence[Labelled], own: Sequence[Labelled], seed: int, limit: int | None) -> Split:
    """Draw EXAMPLES of each label; the rest, or the set's own texts for that, are to be told apart by them."""
    chosen = _few(train, seed)
    rest = [item for place, item in enumerate(train) if place not in chosen]
    return _named([train[place] for place in sorted(chosen)]), own or sample(rest, limit)


def _named(examples: Sequence[Labelled]) -> list[Labelled]:
    """The examples and the names of their labels, as ``assistant classify`` takes them."""
    return [Labelled(text, label) for text, label in with_names([(item.text, item.label) for item in examples])]


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


def _all(train: Sequence[Labelled], own: Sequence[Labelled]) -> Split:
    if own:
        return _named(train), own
    shuffled = sample(train, None)
    random.Random(DRAWS[0]).shuffle(shuffled)  # noqa: S311  # a sample, no secret
    cut = int(len(shuffled) * HELD_OUT)
    return _named(shuffled[cut:]), shuffled[:cut]


def _tested(examples: Sequence[Labelled], test: Sequence[Labelled], vectors: Vectors) -> _Found:
    known = np.stack([vectors[item.text] for item in examples])
    nearest = NearestLabels([(item.text, item.label) for item in examples], known)
    pairs = [(item, nearest.classify(item.text, vectors[item.text])) for item in test]
    right = [float(item.label == label) for item, (label, _) in pairs if item.label not in OUT_OF_SCOPE]
    sure = [confidence for item, (_, confidence) in pairs if item.label not in OUT_OF_SCOPE]
    strange = [confidence for item, (_, confidence) in pairs if item.label in OUT_OF_SCOPE]
    return _Found(measures.mean(right), len(right), measures.auroc(sure, strange), len(strange))


def _figures(name: str, examples: str, found: Sequence[_Found]) -> list[Figure]:
    if not found:
        return []
    accuracy = fmean(one.accuracy for one in found)
    figures = [Figure(SUITE, name, f"accuracy, {examples}", accuracy, found[0].count)]
    if found[0].strange:
        strange = fmean(one.out_of_scope for one in found)
        figures.append(Figure(SUITE, name, f"out-of-scope AUROC, {examples}", strange, found[0].strange))
    return figures
