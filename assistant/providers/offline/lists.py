"""Lists: steps and bullets are quoted whole, with the words that lead in, over two passages where they go on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from assistant.providers.offline.question import Kind, Question
from assistant.providers.offline.quotes import Quote, bare
from assistant.providers.offline.units import Unit, UnitKind
from assistant.providers.passages import PromptPassage

LONGEST = 30
"""Items quoted at most."""

REACH = 3
"""Pieces between the best sentence and a list of steps that still belong together."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list: its lead-in and its items, each an item's first piece and the sentences that go on in it."""

    lead: tuple[Unit, ...]
    items: tuple[tuple[Unit, ...], ...]


def list_around(
    question: Question, best: Unit, passages: Sequence[PromptPassage], pieces: Sequence[Unit]
) -> Listed | None:
    """Return the list that answers: the best piece leads to it, or stands in it and the question wants it whole."""
    runs = _runs([piece for piece in pieces if piece.passage == best.passage])
    for run in runs:
        if _leads(best, run) or (_wants_list(question, best, run) and _near(best, run)):
            own = [piece for piece in pieces if piece.passage == best.passage]
            return Listed(_lead(own, run), _continued(run, passages, pieces)[:LONGEST])
    return None


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


def _leads(best: Unit, run: Run) -> bool:
    return best.text.endswith(":") and best.at == run[0][0].at - 1


def _wants_list(question: Question, best: Unit, run: Run) -> bool:
    """Steps want any list, a question for several things wants the one its best piece stands in."""
    if question.kind is Kind.STEPS:
        return run[0][0].number is not None or best.kind is UnitKind.ITEM
    inside = any(best == piece for item in run for piece in item)
    return inside and question.kind in (Kind.LIST, Kind.OTHER) and run[0][0].number is None


def _near(best: Unit, run: Run) -> bool:
    first, last = run[0][0].at, run[-1][-1].at
    return first - REACH <= best.at <= last + 1


def _lead(own: Sequence[Unit], run: Run) -> tuple[Unit, ...]:
    """The sentence before the list when it points to it; a heading is its name and no sentence."""
    before = next((piece for piece in own if piece.at == run[0][0].at - 1), None)
    return (before,) if before is not None and before.kind is UnitKind.PROSE else ()


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
