"""Which suites apply to which set, and how a run goes through them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from assistant.domain import OFFLINE, ModelChoice
from assistant.evaluation import abstention, answers, follow_ups, guardrail, reader, retrieval, routing
from assistant.evaluation.asking import Asker
from assistant.evaluation.figures import Figure
from assistant.evaluation.library import Library, Workplace, opened
from assistant.evaluation.question_sets import QuestionSet
from assistant.evaluation.sampling import sample

SUITES = (
    retrieval.SUITE,
    answers.SUITE,
    abstention.SUITE,
    follow_ups.SUITE,
    routing.SUITE,
    guardrail.SUITE,
    reader.SUITE,
)

Note = Callable[[str], None]
Measure = Callable[[], Sequence[Figure]]
"""One suite on one set, ready to be run."""


@dataclass(frozen=True)
class Options:
    """What is run: ``suites``, and at most ``limit`` questions (texts, files) of a set, answered by ``choice``."""

    suites: Sequence[str] = SUITES
    limit: int | None = None
    choice: ModelChoice = field(default_factory=lambda: ModelChoice(OFFLINE))


def run(sets: Sequence[QuestionSet], options: Options, place: Workplace, note: Note) -> Iterator[Figure]:
    """Give the figures of each set as they come; ``note`` hears what was left out and why."""
    for one in sets:
        begun = False
        for figure in _of_set(one, options, place, note):
            begun = True
            yield figure
        if not begun:
            note(f"{one.name}: there is nothing that the suites asked for could measure.")


def _of_set(one: QuestionSet, options: Options, place: Workplace, note: Note) -> Iterator[Figure]:
    yield from _each(_without_questions(one, options, place), options)
    wanted = [suite for suite in _of_questions(one, options) if suite in options.suites]
    if wanted:
        with opened(place, one) as library:
            if library.failed:
                note(f"{one.name}: {library.failed} of {len(library.ids)} documents could not be read.")
            yield from _each(_in_library(one, options, place, library), options)


def _each(measures: Mapping[str, Measure], options: Options) -> Iterator[Figure]:
    for suite, measure in measures.items():
        if suite in options.suites:
            yield from (figure for figure in measure() if figure.count)


def _without_questions(one: QuestionSet, options: Options, place: Workplace) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    if one.labelled("train"):
        found[routing.SUITE] = partial(routing.measure, one, options.limit, place.embedder, place.progress)
    if one.guarded:
        guarded = sample(one.guarded, options.limit)
        found[guardrail.SUITE] = partial(guardrail.measure, one, guarded, place.embedder, place.progress)
    if one.files:
        found[reader.SUITE] = partial(_read_files, one, options, place)
    return found


def _read_files(one: QuestionSet, options: Options, place: Workplace) -> list[Figure]:
    with place.open_stack(place.scratch / one.name) as stack:
        return reader.measure(one, sample(one.files, options.limit), stack, place.progress)


def _of_questions(one: QuestionSet, options: Options) -> list[str]:
    """The suites that the questions of a set have what they need for."""
    asked = sample(one.queries, options.limit)
    if not one.has_documents:
        return [follow_ups.SUITE] if follow_ups.measured(one, asked) else []
    needs = {
        retrieval.SUITE: retrieval.judged_of(one, asked),
        follow_ups.SUITE: follow_ups.measured(one, asked),
        answers.SUITE: answers.measured(asked),
        abstention.SUITE: abstention.measured(asked),
        routing.SUITE: routing.routed(asked),
    }
    return [suite for suite, questions in needs.items() if questions]


def _in_library(one: QuestionSet, options: Options, place: Workplace, library: Library) -> dict[str, Measure]:
    asked = sample(one.queries, options.limit)
    asker = Asker(library, place.progress, one.name, options.choice)
    found: dict[str, Measure] = {
        retrieval.SUITE: partial(retrieval.measure, one, retrieval.judged_of(one, asked), library, place.progress),
        follow_ups.SUITE: partial(follow_ups.measure, one, follow_ups.measured(one, asked), asker),
        answers.SUITE: partial(answers.measure, one, answers.measured(asked), asker),
        abstention.SUITE: partial(abstention.measure, one, abstention.measured(asked), asker),
        routing.SUITE: partial(routing.measure_questions, one, routing.routed(asked), asker),
    }
    return {suite: measure for suite, measure in found.items() if suite in _of_questions(one, options)}
