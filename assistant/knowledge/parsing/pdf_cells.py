"""Tells the cells of a table apart in the text of a PDF page, where they all stand on one line with single blanks.

A PDF draws letters at places and knows no tables. Between two cells is a gap much wider than a blank, and it stands
above or below the gap of another line: there a tab is written in place of the blank, and one more for each empty cell.
A row whose cells go on over some lines is brought to one line: what comes behind a piece of text and stands higher on
the page is the next cell. All words stay in their order.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

CELL_GAP = 0.7
"""Width of a gap, in heights of the line's type, from which it is no blank: those of justified prose reach 0.45, and
word processors leave 0.9 between the texts of two cells."""

MOST_WORDS = 24
"""A line of more words is prose. Looking at every blank of a page takes as long as reading the page (2 ms)."""

MOST_WORDS_OF_A_PIECE = 12
"""Cells that go on over some lines are narrow. In prose a raised sign may stand higher than the word before it."""

NEAR = 4
"""Lines above and below among which another row of the table is looked for: a cell may go on over some lines."""

TALLEST = 8
"""Lines of a row that is brought to one line; more are columns of prose."""

SAME_HEIGHT = 0.3
"""Heights of type by which two pieces of text may differ in height and still stand beside each other."""

_PROSE_END = re.compile(r"[.!?:;,]$")
_LIST_MARK = re.compile(r"^(?:[-*+•◦▪‣●○■–—·]|\(?[\dA-Za-z]{1,3}(?:\.[\dA-Za-z]{1,3})*[.)])$")  # noqa: RUF001 - dashes are meant


@dataclass(frozen=True, slots=True)
class _Gap:
    """A wide gap at a place of its line, from ``left`` to ``right`` on the page."""

    at: int
    left: float
    right: float

    def over(self, other: _Gap) -> bool:
        """Whether both leave the same strip of the page free."""
        return self.left < other.right and other.left < self.right


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the page's text with where its first letter stands; ``height`` is that of its type, 0 if unknown."""

    text: str
    left: float
    top: float
    height: float
    gaps: tuple[_Gap, ...]

    def above(self, other: _Line) -> bool:
        """Whether it stands higher on the page."""
        return self.top > other.top + SAME_HEIGHT * max(self.height, other.height)


def with_cells(text: str, textpage: Any) -> str:
    """Return the text of a page with tabs between the cells of a table, and each of its rows on a line."""
    lines = list(_lines(textpage))
    rows = [_tabbed(line.text, _cell_ends(lines, number)) for number, line in enumerate(lines)]
    written = [line.rstrip("\r") for line in text.replace("\t", " ").split("\n")]
    if written == [line.text for line in lines]:
        joins = _joins(lines)
        return "".join(joins.get(at, "\n" if at else "") + row for at, row in enumerate(rows))
    known = dict(zip((line.text for line in lines), rows, strict=True))
    return "\n".join(known.get(line, line) for line in written)


def _lines(textpage: Any) -> Iterator[_Line]:
    import pypdfium2.raw as pdfium

    at, box = 0, pdfium.FS_RECTF()
    for written in textpage.get_text_range().split("\n"):
        text = written.rstrip("\r").replace("\t", " ")
        first = pdfium.FPDFText_GetCharIndexFromTextIndex(textpage.raw, at) if text else -1
        if first >= 0 and pdfium.FPDFText_GetLooseCharBox(textpage.raw, first, box):
            height = abs(box.top - box.bottom)
            gaps = tuple(_gaps(textpage, first, text, CELL_GAP * height)) if height else ()
            yield _Line(text, box.left, box.top, height, gaps)
        else:
            yield _Line(text, 0.0, 0.0, 0.0, ())
        at += len(written) + 1


def _gaps(textpage: Any, first: int, line: str, least: float) -> Iterator[_Gap]:
    """The gaps of a line, left to right, that are as wide as ``least``; none behind the mark of a list."""
    import pypdfium2.raw as pdfium

    blanks = [place for place in range(1, len(line) - 1) if line[place] == " " and line[place + 1] != " "]
    if not blanks or len(blanks) >= MOST_WORDS or _PROSE_END.search(line):
        return
    edges = [ctypes.c_double() for _ in range(4)]
    pointers = [ctypes.byref(edge) for edge in edges]
    for blank in blanks[1:] if _LIST_MARK.match(line[: blanks[0]]) else blanks:
        pdfium.FPDFText_GetCharBox(textpage.raw, first + blank - 1, *pointers)
        left = edges[1].value
        pdfium.FPDFText_GetCharBox(textpage.raw, first + blank + 1, *pointers)
        right = edges[0].value
        letter = pdfium.FPDFText_GetUnicode(textpage.raw, first + blank + 1)
        if right - left >= least and letter == ord(line[blank + 1]):
            yield _Gap(blank, left, right)


def _cell_ends(lines: Sequence[_Line], number: int) -> dict[int, int]:
    """How many cells end at each gap of a line that a line above or below leaves free as well.

    More than one where such a line has several gaps in its place: the cells between them are empty here.
    """
    near = [line.gaps for line in _around(lines, number) if line.gaps]
    most = {gap.at: max((sum(map(gap.over, gaps)) for gaps in near), default=0) for gap in lines[number].gaps}
    return {at: count for at, count in most.items() if count}


def _around(lines: Sequence[_Line], number: int) -> Sequence[_Line]:
    return [*lines[max(0, number - NEAR) : number], *lines[number + 1 : number + 1 + NEAR]]


def _tabbed(line: str, ends: Mapping[int, int]) -> str:
    return "".join("\t" * ends.get(at, 0) or letter for at, letter in enumerate(line))


def _joins(lines: Sequence[_Line]) -> dict[int, str]:
    """What joins a line to the one before where both are of one row: a tab before a cell, a blank within one."""
    joins: dict[int, str] = {}
    for at in range(1, len(lines)):
        begun = _row_begun(lines, at)
        if begun is not None:
            joins |= {n: "\t" if lines[n].above(lines[n - 1]) else " " for n in range(begun + 1, at + 1)}
        elif _ends_row(lines, at, joins):
            joins[at] = " "
    return joins


def _row_begun(lines: Sequence[_Line], at: int) -> int | None:
    """Where the row began to which a line goes back up; None for a line that goes on down the page."""
    line = lines[at]
    if not line.height or not line.above(lines[at - 1]) or not any(one.gaps for one in _around(lines, at)):
        return None
    for begun in range(at - 1, max(-1, at - TALLEST), -1):
        if not line.above(lines[begun]):
            narrow = all(one.text.count(" ") < MOST_WORDS_OF_A_PIECE for one in lines[begun : at + 1])
            return begun if narrow and line.left > lines[begun].left and not lines[begun].above(line) else None
    return None


def _ends_row(lines: Sequence[_Line], at: int, joins: Mapping[int, str]) -> bool:
    """Whether a line goes on with the last cell of the row above: it begins below that cell and has no cells itself."""
    line, before = lines[at], at - 1
    while before > 0 and joins.get(before) == " ":
        before -= 1
    last = lines[before].gaps[-1].right if lines[before].gaps else lines[before].left
    of_a_row = bool(lines[before].gaps and _cell_ends(lines, before)) or joins.get(before) == "\t"
    below = line.height > 0 and not line.gaps and lines[at - 1].above(line)
    return of_a_row and below and abs(line.left - last) <= SAME_HEIGHT * line.height
