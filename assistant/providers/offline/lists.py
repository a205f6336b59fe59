"""Lists: steps and bullets are quoted whole, with the words that lead in, over two passages where they go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.providers.offline.people import others
from assistant.providers.offline.question import Kind, Question
from assistant.providers.offline.quotes import Quote, bare
from assistant.providers.offline.terms import base_weight, content, coverage
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import HEADING_SEPARATOR, PromptPassage

if TYPE_CHECKING:
    from assistant.providers.minilm import MiniLM

LONGEST = 30
"""Items quoted at most."""

REACH = 3
"""Pieces between the best sentence and a list of steps that still belong together."""


NAMED = 0.65
"""Likeness of question and list name (cosine plus WORDS_SHARE of common words) from which a list is the one asked."""

WORDS_SHARE = 0.3
NEAR_BONUS = 0.15
"""How much the best sentence beside a list speaks for it."""

COMPARED = 4
"""Lists whose names are compared with the question, about 2 ms each."""

LEADS = 0.6
"""Share of the question's words from which the sentence before a list belongs to it."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: its lead-in and its items, each an item's first piece and the sentences that go on in it."""

    lead: tuple[Unit, ...]
    items: tuple[tuple[Unit, ...], ...]


def list_around(
    question: Question,
    best: Unit,
    passages: Sequence[PromptPassage],
    pieces: Sequence[Unit],
    embedder: MiniLM,
) -> Listed | None:
    """Return the list that answers: the best piece leads to it, or stands in it and the question wants it whole."""
    run = _led_to(best, pieces)
    if run is None and question.kind is Kind.STEPS:
        run = _steps(question, best, passages, pieces, embedder)
    if run is None and question.kind in (Kind.LIST, Kind.OTHER):
        run = next((run for run in _runs_of(pieces, best.passage) if _holds(run, best) and not _numbered(run)), None)
    if run is None:
        return None
    return Listed(_lead(question, pieces, run), _continued(run, passages, pieces)[:LONGEST])


def quote_list(listed: Listed, passages: Sequence[PromptPassage]) -> list[Quote]:
    """Write lead-in and items, each item on its own line."""
    quotes = [Quote(passages[piece.passage].n, piece.text, " " if at else "") for at, piece in enumerate(listed.lead)]
    for at, item in enumerate(listed.items):
        for part, piece in enumerate(item):
            lead = " " if part else "\n" if at else "\n\n" if quotes else ""
            mark = "- " if not part and piece.number is None else ""
            quotes.append(Quote(passages[piece.passage].n, bare(piece), lead + mark))
    return quotes


Run = tuple[tuple[Unit, ...], ...]


def _runs(own: Sequence[Unit]) -> Iterator[Run]:
    """Lists among the pieces of one passage, at least two items each."""
    items: list[list[Unit]] = []
    for piece in own:
        if piece.kind is UnitKind.ITEM:
            if items and _starts_anew(items[-1][0], piece):
                yield from _at_least_two(items)
                items = []
            items.append([piece])
        elif items and piece.joined:
            items[-1].append(piece)
        else:
            yield from _at_least_two(items)
            items = []
    yield from _at_least_two(items)


def _starts_anew(last: Unit, piece: Unit) -> bool:
    return last.number is not None and piece.number == 1


def _at_least_two(items: list[list[Unit]]) -> Iterator[Run]:
    if len(items) > 1:
        yield tuple(tuple(item) for item in items)


def _runs_of(pieces: Sequence[Unit], passage: int) -> list[Run]:
    return list(_runs([piece for piece in pieces if piece.passage == passage]))


def _led_to(best: Unit, pieces: Sequence[Unit]) -> Run | None:
    """The list right behind a best piece that ends with a colon."""
    runs = _runs_of(pieces, best.passage) if best.text.endswith(":") else []
    return next((run for run in runs if best.at == run[0][0].at - 1), None)


def _steps(
    question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit], embedder: MiniLM
) -> Run | None:
    """The list of steps whose heading and lead-in say what is asked; else the one that the best piece is next to."""
    meant = [place for place in range(len(passages)) if _is_for(question, passages[place], place, pieces)]
    runs = [run for place in meant for run in _runs_of(pieces, place)][:COMPARED]
    near = [run for run in runs if _near(best, run)]
    if len(runs) < 2 and runs == near:
        return next(iter(near), None)
    names = [_name(passages[run[0][0].passage], _before(pieces, run)) for run in runs]
    vectors = embedder.embed([question.text, *names])
    ratings = [
        float(vectors[at] @ vectors[0]) + _named(question, name) + (NEAR_BONUS if run in near else 0.0)
        for at, (run, name) in enumerate(zip(runs, names, strict=True), start=1)
    ]
    rating, at = max((rating, -at) for at, rating in enumerate(ratings))
    chosen = runs[-at]
    if chosen not in near and _heading_named(question, passages[best.passage]) > _named(question, names[-at]):
        return next(iter(near), None)
    return chosen if rating >= NAMED or near else None


def _heading_named(question: Question, passage: PromptPassage) -> float:
    """The like for the heading of a passage: what stands under the very words of the question is meant by it."""
    return _named(question, passage.heading.split(HEADING_SEPARATOR)[-1])


def _is_for(question: Question, passage: PromptPassage, place: int, pieces: Sequence[Unit]) -> bool:
    """Whether a passage names the group of people that the question is for, if any."""
    group = others(question.terms)
    named = {*content(f"{passage.document} {passage.heading}")}
    return group <= named.union(*(piece.terms for piece in pieces if group and piece.passage == place))


def _name(passage: PromptPassage, before: Sequence[Unit]) -> str:
    """What a list is called: the heading it stands under and the sentence before it."""
    heading = passage.heading.split(HEADING_SEPARATOR)[-1] or passage.document
    lead = [piece.text for piece in before if piece.kind is UnitKind.PROSE and piece.text.endswith(":")]
    return " ".join([heading, *lead])


def _named(question: Question, name: str) -> float:
    """Share of the question's terms in a list's name, weighted."""
    return WORDS_SHARE * coverage({term: base_weight(term) for term in question.terms}, content(name))


def _near(best: Unit, run: Run) -> bool:
    first, last = run[0][0].at, run[-1][-1].at
    here = best.passage == run[0][0].passage and first - REACH <= best.at <= last + 1
    return here and (_numbered(run) or _holds(run, best))


def _holds(run: Run, best: Unit) -> bool:
    return any(best == piece for item in run for piece in item)


def _numbered(run: Run) -> bool:
    return run[0][0].number is not None


def _before(pieces: Sequence[Unit], run: Run) -> list[Unit]:
    return [piece for piece in pieces if (piece.passage, piece.at) == (run[0][0].passage, run[0][0].at - 1)]


def _lead(question: Question, pieces: Sequence[Unit], run: Run) -> tuple[Unit, ...]:
    """The sentence before the list when it points to it or says what is asked; a heading is no sentence."""
    asked = {term: base_weight(term) for term in question.terms}
    return tuple(
        piece
        for piece in _before(pieces, run)
        if piece.kind is UnitKind.PROSE and (piece.text.endswith(":") or coverage(asked, piece.terms) >= LEADS)
    )


def _continued(run: Run, passages: Sequence[PromptPassage], pieces: Sequence[Unit]) -> Run:
    """The run with its beginning or end from other passages of the same document, by the items' numbers."""
    place = run[0][0].passage
    others = [
        other
        for at, passage in enumerate(passages)
        if at != place and passage.document == passages[place].document
        for other in _runs_or_single([piece for piece in pieces if piece.passage == at])
    ]
    for other in others:
        if _follows(run, other):
            run = (*run, *other)
        elif _follows(other, run):
            run = (*other, *run)
    return run


def _runs_or_single(own: Sequence[Unit]) -> Iterator[Run]:
    """Lists of one passage; the rest of a list may be a single item at its beginning or end."""
    runs = list(_runs(own))
    yield from runs
    inside = {piece.at for run in runs for item in run for piece in item}
    for piece in (*own[:1], *own[-1:]):
        if piece.kind is UnitKind.ITEM and piece.at not in inside:
            yield ((piece,),)


def _follows(first: Run, second: Run) -> bool:
    last, begin = first[-1][0].number, second[0][0].number
    return last is not None and begin == last + 1
