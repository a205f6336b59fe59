"""Excel files: a part per visible sheet, headed by the sheet's name, each row a line that names its columns."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import PROTECTED, opened
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import is_number, rows_as_lines
from assistant.library import ParsedDocument

DAMAGED = "This Excel file is damaged; open it in Excel, save it again and upload that."
SPREAD = (
    "A sheet of this file has cells far outside of its table, which makes it too large to be read; delete the empty "
    "rows and columns beside the table, save it and upload it again."
)
# Cells of the rectangle that a sheet spans, empty ones included: all of them are held in memory, 24 bytes each.
MAX_CELLS = 20_000_000
_PLACE = re.compile(rb"\sr=[\"']([A-Za-z]{1,8})(\d{1,20})[\"']")
_PIECE = 1024 * 1024
# A cell's place that is cut by the end of a piece is found again in the next one.
_OVERLAP = 32


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the values of all visible sheets; formulas count with their last result."""
    import python_calamine

    if zipfile.is_zipfile(source):
        _check_spread(source)
    document = DocumentBuilder()
    try:
        book = python_calamine.load_workbook(source if isinstance(source, Path) else io.BytesIO(source.getvalue()))
        sheets = [sheet for sheet in book.sheets_metadata if _is_read(sheet)]
        for number, sheet in enumerate(sheets, 1):
            document.start_page()
            _read(sheet.name, _rows(book, sheet.name), document)
            on_page(number, len(sheets))
    except (UnreadableDocument, MemoryError, KeyboardInterrupt, SystemExit):
        raise
    except python_calamine.PasswordError:
        raise UnreadableDocument(PROTECTED) from None
    except BaseException:  # calamine raises errors of many kinds on damaged files; a panic of Rust is no Exception
        raise UnreadableDocument(DAMAGED) from None
    return document.build(title_from_name(name))


def _check_spread(source: Source) -> None:
    """Refuse a small file whose cells stand so far apart that the sheet between them fills the memory."""
    with opened(source) as book:
        for part in book.namelist():
            if part.lower().startswith("xl/worksheets/") and part.lower().endswith(".xml"):
                try:
                    with book.open(part) as stream:
                        _check_sheet(stream)
                except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError):
                    raise UnreadableDocument(DAMAGED) from None


def _check_sheet(stream: IO[bytes]) -> None:
    letters: set[bytes] = set()
    last_row = 0
    held = b""
    while piece := stream.read(_PIECE):
        held = held[-_OVERLAP:] + piece
        for column, row in _PLACE.findall(held):
            letters.add(column)
            last_row = max(last_row, int(row))
    if last_row * max(map(_column, letters), default=0) > MAX_CELLS:
        raise UnreadableDocument(SPREAD)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - ord("A") + 1
    return number


def _is_read(sheet: Any) -> bool:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    return sheet.visible is SheetVisibleEnum.Visible and sheet.typ is SheetTypeEnum.WorkSheet


def _rows(book: Any, sheet: str) -> Iterator[list[str]]:
    return ([_cell(value) for value in row] for row in book.get_sheet_by_name(sheet).iter_rows())


def _read(name: str, rows: Iterable[list[str]], document: DocumentBuilder) -> None:
    for number, block in enumerate(blocks(rows)):
        if number == 0:
            document.heading(1, name)
        document.gap()
        for line in block_lines(block):
            document.line(line)


def blocks(rows: Iterable[list[str]]) -> Iterator[list[list[str]]]:
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


def block_lines(block: list[list[str]]) -> Iterator[str]:
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
