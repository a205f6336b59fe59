"""Tables of PDF pages, drawn cell by cell at their places as programs do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant.library import ParsedDocument

Draw = Callable[[Sequence[tuple[float, float, str]]], Path]
Read = Callable[..., ParsedDocument]
LEFT, MIDDLE, RIGHT = 72, 250, 400
WORDS = ("Rules about the water", "Figures about the harbour", "Tales about the coast", "Words about the weather")
PROSE = "The ferry company keeps a list of its harbours and of what a berth costs there"


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Write a PDF page of texts, each at its place from the left and from the top."""

    def drawn(texts: Sequence[tuple[float, float, str]]) -> Path:
        from reportlab.pdfgen.canvas import Canvas

        canvas = Canvas(str(tmp_path / "drawn.pdf"), pagesize=(595, 842))
        canvas.setFont("Helvetica", 11)
        for left, top, text in texts:
            canvas.drawString(left, 800 - top, text)
        canvas.save()
        return tmp_path / "drawn.pdf"

    return drawn


def row(top: float, *cells: str) -> list[tuple[float, float, str]]:
    return [(left, top, cell) for left, cell in zip((LEFT, MIDDLE, RIGHT), cells, strict=False) if cell]


def test_cells_of_a_row_are_set_apart_by_tabs_and_prose_stays_as_it_is(draw: Draw, read: Read) -> None:
    page = [*row(0, PROSE), *row(20, "Harbour", "Berth (EUR)", "Open"), *row(34, "Old Town", "40", "all year")]
    assert read(draw([*page, *row(48, "Sand Bay", "25", "in summer")])).text.split("\n") == [
        PROSE,
        "Harbour\tBerth (EUR)\tOpen",
        "Old Town\t40\tall year",
        "Sand Bay\t25\tin summer",
    ]


def test_an_empty_cell_keeps_its_place(draw: Draw, read: Read) -> None:
    page = [
        *row(0, "Harbour", "Berth", "Open"),
        *row(14, "Old Town", "40", "all year"),
        *row(28, "Sand Bay", "", "May"),
    ]
    assert read(draw(page)).text.split("\n")[2] == "Sand Bay\t\tMay"


def test_a_row_whose_cells_go_on_over_some_lines_stands_on_one(draw: Draw, read: Read) -> None:
    page = [
        *row(0, "Harbour", "Berth", "Open"),
        *[(LEFT, 14, "Old Town with"), (LEFT, 28, "the lighthouse"), (MIDDLE, 14, "40"), (RIGHT, 14, "all year")],
        *[(LEFT, 42, "Sand Bay"), (MIDDLE, 42, "25"), (RIGHT, 42, "in summer, when"), (RIGHT, 56, "the wind allows")],
        *row(70, PROSE),
    ]
    assert read(draw(page)).text.split("\n") == [
        "Harbour\tBerth\tOpen",
        "Old Town with the lighthouse\t40\tall year",
        "Sand Bay\t25\tin summer, when the wind allows",
        PROSE,
    ]


def test_a_wide_gap_in_a_single_line_makes_no_table(draw: Draw, read: Read) -> None:
    page = [*row(0, PROSE), (LEFT, 14, "Signed"), (RIGHT, 14, "Harbour master"), *row(28, PROSE), *row(42, PROSE)]
    assert "\t" not in read(draw(page)).text


def test_items_of_a_list_are_no_rows(draw: Draw, read: Read) -> None:
    page = [text for n in (1, 2, 3) for text in ((LEFT, n * 14, f"{n}."), (LEFT + 40, n * 14, "Tie the boat up"))]
    assert read(draw(page)).text.split("\n")[0] == "1. Tie the boat up"


def test_running_headers_are_dropped_whether_they_stand_over_a_table_or_not(
    make_pdf: Callable[..., Path], read: Read
) -> None:
    kinds = ["boats", "ropes", "buoys", "lamps"]
    rows = {"boats": ["Quay     Berths     Open", "Old     40     May"], "lamps": ["Lamp     Colour     Height"]}
    pages = [
        [
            f"Ferry     Harbours     Page {n}",
            *rows.get(kind, []),
            *(f"{word} are said of {kind} here" for word in WORDS),
        ]
        for n, kind in enumerate(kinds, start=1)
    ]
    text = read(make_pdf(pages)).text
    assert "Ferry" not in text
    assert "Quay\tBerths\tOpen" in text
