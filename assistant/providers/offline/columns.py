"""What a question wants of a table: the column that it asks for, and a figure that a column has to reach.

::

    How much is a berth in Sand Bay?      the column "Price" of the row with "Sand Bay"
    Which boats take 12 people?           the rows with 12 or more in the column "Seats"
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from assistant.providers.offline.question import Question
from assistant.providers.offline.ranges import limits
from assistant.providers.offline.terms import base_weight, content, coverage, stem

Cells = Sequence[tuple[str, str]]

_ASKED_FOR = re.compile(
    r"\b(?:what|which)(?:'s| is| are| was| were)? (?:the |our |your |my )?((?:(?!\b(?:is|are|was|do|does|did|can|has"
    r"|have|of|for|in|at|on|to|with|from|by|the)\b)[a-z-]+ ?){1,3})",
    re.IGNORECASE,
)
_NUMBER = r"(?:EUR|USD|GBP|CHF|[€$£])? ?(\d[\d,]*(?:\.\d+)?)"
_LEAST, _MORE, _MOST, _LESS = "least", "more", "most", "less"
_BOUNDS = (
    (_LEAST, r"\b(?:at least|no less than|no fewer than|minimum(?: of)?|not under)"),
    (_MORE, r"\b(?:more than|over|above|beyond|exceed\w*|larger than|bigger than|longer than|dearer than)"),
    (_MOST, r"\b(?:at most|no more than|up to|maximum(?: of)?|not over)"),
    (_LESS, r"\b(?:less than|fewer than|under|below|cheaper than|smaller than|shorter than)"),
)
_BOUND = re.compile("|".join(rf"(?P<{name}>{words})" for name, words in _BOUNDS), re.IGNORECASE)
_EXTREME = re.compile(
    rf"\b(?:(?P<{_MORE}>highest|most expensive|dearest|largest|biggest|heaviest|greatest|longest)"
    rf"|(?P<{_LESS}>lowest|cheapest|smallest|lightest|shortest))\b",
    re.IGNORECASE,
)
_MEANS = {
    "cheapest": "price",
    "most expensive": "price",
    "dearest": "price",
    "heaviest": "weight",
    "lightest": "weight",
}
"""The column that such a word names by itself."""

_FIGURE = re.compile(rf"{_NUMBER}((?: [a-zA-Z-]+){{0,2}})")
_HOLDS: dict[str, Callable[[float, float], bool]] = {
    _LEAST: lambda value, bound: value >= bound,
    _MORE: lambda value, bound: value > bound,
    _MOST: lambda value, bound: value <= bound,
    _LESS: lambda value, bound: value < bound,
}
_ROOM = "people"
"""The one group of words for which a bare number is a bound: what is to hold twelve may hold more."""

HELD = 0.5
"""Share of the rest of a question that the other cells of a row hold when one of them answers it."""


WHOLE = 0.99
"""The same where it is to hold all of it."""


@cache
def _groups() -> tuple[tuple[str, frozenset[str]], ...]:
    """Words for one matter, as stems, under the matter's name."""
    lists = tomllib.loads(Path(__file__).with_name("columns.toml").read_text(encoding="utf-8"))
    return tuple((name, frozenset(stem(word) for word in words.split())) for name, words in lists.items())


def mates(names: Set[str]) -> frozenset[str]:
    """Return the stems that ask for a column which has one of these in its name: "cost" for "price"."""
    return frozenset().union(*(group for _, group in _groups() if group & names))


def with_mates(names: Iterable[str]) -> frozenset[str]:
    """Return the stems of a column's name with those that ask for it all the same."""
    own = frozenset(names)
    return own | mates(own)


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure that a column has to reach or not; stems of what is counted, and of the words that make it a bound."""

    holds: str
    value: float
    named: frozenset[str]
    words: frozenset[str] = frozenset()

    @property
    def said(self) -> frozenset[str]:
        """Stems of the question that the bound takes up."""
        return self.named | self.words | {stem(f"{self.value:g}")}

    def met(self, cells: Cells) -> bool | None:
        """Whether a row meets it; None where no column of it is meant, or holds no figure.

        One with a range meets it by some of that: "EUR 500 to EUR 3,000" is also above 2,000.
        """
        meant = [cell for name, cell in cells if self.named & with_mates(content(name))]
        ranges = [stated for cell in meant if (stated := limits(cell))]
        if ranges:
            low, high = ranges[0]
            return high > self.value if self.holds in {_LEAST, _MORE} else low < self.value
        figures = [_value(found) for cell in meant if (found := _FIGURE.search(cell)) and self._counts(found)]
        return _HOLDS[self.holds](figures[0], self.value) if figures else None

    def _counts(self, found: re.Match[str]) -> bool:
        """Whether a cell's figure is of what is counted: "12", or "12 seats" and not "220 g"."""
        unit = frozenset(content(found.group(2)))
        return not unit or bool(unit & with_mates(self.named))


def bound(question: Question) -> Bound | None:
    """Return the bound that a question sets: "at least 12 seats", "under EUR 100", "room for 12 people"."""
    for found in _FIGURE.finditer(question.text):
        named = frozenset(content(found.group(2))) or _money(found.group())
        words = _BOUND.search(question.text[: found.start()] + " ")
        near = words is not None and not question.text[words.end() : found.start()].strip()
        people = dict(_groups())[_ROOM]
        if words is not None and near and named:
            return Bound(str(words.lastgroup), _value(found), named, frozenset(content(words.group())))
        if named & people:
            return Bound(_LEAST, _value(found), named & people)
    return None


def extremes(question: Question, rows: Sequence[Cells]) -> list[int]:
    """Return the places of the rows with the highest or lowest figure in the column that is meant ("the cheapest").

    Empty where the question asks for none, or a column has that very word in its name ("Longest booking").
    """
    found = _EXTREME.search(question.text)
    if found is None or any(found.group().casefold() in name.casefold() for row in rows for name, _ in row):
        return []
    meant = set(question.terms) - _asked_for(question) | set(content(_MEANS.get(found.group().casefold(), "")))
    figures = [(figure, at) for at, row in enumerate(rows) if (figure := _figure(row, meant)) is not None]
    end = (max if found.lastgroup == _MORE else min)((figure for figure, _ in figures), default=None)
    return [at for figure, at in figures if figure == end]


def _figure(row: Cells, meant: Set[str]) -> float | None:
    """The figure in the column whose name has most of what is meant."""
    named = [(len(meant & with_mates(content(name))), cell) for name, cell in row]
    share, cell = max(named, default=(0, ""), key=lambda one: one[0])
    found = _FIGURE.search(cell) if share else None
    return _value(found) if found else None


def asked_column(question: Question, cells: Cells) -> int | None:
    """Return the place of the one column that a question asks for in a row whose other cells hold the rest of it."""
    scored = [(_names(question, name, cells), at) for at, (name, cell) in enumerate(cells) if cell]
    best, at = max(scored, default=(0.0, 0))
    others = [set(content(name)) for n, (name, _) in enumerate(cells) if n != at]
    meant_too = any(own and own <= set(question.terms) - set(content(cells[at][0])) for own in others)
    if best <= 0 or meant_too or [score for score, _ in scored].count(best) > 1:
        return None
    return at if _holds_rest(question, cells, {at}) else None


def answers(question: Question, cells: Cells, around: Set[str]) -> bool:
    """Return whether a row holds what is asked for and the rest of the question; ``around`` are its titles' stems.

    What is asked for is a column of it, or the thing that each row of the table is, told by the name of a column and
    what stands there ("Which boat has the harbour Sand Bay?").
    """
    columns = {at for at, (name, cell) in enumerate(cells) if cell and _names(question, name, cells)}
    if columns and _holds_rest(question, cells, columns, around):
        return True
    asked, terms = _asked_for(question), set(question.terms)
    told = any(terms.intersection(content(name)) and terms.intersection(content(cell)) for name, cell in cells)
    return bool(asked) and asked <= around and told


def answers_whole(question: Question, cells: Cells, around: Set[str]) -> bool:
    """Return whether a row holds the named column and, with its titles, every other word that a question names."""
    columns = {at for at, (name, cell) in enumerate(cells) if cell and _names(question, name, cells) >= 1.0}
    return bool(columns) and _holds_rest(question, cells, columns, around, least=WHOLE)


def _names(question: Question, name: str, cells: Cells) -> float:
    """How well the name of a column says what is asked for, from 0 to 2: by its words, or by others for the same.

    In a table of properties the first cell says it, and the column is named for the thing ("The weight of the Robin").
    """
    own, asked = frozenset(content(name)), _asked_for(question)
    if asked:
        thing = own and own <= set(question.terms) - asked and asked <= set(content(cells[0][1]))
        return 2.0 if asked <= own else 1.5 if thing else 0.0
    said = own.intersection(question.terms)
    return 1.0 + len(said) / len(own) if said else 0.5 if mates(own).intersection(question.terms) else 0.0


def _asked_for(question: Question) -> set[str]:
    """Stems of what a question asks for: "delivery time" of "What is the delivery time of the lamp?"."""
    found = _ASKED_FOR.search(question.text)
    return set(content(found.group(1))) & set(question.terms) if found else set()


def _holds_rest(
    question: Question, cells: Cells, columns: Set[int], around: Set[str] = frozenset(), least: float = HELD
) -> bool:
    """Whether the other cells, or the titles above, hold what else a question names; a cell at least one word of it."""
    names = [term for at in columns for term in content(cells[at][0])]
    said = with_mates(names)
    rest = {term: base_weight(term) for term in question.terms if term not in said}
    held = {term for at, (_, cell) in enumerate(cells) if at not in columns for term in content(cell)}
    specific = {term for term, weight in rest.items() if weight >= 1.0}
    return bool(specific & held) and coverage(rest, held | around) > least


def _money(figure: str) -> frozenset[str]:
    return frozenset(content("price")) if re.search(r"EUR|USD|GBP|CHF|[€$£]", figure) else frozenset()


def _value(found: re.Match[str]) -> float:
    return float(found.group(1).replace(",", ""))
