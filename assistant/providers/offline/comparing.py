"""Things and editions put beside each other: the piece that speaks of each, like with like."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from operator import itemgetter

from assistant.providers.offline.finding import Found
from assistant.providers.offline.quotes import Quote
from assistant.providers.offline.rows import quote_side
from assistant.providers.offline.scoring import Scored
from assistant.providers.offline.units import Unit, UnitKind

TO_THE_POINT = 6.0
"""How much more a piece counts in a comparison that holds all the question's words (log odds)."""

CROWDED = 3.0
"""How much less for each other side that it mentions too."""

FOUND_FIRST = 1.5
"""Takes back half of what a piece gets for the place of its passage: the sides often stand in different ones."""

PARALLEL = 4.0
"""How much more when its table or list speaks of another side too: like is compared with like."""

NEAR_ENOUGH = 3.0
"""A piece this far (log odds) below the best one of its edition may stand beside a piece like it of another edition."""


def in_parallel(editions: Sequence[Found]) -> list[Found]:
    """Return what was found in editions of a document with those of its likeliest pieces first that say most alike."""
    newest, *others = editions
    if not others:
        return [newest]
    pairs = [(one, other) for one in _near(newest) for other in _near(others[0])]
    chosen = max(pairs, key=lambda pair: pair[0].score + pair[1].score + PARALLEL * _alike(*pair))[0]
    rest = [max(_near(other), key=lambda one: one.score + PARALLEL * _alike(chosen, one)) for other in others]
    return [_led(one, best) for one, best in zip(editions, [chosen, *rest], strict=True)]


def _near(found: Found) -> list[Scored]:
    return [one for one in found.scored if found.scored[0].score - one.score <= NEAR_ENOUGH]


def _alike(one: Scored, other: Scored) -> float:
    """Share of the words of two pieces, column names among them, that both have."""
    mine, theirs = one.unit.header.union(one.unit.terms), other.unit.header.union(other.unit.terms)
    return len(mine & theirs) / max(1, len(mine | theirs))


def _led(found: Found, best: Scored) -> Found:
    return replace(found, scored=[best, *(one for one in found.scored if one is not best)])


def sides(found: Found) -> list[Unit]:
    """Return the best piece for each thing compared; a document's own name may be what is compared (2024, 2026)."""
    names = sorted(found.question.names, key=found.question.terms.index)
    chosen: list[Unit] = []
    for name in names:
        rivals = {other for other in names if other != name and other.isdigit() == name.isdigit()}
        wanted = {*names} - rivals if name.isdigit() else {name}
        beside = _beside(rivals, found.by_words)
        about = [
            (one, _speaks(one, wanted, rivals, beside))
            for one in found.by_words
            if name in found.words_around(one.unit)
        ]
        if about:
            best = max(about, key=itemgetter(1))[0].unit
            chosen += [] if best in chosen else [best]
    return chosen


def _beside(rivals: Set[str], scored: Sequence[Scored]) -> set[tuple[int, UnitKind]]:
    """The tables and lists in which a piece speaks of one of the other things compared, and of it alone."""
    return {
        (one.unit.passage, one.unit.kind)
        for one in scored
        if one.unit.kind is not UnitKind.PROSE and len(rivals & {*one.unit.terms}) == 1
    }


def _speaks(
    one: Scored, wanted: Set[str], rivals: Set[str], beside: Set[tuple[int, UnitKind]]
) -> tuple[int, bool, float]:
    """How good a piece is as one side of a comparison: about what is compared, to the point, and this side alone."""
    own = one.unit.header.union(one.unit.terms)
    elsewhere = CROWDED * len(rivals & own) + FOUND_FIRST * one.features["rank"]
    meant = not one.features["audience"] and not one.features["left_out"]
    alongside = PARALLEL if (one.unit.passage, one.unit.kind) in beside and not rivals & own else 0.0
    return len(wanted & own), meant, one.score + alongside + TO_THE_POINT * one.features["context"] - elsewhere


def side_by_side(pieces: Sequence[Unit], found: Found) -> list[Quote]:
    """Quote the pieces below each other, rows under the names of their columns."""
    quotes: list[Quote] = []
    for unit in pieces:
        header, rows = quote_side(found.question, unit, found.passages, found.pieces)
        quotes += [*([header] if header and header.text not in {quote.text for quote in quotes} else []), *rows]
    return lines(quotes)


def lines(quotes: Sequence[Quote]) -> list[Quote]:
    """Return quotes as the lines of a list."""
    return [replace(quote, lead=("\n" if at else "") + "- ") for at, quote in enumerate(quotes)]
