from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from ole_file import ole_file
from small_files import old_workbook

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]

Write = Callable[[str, str | bytes], Path]


def test_rows_name_their_columns_and_sheets_are_headings(read: Read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Laptops"
    sheet.append(["Number", "Price EUR", "From", "Loan"])
    sheet.append(["LT-1", 1090.0, datetime.date(2026, 1, 5), True])
    sheet.append(["LT-2", 899.5, None, False])
    book.create_sheet("Empty")
    hidden = book.create_sheet("Salaries")
    hidden.append(["secret"])
    hidden.sheet_state = "hidden"
    book.create_sheet("Phones").append(["only one row"])
    book.save(tmp_path / "price_list.xlsx")
    document = read(tmp_path / "price_list.xlsx")
    assert document.title == "price list"
    assert [page.number for page in document.pages] == [None, None, None]
    assert document.pages[0].text.split("\n") == [
        "Laptops",
        "",
        "Number: LT-1; Price EUR: 1090; From: 2026-01-05; Loan: yes",
        "Number: LT-2; Price EUR: 899.5; Loan: no",
    ]
    assert [heading.text for heading in document.headings] == ["Laptops", "Phones"]
    assert "secret" not in document.text


def test_lines_above_the_headers_stay_as_they_are(read: Read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Rooms in Graz"], ["as of May"], ["Room", "Seats"], ["Mira", 6], [], ["Parking"], ["Free", 12]):
        book.active.append(row)
    book.save(tmp_path / "rooms.xlsx")
    assert read(tmp_path / "rooms.xlsx").text.split("\n")[2:] == [
        "Rooms in Graz",
        "as of May",
        "Room: Mira; Seats: 6",
        "",
        "Parking",
        "Free: 12",
    ]


def test_an_old_workbook_is_read_like_a_new_one(read: Read, write: Write) -> None:
    stream = old_workbook([["Room", "Seats"], ["Mira", 6.0], ["Vega", 10.5]])
    document = read(write("rooms.xls", ole_file({"Workbook": stream})))
    assert document.text == "Rooms\n\nRoom: Mira; Seats: 6\nRoom: Vega; Seats: 10.5"


def test_cells_at_both_ends_of_the_grid_do_not_fill_the_memory(read: Read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "first", "last"
    book.save(tmp_path / "sparse.xlsx")
    with pytest.raises(UnreadableDocument, match="far outside of its table"):
        read(tmp_path / "sparse.xlsx")


def test_a_wide_sheet_keeps_all_its_columns(read: Read, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append([f"Column {n}" for n in range(1500)])
    book.active.append([f"value{n}x" for n in range(1500)])
    book.save(tmp_path / "wide.xlsx")
    assert "Column 1499: value1499x" in read(tmp_path / "wide.xlsx").text
