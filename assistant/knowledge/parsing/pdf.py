"""PDF pages: text by pdfium (fast, table rows stay on a line), by pypdf where pdfium fails."""

from __future__ import annotations

import re
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.formats import OnPage
from assistant.knowledge.parsing.margins import without_margins
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.pdf_content import Mark, PdfContent
from assistant.knowledge.parsing.pdf_headings import place_headings
from assistant.knowledge.parsing.pdf_text import clean_pages
from assistant.library import ParsedDocument

# A page of prose has some 3,000 letters. With fewer than this on average, and few in all, it is a scan or a drawing.
MIN_LETTERS_A_PAGE = 4
MIN_LETTERS = 200
# Letters on each page above which text that repeats on all pages is more than the stamp of a scanner.
MIN_LETTERS_ALIKE = 60
SCAN = "This PDF has no text in it, it is probably a scan; upload one with text recognition (OCR) applied."
_JUNK_TITLE = re.compile(
    r"untitled|microsoft |powerpoint|word - |document\d*$|\.(docx?|pdf|indd|tex|xlsx?|pptx?)$", re.I
)


def parse(path: Path, name: str, on_page: OnPage) -> ParsedDocument:
    """Read with pdfium and, if it cannot open the file, with pypdf."""
    from assistant.knowledge.parsing import pdf_content

    try:
        content = pdf_content.by_pdfium(path, on_page)
    except pdf_content.Unopened:
        content = pdf_content.by_pypdf(path, on_page)
    return _document(content, name)


def parse_with_pypdf(path: Path, name: str, on_page: OnPage) -> ParsedDocument:
    """Read with pypdf alone: for files under which pdfium dies."""
    from assistant.knowledge.parsing import pdf_content

    return _document(pdf_content.by_pypdf(path, on_page), name)


def _document(content: PdfContent, name: str) -> ParsedDocument:
    pages = _own_text(clean_pages(content.pages))
    if _letters(pages) < min(MIN_LETTERS_A_PAGE * len(pages), MIN_LETTERS):
        raise UnreadableDocument(SCAN)
    marks: dict[int, list[Mark]] = {}
    for mark in content.marks:
        marks.setdefault(mark.page, []).append(mark)
    document = DocumentBuilder()
    for number, text in enumerate(pages):
        document.start_page(number + 1)
        document.verbatim(text, tuple(place_headings(text, marks.get(number, []))))
    return document.build(_title(content.title, name))


def _own_text(pages: list[str]) -> list[str]:
    """Leave headers and footers out, but not where pages are alike as a whole, such as forms."""
    kept = without_margins(pages)
    alike = _letters(kept) * 2 < _letters(pages) and _letters(pages) >= MIN_LETTERS_ALIKE * len(pages)
    return pages if alike else kept


def _letters(pages: list[str]) -> int:
    return sum(char.isalnum() for page in pages for char in page)


def _title(title: str, name: str) -> str:
    title = one_line(title)
    readable = len(title) > 3 and any(char.isalpha() for char in title) and not _JUNK_TITLE.search(title)
    return title if readable else title_from_name(name)
