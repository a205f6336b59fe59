from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("Site,Days\nGraz,27\n", ["Site: Graz; Days: 27"]),
        ("sep=;\r\nSite;Days\r\nGraz;27\r\n", ["Site: Graz; Days: 27"]),
        ("Site\tDays\rGraz\t27\r", ["Site: Graz; Days: 27"]),
        ("Rooms in Graz\n\nRoom,Seats\nMira,6\n", ["Rooms in Graz", "Room: Mira; Seats: 6"]),
        ("A,B\n1\n1,2,3\n,2\n\n1,2,,,9\n", ["1", "A: 1; B: 2; 3", "B: 2", "A: 1; B: 2; 9"]),
        ('A,B\n"one\ntwo",x\n', ["A: one two; B: x"]),
        ('A,B\nx,"never closed\nlast', ["A: x; B: never closed last"]),
        ("only,headers\n", ["only: headers"]),
        ("one\ntwo\n", ["one", "two"]),
        (f"A,B\n{'x' * 60}\x00,y\n", [f"A: {'x' * 60}; B: y"]),
    ],
)
def test_rows_of_any_shape_name_their_columns(read: Read, write: Write, content: str, lines: list[str]) -> None:
    assert read(write("rows.csv", content)).text.split("\n") == lines


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
def test_old_and_wide_encodings_are_read(read: Read, write: Write, encoding: str) -> None:
    rows = "Ort,Gruß\nKöln,schöne Grüße aus Köln\nGräfenberg,für später übrig\n" * 3
    assert "Ort: Köln; Gruß: schöne Grüße aus Köln" in read(write("rows.csv", rows.encode(encoding))).text


def test_reading_a_short_file_leaves_others_the_length_of_cell_they_may_read(read: Read, write: Write) -> None:
    before = csv.field_size_limit()
    read(write("leads.csv", "site,lead\nGraz,Eva\n"))
    assert csv.field_size_limit() >= before
