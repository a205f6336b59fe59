"""Headings of a PDF without an outline, told by larger or bold type.

The height of a line is that of its first character's loose box: unlike the nominal font size it holds for PDFs that
scale their text by a matrix.
"""

from __future__ import annotations

import ctypes
from collections import Counter
from dataclasses import dataclass
from typing import Any

from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.pdf_content import MAX_MARKS, Mark

# A heading is at least this much taller than body text.
TALLER = 1.15
HEADING_MAX = 120
BOLD_HEADING_MAX = 80
# A bold line is a heading only if prose of at least this many characters follows; in tables short lines follow.
PROSE_MIN = 50
BOLD_WEIGHT = 600
LEVELS = 4
LETTERS_MIN = 3
_NAME_BYTES = 128


@dataclass(frozen=True, slots=True)
class _Line:
    page: int
    text: str
    height: float
    bold: bool


class FontMarks:
    """Collects the lines of all pages and then tells which of them are headings."""

    def __init__(self) -> None:
        self._lines: list[_Line] = []

    def add_page(self, number: int, textpage: Any) -> None:
        """Take the lines of one page with height and weight of their type."""
        text = textpage.get_text_range()
        at = 0
        for raw in text.split("\n"):
            line = raw.strip()
            if line:
                self._lines.append(_measured(number, line, textpage, at + raw.index(line[0])))
            at += len(raw) + 1

    def marks(self) -> list[Mark]:
        """Headings in reading order; level 1 is the tallest type, bold body type comes last."""
        body = self._body_height()
        levels = {height: min(n, LEVELS) for n, height in enumerate(self._tall_heights(body), 1)}
        body_is_bold = self._share_of_bold() > 0.5
        bold_level = min(len(levels), LEVELS) + 1
        marks = []
        for line, below in zip(self._lines, [*self._lines[1:], None], strict=False):
            if _is_tall(line, body):
                marks.append(Mark(line.page, levels.get(line.height, bold_level), line.text))
            elif line.bold and not body_is_bold and _heads_prose(line, below):
                marks.append(Mark(line.page, bold_level, line.text))
        return marks[:MAX_MARKS]

    def _tall_heights(self, body: float) -> list[float]:
        """Heights that rank headings, tallest first. Those of the cover alone head nothing that comes later."""
        tall = [line for line in self._lines if _is_tall(line, body)]
        is_long = any(line.page > 1 for line in self._lines)
        return sorted({line.height for line in tall if line.page > 0 or not is_long}, reverse=True)

    def _body_height(self) -> float:
        heights: Counter[float] = Counter()
        for line in self._lines:
            heights[line.height] += len(line.text)
        return heights.most_common(1)[0][0] if heights else 0.0

    def _share_of_bold(self) -> float:
        total = sum(len(line.text) for line in self._lines)
        return sum(len(line.text) for line in self._lines if line.bold) / total if total else 0.0


def _measured(page: int, text: str, textpage: Any, at: int) -> _Line:
    import pypdfium2.raw as pdfium

    char = pdfium.FPDFText_GetCharIndexFromTextIndex(textpage.raw, at)
    box = pdfium.FS_RECTF()
    height = 0.0
    if char >= 0 and pdfium.FPDFText_GetLooseCharBox(textpage.raw, char, box):
        height = round(abs(box.top - box.bottom), 1)
    return _Line(page, one_line(text), height, char >= 0 and _is_bold(textpage, char))


def _is_bold(textpage: Any, char: int) -> bool:
    import pypdfium2.raw as pdfium

    name = ctypes.create_string_buffer(_NAME_BYTES)
    flags = ctypes.c_int()
    pdfium.FPDFText_GetFontInfo(textpage.raw, char, name, _NAME_BYTES, flags)
    return b"bold" in name.value.lower() or pdfium.FPDFText_GetFontWeight(textpage.raw, char) >= BOLD_WEIGHT


def _is_tall(line: _Line, body: float) -> bool:
    return body > 0 and line.height >= TALLER * body and _may_be_heading(line.text, HEADING_MAX)


def _may_be_heading(text: str, longest: int) -> bool:
    letters = sum(char.isalpha() for char in text)
    return (
        letters >= LETTERS_MIN
        and len(text) <= longest
        and letters * 2 > len(text)
        and text[-1] not in ".,;"
        and text[0] not in "($"
    )


def _heads_prose(line: _Line, below: _Line | None) -> bool:
    follows = below is not None and not below.bold and len(below.text) >= PROSE_MIN
    return follows and _may_be_heading(line.text, BOLD_HEADING_MAX) and not line.text[0].islower()
