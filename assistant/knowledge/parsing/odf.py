"""OpenDocument files of LibreOffice: texts (.odt), sheets (.ods) and slides (.odp) from their one content part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import PROTECTED, opened, read
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.numbering import written
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.sheets import block_lines, blocks
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.knowledge.parsing.xml_parts import xml_root
from assistant.library import ParsedDocument

_NAMES = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, TEXT, TABLE, DRAW, STYLE, PRESENTATION, MANIFEST = (
    _NAMES % name for name in ("office", "text", "table", "drawing", "style", "presentation", "manifest")
)
TITLE = "{http://purl.org/dc/elements/1.1/}title"
# A row or cell may say that it stands many times; a file of a few bytes would then fill the memory.
MOST_REPEATED = 1_000
# Filled cells that one row may become by standing many times: what is said a hundred times is found by then.
MOST_CELLS = 10_000
DEEPEST_LIST = 10
_BLANKS = {f"{TEXT}s": " ", f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}
# What these hold is no text of the document: comments, deleted text, and lists made from its headings.
_LEFT_OUT = frozenset(
    {f"{OFFICE}annotation", f"{OFFICE}annotation-end", f"{TEXT}tracked-changes", f"{TEXT}note-citation"}
    | {f"{TEXT}table-of-content", f"{TEXT}alphabetical-index", f"{TEXT}ruby-text", f"{OFFICE}forms"}
    | {f"{TABLE}shapes", f"{DRAW}image", f"{DRAW}object", f"{OFFICE}scripts"}
)
_NUMBERS = {"a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the body of a text, the visible sheets, or the slides with their notes."""
    with opened(source) as archive:
        parts = set(archive.namelist())
        if "META-INF/manifest.xml" in parts and b"encryption-data" in read(archive, "META-INF/manifest.xml"):
            raise UnreadableDocument(PROTECTED)
        root = xml_root(read(archive, "content.xml"))
        title = _title(xml_root(read(archive, "meta.xml"))) if "meta.xml" in parts else ""
    reader = _Reader(root)
    for body in root.findall(f"{OFFICE}body/*"):
        reader.body(body, on_page)
    on_page(1, 1)
    return reader.document.build(title or reader.title or title_from_name(name))


def _title(meta: Any) -> str:
    found = meta.find(f".//{TITLE}")
    return "".join(found.itertext()) if found is not None else ""


class _Reader:
    """Adds block after block to the document."""

    def __init__(self, root: Any) -> None:
        self.document = DocumentBuilder()
        self.title = ""
        self._styles = {
            style.get(f"{STYLE}name"): style for style in root.iterfind(f"{OFFICE}automatic-styles/{TEXT}list-style")
        }
        self._hidden = {
            style.get(f"{STYLE}name")
            for style in root.iterfind(f"{OFFICE}automatic-styles/{STYLE}style[@{STYLE}family='table']")
            if style.find(f"{STYLE}table-properties[@{TABLE}display='false']") is not None
        }

    def body(self, body: Any, on_page: OnPage) -> None:
        """Add a text as one page, slides and sheets as one each."""
        if body.tag == f"{OFFICE}spreadsheet":
            parts = [
                table for table in body.iter(f"{TABLE}table") if table.get(f"{TABLE}style-name") not in self._hidden
            ]
        else:
            parts = body.findall(f"{DRAW}page")
        if not parts:
            self.document.start_page()
            self._blocks(body)
        for number, part in enumerate(parts, 1):
            if part.tag == f"{TABLE}table":
                self._sheet(part)
            else:
                self._slide(part, number)
            on_page(number, len(parts))

    def _slide(self, slide: Any, number: int) -> None:
        self.document.start_page(number)
        for frame in slide:
            self.document.gap()
            if frame.get(f"{PRESENTATION}class") == "title":
                self.document.heading(1, " ".join(_text(line) for line in frame.iter(f"{TEXT}p")))
            elif frame.get(f"{PRESENTATION}class") not in ("page-number", "date-time", "footer", "header"):
                self._block(frame)

    def _sheet(self, table: Any) -> None:
        self.document.start_page()
        for number, block in enumerate(blocks(_rows(table))):
            if number == 0:
                self.document.heading(1, table.get(f"{TABLE}name", ""))
            self.document.gap()
            for line in block_lines(block):
                self.document.line(line)

    def _blocks(self, parent: Any) -> None:
        for child in parent:
            self._block(child)

    def _block(self, block: Any) -> None:
        if block.tag == f"{TEXT}h":
            self._heading(block)
        elif block.tag == f"{TEXT}p":
            self._paragraph(block)
        elif block.tag == f"{TEXT}list":
            self.document.gap()
            self._list(block, self._styles.get(block.get(f"{TEXT}style-name")), 1)
            self.document.gap()
        elif block.tag == f"{TABLE}table":
            self._table(block)
        elif isinstance(block.tag, str) and block.tag not in _LEFT_OUT:
            self._blocks(block)

    def _heading(self, block: Any) -> None:
        text = _text(block)
        level = block.get(f"{TEXT}outline-level", "1")
        self.title = self.title or text
        self.document.heading(int(level) if level.isdecimal() and len(level) < 3 else 1, text)

    def _paragraph(self, block: Any) -> None:
        self.document.paragraph(_text(block))
        for box in block.iter(f"{DRAW}text-box"):
            self._blocks(box)

    def _list(self, block: Any, style: Any, level: int) -> None:
        """Items with their bullets or numbers; a list that goes on elsewhere counts from one again."""
        number = 0
        for item in block:
            if item.tag not in (f"{TEXT}list-item", f"{TEXT}list-header"):
                continue
            number += item.tag == f"{TEXT}list-item"
            label = _label(style, level, number) if item.tag == f"{TEXT}list-item" else ""
            for child in item:
                if child.tag == f"{TEXT}list" and level < DEEPEST_LIST:
                    self._list(child, self._styles.get(child.get(f"{TEXT}style-name"), style), level + 1)
                elif child.tag == f"{TEXT}h":
                    self._heading(child)
                elif isinstance(child.tag, str):
                    self.document.line(f"{label}{_text(child)}".strip())
                    label = ""

    def _table(self, table: Any) -> None:
        self.document.gap()
        has_header = table.find(f"{TABLE}table-header-rows") is not None
        for line in rows_as_lines(list(_rows(table)), header=has_header or None):
            self.document.line(line)
        self.document.gap()


def _label(style: Any, level: int, number: int) -> str:
    numbered = None if style is None else style.find(f"{TEXT}list-level-style-number[@{TEXT}level='{level}']")
    if numbered is None or not numbered.get(f"{STYLE}num-format"):
        return "- "
    kind = _NUMBERS.get(numbered.get(f"{STYLE}num-format"), "decimal")
    return f"{written(number, kind)}{numbered.get(f'{STYLE}num-suffix') or '.'} "


def _rows(table: Any) -> Iterator[list[str]]:
    """Rows of a table, those in groups too; a row that stands many times is given as often as it says something."""
    for child in table:
        if child.tag == f"{TABLE}table-row":
            cells = _cells(child)
            filled = sum(map(bool, cells))
            for _ in range(min(_repeated(child, "rows"), max(1, MOST_CELLS // filled)) if filled else 1):
                yield cells
        elif child.tag in (f"{TABLE}table-header-rows", f"{TABLE}table-rows", f"{TABLE}table-row-group"):
            yield from _rows(child)


def _cells(row: Any) -> list[str]:
    cells: list[str] = []
    for cell in row.iter(f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        text = _text(cell)
        cells += [text] * (_repeated(cell, "columns") if text else min(_repeated(cell, "columns"), MOST_REPEATED))
    return cells


def _repeated(element: Any, what: str) -> int:
    number = element.get(f"{TABLE}number-{what}-repeated", "1")
    times = int(number) if number.isdecimal() and len(number) < 10 else 1
    return min(times, MOST_REPEATED)


def _text(element: Any) -> str:
    """Text of a paragraph, cell or frame; its own paragraphs are set apart by blanks."""
    return "".join(_pieces(element)).strip()


def _pieces(element: Any) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag not in _LEFT_OUT and child.tag != f"{DRAW}text-box":
            yield _BLANKS.get(child.tag, "")
            yield from _pieces(child)
            yield " " if child.tag in (f"{TEXT}p", f"{TEXT}h", f"{TEXT}list-item") else ""
        yield child.tail or ""
