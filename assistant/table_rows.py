"""Rows of tables whose cells are set apart by tabs, as they stand in the text of PDF pages.

::

    City	Hotel cap (EUR)	Per diem (EUR)
    Graz	140	62                              "City: Graz; Hotel cap (EUR): 140; Per diem (EUR): 62"
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

CELL_END = "\t"
LONGEST_NAME = 60
"""Characters of a column's name; a longer cell is text."""

_CURRENCY = frozenset("$€£¥")
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SOMEBODY = re.compile(r"[A-ZÀ-ÖØ-Þ][^\W\d_.]*\.? [A-ZÀ-ÖØ-Þ]")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row at characters ``[start, end)`` of a text. ``names`` are those of its columns, empty where none are known.

    A row with one cell more than there are names begins with a cell that has none. ``heads`` says that it is itself
    the line of column names.
    """

    start: int
    end: int
    cells: tuple[str, ...]
    names: tuple[str, ...] = ()
    heads: bool = False

    def pairs(self) -> list[tuple[str, str]]:
        """Return each cell behind its column's name, which is empty where there is none.

        Of two cells without names the first is the name of the other.
        """
        if not self.names:
            return [(self.cells[0], self.cells[1])] if len(self.cells) == 2 else []
        return list(zip(("", *self.names)[-len(self.cells) :], self.cells, strict=True))

    def written(self) -> str:
        """Return the row in words: each cell behind its column's name; of two without names the first is the name."""
        if self.names:
            return "; ".join(f"{name}: {cell}" if name else cell for name, cell in self.pairs() if cell)
        pair = len(self.cells) == 2 and not self.heads
        return ": ".join(self.cells) if pair else " | ".join(filter(None, self.cells))


def table_rows(text: str) -> list[TableRow]:
    """Return the rows of the tables in a text, in order."""
    return [row for block in _blocks(text) for row in _named(block)]


def goes_on(line: str, following: str) -> bool:
    """Whether the line after a row goes on with its last cell."""
    return CELL_END in line and CELL_END not in following and following[:1].islower()


def _blocks(text: str) -> Iterator[list[TableRow]]:
    """Rows that follow each other line by line."""
    block: list[TableRow] = []
    at = 0
    for line in text.split("\n"):
        start, at = at, at + len(line) + 1
        if CELL_END in line.strip():
            block.append(TableRow(start, start + len(line), _cells(line)))
        elif block and line and goes_on(text[block[-1].start : block[-1].end], line):
            end = start + len(line)
            block[-1] = replace(block[-1], end=end, cells=_cells(text[block[-1].start : end]))
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cells(line: str) -> tuple[str, ...]:
    """The cells of a row, empty ones among them, a currency sign together with its figure."""
    cells: list[str] = []
    for cell in line.split(CELL_END):
        plain = " ".join(cell.split())
        if cells and cells[-1] in _CURRENCY:
            cells[-1] += plain
        else:
            cells.append(plain)
    return tuple(cells)


def _named(block: Sequence[TableRow]) -> Iterator[TableRow]:
    """The rows of a block with the names that one of them gives to the columns: the first, or where a page begins."""
    heads = {at for at in range(len(block)) if _heads(block, at)}
    names = block[min(heads)].cells if heads else ()
    for at, row in enumerate(block):
        if at in heads:
            names = row.cells
            yield replace(row, heads=True)
        else:
            yield replace(row, names=names) if names and len(row.cells) - len(names) in (0, 1) else row


def _heads(block: Sequence[TableRow], at: int) -> bool:
    """Whether a row names the columns: the first, or one without a figure where rows above and below have one."""
    names = block[at].cells
    if at and not _is_between_figures(block, at):
        return False
    return _names_columns(names, [row.cells for row in block[at + 1 :] if len(row.cells) - len(names) in (0, 1)])


def _is_between_figures(block: Sequence[TableRow], at: int) -> bool:
    around = zip(*(row.cells for row in block[at - 1 : at + 2]), strict=False)
    return any(len(cells) == 3 and [_is_figure(cell) for cell in cells] == [True, False, True] for cells in around)


def _names_columns(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether a first row names the columns of those below it.

    Of two columns it may as well be the first pair of a name and a value ("Owner", "Ada Brandt"): there all values
    below must be figures, and the name none, nor somebody's.
    """
    if not rows or not all(_may_be_a_name(name) for name in names):
        return False
    if max(len(names), *(len(row) for row in rows)) > 2:
        return True
    figures = all(any(sign.isdigit() for sign in row[-1]) for row in rows)
    return len(rows) > 1 and figures and not (_holds_figure(names[-1]) or _SOMEBODY.match(names[-1]))


def _may_be_a_name(cell: str) -> bool:
    return 0 < len(cell) <= LONGEST_NAME and not cell[0].islower() and not _is_figure(cell)


def _is_figure(cell: str) -> bool:
    """Whether a cell is mostly digits; a year may name a column."""
    plain = _YEAR.sub("", cell)
    digits = sum(sign.isdigit() for sign in plain)
    return digits > 0 and digits >= sum(sign.isalpha() for sign in plain)


def _holds_figure(cell: str) -> bool:
    return any(sign.isdigit() for sign in _YEAR.sub("", _IN_BRACKETS.sub("", cell)))
