from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]


def test_lines_stay_and_capitals_and_underlines_are_headings(read: Read, write: Write) -> None:
    document = read(write("site_guide.txt", "SITE GUIDE\r\n\r\nIt opens   at 7.\r\n\r\nLunch\r\n-----\r\nFrom 12.\r\n"))
    assert document.text == "SITE GUIDE\n\nIt opens at 7.\n\nLunch\n-----\nFrom 12."
    assert [(heading.level, heading.text) for heading in document.headings] == [(1, "SITE GUIDE"), (2, "Lunch")]
    assert document.title == "site guide"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_read_in_its_encoding(read: Read, write: Write, encoding: str) -> None:
    text = "Frau Zöhrer prüft die Größe der Räume und grüßt schön, außer an Feiertagen im März."
    assert read(write("a.txt", text.encode(encoding))).text == text


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_rows_name_their_columns(read: Read, write: Write, delimiter: str) -> None:
    lines = [["site", "name", "remark"], ["Graz", '"Dr. ""R"" K"', ""], ["Leeds", "Ann", "two\nlines"]]
    lines[2][2] = '"two\nlines"'
    document = read(write("contacts.csv", "\n".join(delimiter.join(row) for row in lines)))
    assert document.text == 'site: Graz; name: Dr. "R" K\nsite: Leeds; name: Ann; remark: two lines'


def test_a_wide_cell_is_no_error(read: Read, write: Write) -> None:
    assert len(read(write("wide.csv", "a,b\n1," + "x" * 300_000)).text) > 300_000
