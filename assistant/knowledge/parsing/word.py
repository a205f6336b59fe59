"""Word documents: paragraphs, lists with their numbers, tables, in the order of the page.

The XML is read directly: libraries for it leave out tracked insertions, text boxes and content controls, hold all
pictures in memory, and give up where a part that nobody reads is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import opened
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.numbering import Numbering
from assistant.knowledge.parsing.office_parts import OfficeParts
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
DAMAGED = "This Word file is damaged; open it in Word, save it again and upload that."
# What these hold is no text of the document: deleted text, field codes, and copies for old programs.
_LEFT_OUT = (f"{W}del", f"{W}instrText", f"{W}pPr", f"{W}rPr", f"{W}moveFrom", FALLBACK)
_BLANKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}
_HEADING_STYLE = re.compile(r"heading\s?(\d)", re.IGNORECASE)
TITLE_LEVEL = 1


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the main text; headers, footers and comments are left out."""
    try:
        with opened(source) as archive:
            parts = OfficeParts(archive)
            main = parts.main() or "word/document.xml"
            reader = _Reader(Numbering(parts.related(main, "styles"), parts.related(main, "numbering")))
            for block in _blocks(parts.root(main)):
                reader.read(block)
            title = parts.title()
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # numbers that are none, marks where none may stand
        raise UnreadableDocument(DAMAGED) from None
    on_page(1, 1)
    return reader.document.build(title or reader.title or title_from_name(name))


class _Reader:
    """Adds block after block to the document."""

    def __init__(self, numbering: Numbering) -> None:
        self.title = ""
        self.document = DocumentBuilder()
        self.document.start_page()
        self._numbering = numbering
        self._in_list = False

    def read(self, block: Any) -> None:
        """Add a paragraph or a table."""
        if block.tag == f"{W}tbl":
            self._table(block)
        else:
            self._paragraph(block)

    def _paragraph(self, paragraph: Any) -> None:
        text = _text(paragraph).strip()
        if not text:
            return
        label = self._numbering.label(paragraph)
        level = _heading_level(self._numbering.style_names(paragraph), paragraph)
        if level is not None:
            self.title = self.title or text
            self.document.heading(level, f"{label}{text}" if label != "- " else text)
        elif label:
            self._list_item(f"{label}{text}")
        else:
            self.document.paragraph(text)
        self._in_list = bool(label) and level is None

    def _list_item(self, text: str) -> None:
        if not self._in_list:
            self.document.gap()
        self.document.line(text)

    def _table(self, table: Any) -> None:
        rows = [_cells(row) for row in _inside(table, f"{W}tr")]
        self.document.gap()
        for line in rows_as_lines(_with_merged(rows), _has_headers(table)):
            self.document.line(line)
        self._in_list = False


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables, also those inside content controls and tracked insertions."""
    for child in parent.iterchildren():
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif isinstance(child.tag, str) and child.tag not in _LEFT_OUT:
            yield from _blocks(child)


def _inside(parent: Any, tag: str) -> Iterator[Any]:
    """Rows of a table or cells of a row, also those inside content controls, but not those of nested tables."""
    for child in parent.iterchildren():
        if child.tag == tag:
            yield child
        elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml"):
            yield from _inside(child, tag)


def _text(element: Any) -> str:
    """Text of a paragraph, text boxes included once."""
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in _BLANKS:
            yield _BLANKS[child.tag]
        elif child.tag not in _LEFT_OUT:
            yield from _pieces(child)
            if child.tag == f"{W}p":
                yield " "


def _heading_level(names: list[str], paragraph: Any) -> int | None:
    """Level by the style's name (of the style or one it is based on) or the paragraph's outline level."""
    for name in names:
        match = _HEADING_STYLE.match(name)
        if match:
            return int(match.group(1))
        if name.lower() == "title":
            return TITLE_LEVEL
    outline = paragraph.find(f"{W}pPr/{W}outlineLvl")
    level = int(outline.get(f"{W}val", "9")) if outline is not None else 9
    return level + 1 if level < 9 else None


# One cell: its text, the columns it spans, and whether it continues the cell above.
Cell = tuple[str, int, bool]


def _cells(row: Any) -> list[Cell]:
    cells = []
    for cell in _inside(row, f"{W}tc"):
        span = cell.find(f"{W}tcPr/{W}gridSpan")
        merge = cell.find(f"{W}tcPr/{W}vMerge")
        continues = merge is not None and merge.get(f"{W}val", "continue") == "continue"
        text = " ".join(_text(paragraph) for paragraph in cell.iter(f"{W}p"))
        cells.append((text, int(span.get(f"{W}val", "1")) if span is not None else 1, continues))
    return cells


def _with_merged(rows: list[list[Cell]]) -> list[list[str]]:
    """Rows on the table's grid; a cell merged downwards says its text in each row it covers."""
    grid: list[list[str]] = []
    for row in rows:
        line: list[str] = []
        for text, span, continues in row:
            above = grid[-1][len(line)] if continues and grid and len(line) < len(grid[-1]) else text
            line += [above, *[""] * (min(span, 64) - 1)]
        grid.append(line)
    return grid


def _has_headers(table: Any) -> bool | None:
    """True when the first row is marked as header or alone set in bold; None when nothing tells."""
    rows = list(_inside(table, f"{W}tr"))
    if not rows:
        return None
    if rows[0].find(f"{W}trPr/{W}tblHeader") is not None:
        return True
    return True if len(rows) > 1 and _is_bold(rows[0]) and not _is_bold(rows[1]) else None


def _is_bold(row: Any) -> bool:
    runs = [run for run in row.iter(f"{W}r") if run.find(f"{W}t") is not None]
    return bool(runs) and all(run.find(f"{W}rPr/{W}b") is not None for run in runs)
