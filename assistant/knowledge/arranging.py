"""What of a ranking is shown: the same words once, and neighbouring chunks as one passage.

The words of two documents are the same where their texts are, or where their titles differ in numbers alone ("Travel
policy 2024", "Travel policy 2026") and nearly all words of the chunk are. Of these the edition that holds longer, has
the greater numbers and came later is shown, unless the question names what only one of the titles has, or asks for what
an older edition says. The others come after all else, so that nothing is out of reach.

A question that names editions, or asks what has changed, is answered from these: each of them has its share of the
places, and other editions of the same document come last.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from assistant.providers.offline.editions import Edition, asked_editions, edition, names_edition, tells_editions

ALIKE = 0.8
"""Share of common words from which two chunks count as editions of one: a figure or a date in them differs."""
JOINED = 2
"""Chunks in a passage at most: some 2,000 characters."""

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A ranked chunk: where it stands, what it says, and which words of the question its ``title`` has (``named``)."""

    version: int
    number: int
    pages: tuple[int | None, int | None]
    heading: str
    title: str
    text: str
    valid_until: date | None = None
    named: Set[str] = frozenset()


Group = tuple[int, ...]


def arranged(ranking: Sequence[int], pieces: Mapping[int, Piece], k: int, asked: Sequence[str] = ()) -> list[Group]:
    """Return the first k groups of rows, best first; the rows of a group are neighbours in reading order.

    ``asked`` are the questions that brought them.
    """
    groups: list[Group] = []
    known = [row for row in ranking if row in pieces]
    told = next((one for one in asked if tells_editions(one, (pieces[row].title for row in known))), None)
    distinct = _shared(known, pieces, k, told) if told else _distinct_first(known, pieces, k)
    for row in distinct:
        place = next((place for place, group in enumerate(groups) if _joins(pieces, group, row)), None)
        if place is not None:
            groups[place] = tuple(sorted((*groups[place], row), key=lambda one: pieces[one].number))
        elif len(groups) == k:
            break
        else:
            groups.append((row,))
    return groups


def _joins(pieces: Mapping[int, Piece], group: Group, row: int) -> bool:
    """Whether a chunk stands beside the group, under the same heading and on the same page."""
    piece, first, last = pieces[row], pieces[group[0]], pieces[group[-1]]
    beside = piece.number in (first.number - 1, last.number + 1)
    together = piece.version == first.version and piece.heading == first.heading
    one_page = {piece.pages, first.pages, last.pages} == {(first.pages[0], first.pages[0])}
    return len(group) < JOINED and beside and together and one_page


def _shared(ranking: Sequence[int], pieces: Mapping[int, Piece], k: int, question: str) -> list[int]:
    """The ranking with what exceeds an edition's share of the k places at its end, and all of editions not named.

    Where none is named the newest stays among the first: without it nobody could tell that another is older.
    """
    titles = [pieces[row].title for row in ranking]
    wanted = asked_editions(question, titles)
    named = names_edition(question, titles)
    taken: Counter[tuple[str, Edition]] = Counter()
    first: list[int] = []
    last: list[int] = []
    for row in ranking:
        family, one = edition(pieces[row].title)
        share = k // max(len(wanted[family]), 1 if named else 2) if family in wanted else k
        fits = taken[family, one] < share and (not named or family not in wanted or one in wanted[family])
        taken[family, one] += 1
        (first if fits else last).append(row)
    return [*first, *last]


def _distinct_first(ranking: Sequence[int], pieces: Mapping[int, Piece], k: int) -> list[int]:
    """The ranking with what repeats an earlier row at its end; the better edition stands where the first one did.

    Beyond the first 2k nothing is compared: it is not shown.
    """
    distinct: list[int] = []
    repeated: list[int] = []
    for row in ranking[: 2 * k]:
        place = next((place for place, other in enumerate(distinct) if _same(pieces[row], pieces[other])), None)
        if place is None:
            distinct.append(row)
        else:
            better, worse = sorted((distinct[place], row), key=lambda one: _edition(pieces[one]), reverse=True)
            distinct[place] = better
            repeated.append(worse)
    return [*distinct, *ranking[2 * k :], *repeated]


def _same(one: Piece, other: Piece) -> bool:
    if one.version == other.version or one.named != other.named:
        return False
    if one.text == other.text:
        return True
    return _without_numbers(one.title) == _without_numbers(other.title) and _alike(one.text, other.text)


def _without_numbers(title: str) -> str:
    return _NUMBER.sub("", title).casefold()


def _alike(one: str, other: str) -> bool:
    words, others = (set(_WORD.findall(text.casefold())) for text in (one, other))
    return len(words & others) >= ALIKE * len(words | others)


def _edition(piece: Piece) -> tuple[date, list[int], int]:
    numbers = [int(number) for number in _NUMBER.findall(piece.title)]
    return piece.valid_until or date.max, numbers, piece.version
