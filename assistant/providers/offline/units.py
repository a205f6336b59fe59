"""The quotable pieces of a passage: sentences, list items, table rows and headings, each a verbatim span."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from assistant.providers.offline.columns import with_mates
from assistant.providers.offline.terms import content
from assistant.providers.passages import HEADING_SEPARATOR, PromptPassage
from assistant.sentences import is_list_item, is_table_row, sentences
from assistant.table_rows import TableRow, table_rows

HEADING_WORDS = 12
"""A line of more words without a full stop is a piece of text, not a heading."""

ROW_WORDS = 30
"""A PDF table row is one line of cells; longer lines are text."""


class UnitKind(StrEnum):
    """What a piece is in its document."""

    PROSE = "prose"
    ASKED = "asked"
    ITEM = "item"
    ROW = "row"
    CELLS = "cells"
    HEADING = "heading"


ROWS = frozenset({UnitKind.ROW, UnitKind.CELLS})
"""What is a row of a table: with the names of its columns, or its cells alone."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One quotable piece. ``text`` is the passage's ``[start, end)`` with whitespace collapsed.

    A table row whose cells are known is written with the names of its columns, which ``cells`` has beside them.

    ``number`` is the number of a numbered list item, None otherwise; ``at`` the place among the passage's units;
    ``joined`` when it stands on the line where the piece before ended; ``header`` the stems of a row's column
    names, and of words that ask for them.
    """

    passage: int
    at: int
    start: int
    end: int
    text: str
    kind: UnitKind
    terms: tuple[str, ...]
    number: int | None = None
    joined: bool = False
    header: frozenset[str] = frozenset()
    cells: tuple[tuple[str, str], ...] = ()


_NUMBERED = re.compile(r"^(?:step )?(\d{1,2})[.):]\s+\S", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_ENDING = re.compile(r"[.!?:;,]['\")\]\u201d]*$")


def units(passage: PromptPassage, place: int) -> list[Unit]:
    """Cut a passage into its pieces; ``place`` is the passage's index among those of the prompt."""
    spans = sentences(passage.text)
    rows = {row.start: row for row in table_rows(passage.text)}
    texts = [" ".join(passage.text[start:end].split()) for start, end in spans]
    kinds = _kinds(texts, passage.heading.split(HEADING_SEPARATOR))
    found: list[Unit] = []
    for at, ((start, end), text, kind) in enumerate(zip(spans, texts, kinds, strict=True)):
        row = rows.get(start)
        if row is not None and row.end == end and kind not in (UnitKind.ITEM, UnitKind.ROW):
            found.append(_of_row(row, Unit(place, at, start, end, text, UnitKind.CELLS, tuple(content(text)))))
            continue
        number = _number(text) if kind is UnitKind.ITEM else None
        joined = at > 0 and "\n" not in passage.text[spans[at - 1][1] : start]
        above = column_names(found) if kind is UnitKind.CELLS else None
        cells = tuple(pairs(text)) if kind is UnitKind.ROW else ()
        header = frozenset(above.terms) if above else _names(cells)
        found.append(Unit(place, at, start, end, text, kind, tuple(content(text)), number, joined, header, cells))
    return found


def pairs(row: str) -> list[tuple[str, str]]:
    """Return the cells of a row like "Header: value; Header: value", each behind its column's name."""
    found: list[tuple[str, str]] = []
    for part in row.split("; "):
        name, colon, cell = part.partition(": ")
        if colon:
            found.append((name, cell))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}; {part}")
    return found


def _of_row(row: TableRow, plain: Unit) -> Unit:
    """A row of cells: as the names of columns, which is a heading, or with the names that stand above it."""
    if row.heads:
        return replace(plain, kind=UnitKind.HEADING, text=row.written())
    cells = tuple(row.pairs())
    return replace(plain, text=row.written(), header=_names(cells), cells=cells)


def _names(cells: Sequence[tuple[str, str]]) -> frozenset[str]:
    """Stems that name the columns of a row, or ask for them in other words."""
    return with_mates(term for name, _ in cells for term in content(name))


def column_names(above: Sequence[Unit]) -> Unit | None:
    """Return the line of column names over a bare row: the nearest line above without a figure, years aside."""
    for piece in reversed(above):
        if piece.kind not in (UnitKind.CELLS, UnitKind.HEADING):
            return None
        if not _figures(piece.text):
            return piece if len(piece.text.split()) > 1 else None
    return None


def _figures(text: str) -> bool:
    """Whether a line holds a digit other than in a year or in a column's unit."""
    return re.search(r"\d", _YEAR.sub("", text)) is not None


def _number(text: str) -> int | None:
    found = _NUMBERED.match(text)
    return int(found.group(1)) if found else None


def _kinds(texts: Sequence[str], headings: Sequence[str]) -> list[UnitKind]:
    known = {" ".join(heading.split()).casefold() for heading in headings}
    kinds = [_kind(text, known) for text in texts]
    rows = [_as_cells(at, texts, kinds) for at in range(len(texts))]
    return [UnitKind.HEADING if text.casefold() in known else row for text, row in zip(texts, rows, strict=True)]


def _kind(text: str, headings: set[str]) -> UnitKind:
    if text.casefold() in headings:
        return UnitKind.HEADING
    if is_list_item(text):
        return UnitKind.ITEM
    if is_table_row(text):
        return UnitKind.ROW
    if text.endswith("?"):
        return UnitKind.ASKED
    if not _ENDING.search(text) and len(text.split()) <= HEADING_WORDS:
        return UnitKind.HEADING
    return UnitKind.PROSE


def _as_cells(at: int, texts: Sequence[str], kinds: Sequence[UnitKind]) -> UnitKind:
    """Tell a PDF table's bare row ("Graz 140 EUR 62 EUR") from a heading: its neighbour is such a line too."""
    candidate = kinds[at] in (UnitKind.HEADING, UnitKind.PROSE) and _is_bare(texts[at])
    if not candidate or not re.search(r"\d", texts[at]):
        return kinds[at]
    neighbours = [texts[n] for n in (at - 1, at + 1) if 0 <= n < len(texts)]
    if not _figures(texts[at]) and any(_is_bare(text) and _figures(text) for text in texts[at + 1 : at + 2]):
        return UnitKind.HEADING
    return UnitKind.CELLS if any(_is_bare(text) for text in neighbours) else kinds[at]


def _is_bare(text: str) -> bool:
    plain = not _ENDING.search(text) and not is_list_item(text)
    return plain and 2 <= len(text.split()) <= ROW_WORDS
