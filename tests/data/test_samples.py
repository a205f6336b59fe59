"""The sample documents: complete, readable, long enough, and built the same each time."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from zipfile import ZipFile

import pytest
from pypdf import PdfReader

DATA = Path(__file__).resolve().parents[2] / "data"
SAMPLES = DATA / "samples"
BUILD = DATA / "sample_sources" / "build.py"
FORMATS = {".pdf", ".docx", ".xlsx", ".pptx", ".html", ".csv", ".md", ".txt"}
BUILT_FORMATS = {".pdf", ".docx", ".xlsx", ".pptx"}
BUILDERS = ("reportlab", "docx", "pptx", "openpyxl")
WORDS_PER_PAGE = 450
OLD_POLICY = SAMPLES / "Travel and Expense Policy 2024.pdf"
NEW_POLICY = SAMPLES / "Travel and Expense Policy 2026.pdf"


def samples(formats: Iterable[str] = FORMATS) -> list[Path]:
    """The sample documents of the given formats."""
    return sorted(p for p in SAMPLES.iterdir() if p.suffix in set(formats))


def archive_text(path: Path) -> str:
    """All words in the body parts of an office file."""
    bodies = ("word/document", "xl/worksheets/", "xl/sharedStrings")
    with ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.startswith(bodies)]
        parts = [archive.read(name).decode() for name in names]
    return re.sub(r"<[^>]*>", " ", " ".join(parts))


def page_count(path: Path) -> int:
    """Pages of a PDF, slides of a deck, else one page for each 450 words."""
    if path.suffix == ".pdf":
        return len(PdfReader(path).pages)
    if path.suffix == ".pptx":
        return len(slide_names(path, "slides"))
    office = path.suffix in BUILT_FORMATS
    text = archive_text(path) if office else path.read_text(encoding="utf-8")
    return max(1, round(len(text.split()) / WORDS_PER_PAGE))


def slide_names(path: Path, folder: str) -> list[str]:
    """The parts of a deck in one folder, such as its slides or its notes."""
    with ZipFile(path) as archive:
        names = archive.namelist()
    start = f"ppt/{folder}/"
    return [n for n in names if n.startswith(start) and "_rels" not in n]


def pdf_text(path: Path) -> str:
    """The text of a whole PDF, its line ends made plain spaces."""
    pages = (page.extract_text() for page in PdfReader(path).pages)
    return " ".join(" ".join(pages).split())


def test_there_are_at_least_24_documents_in_all_eight_formats() -> None:
    found = samples()
    assert len(found) >= 24
    assert {path.suffix for path in found} == FORMATS


def test_the_documents_have_more_than_sixty_pages_together() -> None:
    assert sum(page_count(path) for path in samples()) > 60


@pytest.mark.parametrize("path", samples({".pdf"}), ids=lambda p: p.stem)
def test_a_pdf_has_a_title_an_outline_and_several_pages(path: Path) -> None:
    reader = PdfReader(path)
    assert reader.metadata is not None
    assert reader.metadata.title
    assert len(reader.outline) >= 5
    assert 4 <= len(reader.pages) <= 10


@pytest.mark.parametrize("path", samples({".pdf"}), ids=lambda p: p.stem)
def test_each_page_of_a_pdf_has_text_and_its_page_number(path: Path) -> None:
    pages = PdfReader(path).pages
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert f"Page {number} of {len(pages)}" in text
        assert len(text.split()) > 50


def test_a_table_row_of_a_pdf_is_read_as_one_line() -> None:
    pages = PdfReader(NEW_POLICY).pages
    lines = [line.strip() for page in pages for line in page.extract_text().splitlines()]
    assert "Vienna Austria 62 155" in lines


def test_the_superseded_policy_names_its_successor_and_both_show_their_dates() -> None:
    old, new = pdf_text(OLD_POLICY), pdf_text(NEW_POLICY)
    assert "superseded by the Travel and Expense Policy 2026 on 1 January 2026" in old
    assert "1 March 2024 to 31 December 2025" in old
    assert "supersedes the Travel and Expense Policy 2024" in new


def test_the_two_travel_policies_give_different_numbers() -> None:
    assert "submitted within 60 days" in pdf_text(OLD_POLICY)
    assert "submitted in Spesa within 30 days" in pdf_text(NEW_POLICY)


@pytest.mark.parametrize("path", samples({".pptx"}), ids=lambda p: p.stem)
def test_a_deck_has_eight_slides_or_more_and_notes_for_each(path: Path) -> None:
    slides = slide_names(path, "slides")
    assert len(slides) >= 8
    assert len(slide_names(path, "notesSlides")) == len(slides)


@pytest.mark.parametrize("path", samples({".docx"}), ids=lambda p: p.stem)
def test_a_word_document_has_heading_styles_numbered_lists_and_a_table(
    path: Path,
) -> None:
    with ZipFile(path) as archive:
        body = archive.read("word/document.xml").decode()
    for mark in ('w:val="Heading1"', 'w:val="ListNumber"', "<w:tbl>"):
        assert mark in body


@pytest.mark.parametrize("path", samples({".xlsx"}), ids=lambda p: p.stem)
def test_a_workbook_has_several_sheets(path: Path) -> None:
    with ZipFile(path) as archive:
        sheets = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
    assert len(sheets) >= 3


def test_the_web_pages_carry_navigation_and_footer_around_their_text() -> None:
    for path in samples({".html"}):
        page = path.read_text(encoding="utf-8")
        assert all(f"<{tag}" in page for tag in ("nav", "main", "footer"))


@pytest.mark.skipif(
    not all(find_spec(name) for name in BUILDERS),
    reason="the libraries that build the samples are not installed",
)
def test_building_again_gives_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, str(BUILD), "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)
    kept = samples(BUILT_FORMATS)
    assert sorted(p.name for p in tmp_path.iterdir()) == [p.name for p in kept]
    for path in kept:
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name
