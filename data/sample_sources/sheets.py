"""Lay out a TOML source as a workbook: one table per sheet, header row first."""

from __future__ import annotations

import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from packing import MADE, repack

HEAD_FILL = PatternFill("solid", fgColor="0F5C63")
HEAD_FONT = Font(bold=True, color="FFFFFF")
WIDEST = 70


def build(path: Path) -> bytes:
    """Render one source file as xlsx."""
    source = tomllib.loads(path.read_text(encoding="utf-8"))
    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title, book.properties.creator = source["title"], source["owner"]
    book.properties.created = MADE
    for sheet in source["sheet"]:
        _fill(book.create_sheet(sheet["name"]), sheet)
    target = BytesIO()
    book.save(target)
    return repack(target.getvalue())


def _fill(page: Worksheet, sheet: dict[str, Any]) -> None:
    rows: list[list[Any]] = [sheet["columns"], *sheet["rows"]]
    for row in rows:
        page.append(row)
    for cell in page[1]:
        cell.fill, cell.font = HEAD_FILL, HEAD_FONT
    for index, column in enumerate(zip(*rows, strict=True), start=1):
        longest = max(len(str(value)) for value in column)
        letter = get_column_letter(index)
        page.column_dimensions[letter].width = min(longest + 3, WIDEST)
    for cells in page.iter_rows():
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    page.freeze_panes = "A2"
