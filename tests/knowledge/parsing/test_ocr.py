from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pypdf
import pytest
from scanned import write_scan

from assistant.knowledge.parsing import ocr
from assistant.knowledge.parsing.ocr import PageRecogniser, PageUnread
from assistant.knowledge.parsing.ocr_lines import Piece, text_of

needs_ocr = pytest.mark.skipif(not ocr.is_installed(), reason="the extra 'ocr' is not installed")
RULE = ["The hotel cap in Berlin is EUR 160", "per night with breakfast."]


def ignore() -> None:
    return


def piece(left: float, top: float, width: float, word: str) -> Piece:
    return (left, top, left + width, top + 20), word


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_scan(tmp_path / "scan.pdf", [RULE, [], "Text of its own."])


@pytest.fixture
def recogniser(scan: Path) -> Iterator[PageRecogniser]:
    child = PageRecogniser(scan, None, 3)
    yield child
    child.close()


@needs_ocr
def test_a_picture_of_text_becomes_text_and_a_blank_one_nothing(recogniser: PageRecogniser) -> None:
    assert recogniser.text(1, ignore).split() == " ".join(RULE).split()
    assert recogniser.text(2, ignore) == ""


@needs_ocr
def test_a_page_that_is_not_there_costs_no_other(recogniser: PageRecogniser) -> None:
    with pytest.raises(PageUnread):
        recogniser.text(9, ignore)
    assert "Berlin" in recogniser.text(1, ignore)


@needs_ocr
def test_a_protected_scan_is_read_with_its_password(scan: Path, tmp_path: Path) -> None:
    writer = pypdf.PdfWriter(clone_from=scan)
    writer.encrypt("open sesame", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    child = PageRecogniser(tmp_path / "locked.pdf", "open sesame", 1)
    assert "Berlin" in child.text(1, ignore)
    child.close()


def test_a_child_that_dies_is_told(scan: Path) -> None:
    child = PageRecogniser(scan, None, 1)
    psutil.Process(child._child.pid).kill()
    with pytest.raises(PageUnread):
        child.text(1, ignore)
    child.close()


@needs_ocr
def test_a_page_that_takes_too_long_is_given_up(scan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "START_SECONDS", 0.0)
    child = PageRecogniser(scan, None, 1, page_seconds=0.01)
    with pytest.raises(PageUnread, match="slow"):
        child.text(1, ignore)
    child.close()


def test_nobody_waits_for_a_page_that_is_no_longer_wanted(scan: Path) -> None:
    child = PageRecogniser(scan, None, 1)
    psutil.Process(child._child.pid).suspend()

    def unwanted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        child.text(1, unwanted)
    child.close()
    assert not psutil.pid_exists(child._child.pid)


def test_rows_of_a_table_are_lines() -> None:
    cells = [
        piece(20, 12, 60, "City"),
        piece(300, 10, 50, "Cap"),
        piece(22, 41, 60, "Berlin"),
        piece(300, 43, 50, "160"),
    ]
    assert text_of(cells) == "City Cap\nBerlin 160"


def test_columns_of_prose_are_read_one_by_one_below_their_heading() -> None:
    left = [piece(20, 60 + 25 * n, 260, f"left{n}") for n in range(6)]
    right = [piece(320, 61 + 25 * n, 260, f"right{n}") for n in range(6)]
    words = text_of([piece(20, 20, 560, "Heading"), *right, *left]).split()
    assert words == ["Heading", *(f"left{n}" for n in range(6)), *(f"right{n}" for n in range(6))]


def test_nothing_recognised_is_no_text() -> None:
    assert text_of([]) == ""
    assert text_of([piece(0, 0, 10, "  ")]) == ""
