"""Excel files: a part per visible sheet, headed by the sheet's name, each row a line that names its columns."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.formats import OnPage
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import is_number, rows_as_lines
from assistant.library import ParsedDocument

DAMAGED = "This Excel file is damaged; open it in Excel, save it again and upload that."
# Excel's own limit of columns is 16,384; no table for people is as wide as this.
MAX_COLUMNS = 1_000


def parse(path: Path, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the values of all visible sheets; formulas count with their last result."""
    import python_calamine

    document = DocumentBuilder()
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = [sheet for sheet in book.sheets_metadata if sheet.visible is python_calamine.SheetVisibleEnum.Visible]
        for number, sheet in enumerate(sheets, 1):
            document.start_page()
            _read(sheet.name, _rows(book, sheet.name), document)
            on_page(number, len(sheets))
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # calamine raises errors of many kinds on damaged files
        raise UnreadableDocument(DAMAGED) from None
    return document.build(title_from_name(name))


def _rows(book: Any, sheet: str) -> list[list[str]]:
    rows = book.get_sheet_by_name(sheet).to_python(skip_empty_area=True)
    return [[_cell(value) for value in row[:MAX_COLUMNS]] for row in rows]


def _read(name: str, rows: list[list[str]], document: DocumentBuilder) -> None:
    blocks = list(_blocks(rows))
    if not blocks:
        return
    document.heading(1, name)
    for block in blocks:
        document.gap()
        for line in _block_lines(block):
            document.line(line)


def _blocks(rows: list[list[str]]) -> Iterator[list[list[str]]]:
    """Runs of rows between empty ones."""
    block: list[list[str]] = []
    for row in rows:
        if any(row):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _block_lines(block: list[list[str]]) -> Iterator[str]:
    """Lines with a single cell above the table stay as they are; the first full row has the headers."""
    first = next((n for n, row in enumerate(block) if _filled(row) > 1), len(block))
    for row in block[:first]:
        yield " ".join(cell for cell in row if cell)
    table = block[first:]
    if table:
        yield from rows_as_lines(table, header=not any(is_number(cell) for cell in table[0] if cell))


def _filled(row: list[str]) -> int:
    return sum(1 for cell in row if cell)


def _cell(value: object) -> str:
    """Write a value as Excel's general format does, dates as 2026-01-31."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        midnight = value.time() == datetime.time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, datetime.time):
        return value.isoformat(timespec="minutes")
    return str(value).strip()
