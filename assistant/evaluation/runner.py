"""Which suites apply to which set, and how a run goes through them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from assistant.evaluation import retrieval
from assistant.evaluation.figures import Figure
from assistant.evaluation.library import Library, Workplace, opened
from assistant.evaluation.queries import Query
from assistant.evaluation.question_sets import QuestionSet

SUITES = (retrieval.SUITE,)
SEED = 7
"""Draws the questions of a run with a limit: any number would do, this one is what the records have."""

Item = TypeVar("Item")
Note = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What is run: ``suites``, and at most ``limit`` questions (texts, files) of a set, drawn at random."""

    suites: Sequence[str] = SUITES
    limit: int | None = None


def run(sets: Sequence[QuestionSet], options: Options, place: Workplace, note: Note) -> Iterator[Figure]:
    """Give the figures of each set as it is done; ``note`` hears what was left out and why."""
    for one in sets:
        yield from _with_documents(one, options, place, note)


def applicable(one: QuestionSet) -> list[str]:
    """Return the names of the suites that a set has what they need for."""
    found = []
    if one.has_documents and retrieval.judged_of(one, one.queries):
        found.append(retrieval.SUITE)
    return found


def sample(items: Sequence[Item], limit: int | None) -> list[Item]:
    """Return at most ``limit`` items, in their order, drawn at random by a fixed seed."""
    if limit is None or limit >= len(items):
        return list(items)
    chosen = set(random.Random(SEED).sample(range(len(items)), limit))  # noqa: S311  # a sample, no secret
    return [item for place, item in enumerate(items) if place in chosen]


def _with_documents(one: QuestionSet, options: Options, place: Workplace, note: Note) -> Iterator[Figure]:
    suites = [suite for suite in applicable(one) if suite in options.suites]
    if not suites:
        return
    with opened(place, one) as library:
        _tell_unread(one, library, note)
        asked = sample(one.queries, options.limit)
        yield from retrieval.measure(one, asked, library, place.progress)


def _tell_unread(one: QuestionSet, library: Library, note: Note) -> None:
    if library.failed:
        note(f"{one.name}: {library.failed} of {len(library.ids)} documents could not be read.")


__all__ = ["SUITES", "Options", "Query", "applicable", "run", "sample"]
