"""PDF pages: text by pdfium (fast, table rows stay on a line), by pypdf where pdfium fails."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.margins import without_margins
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.pdf_content import Mark, PdfContent
from assistant.knowledge.parsing.pdf_headings import place_headings
from assistant.knowledge.parsing.pdf_text import clean_pages
from assistant.library import PageOrigin, ParsedDocument, ParsedPage

# A page of prose has some 3,000 letters. With fewer than this on average, and few in all, it is a scan or a drawing.
MIN_LETTERS_A_PAGE = 4
MIN_LETTERS = 200
# Letters of a page below which it is empty if it shows pictures: a scanner's stamp, a number.
MIN_LETTERS_OF_A_PAGE = 20
# Letters on each page above which text that repeats on all pages is more than the stamp of a scanner.
MIN_LETTERS_ALIKE = 60
SCAN = "This PDF has no text in it, it is probably a scan; upload one with text recognition (OCR) applied."
_OTHER = re.compile(r"[\W_]+")
_JUNK_TITLE = re.compile(
    r"untitled|microsoft |powerpoint|word - |document\d*$|\.(docx?|pdf|indd|tex|xlsx?|pptx?)$", re.I
)


class ScanOnly(UnreadableDocument):
    """Raised for a PDF without text: ``document`` has its pages, which are all empty but may be pictures of text."""

    def __init__(self, document: ParsedDocument) -> None:
        super().__init__(SCAN)
        self.document = document


def parse(source: Source, name: str, on_page: OnPage, password: str | None = None) -> ParsedDocument:
    """Read with pdfium and, if it cannot open the file, with pypdf.

    Raises UnreadableDocument when the password is missing or wrong, ScanOnly when there is no text.
    """
    from assistant.knowledge.parsing import pdf_content

    try:
        content = pdf_content.by_pdfium(source, on_page, password)
    except pdf_content.Unopened:
        content = pdf_content.by_pypdf(source, on_page, password)
    return _document(content, name)


def parse_with_pypdf(source: Source, name: str, on_page: OnPage, password: str | None = None) -> ParsedDocument:
    """Read with pypdf alone: for files under which pdfium dies."""
    from assistant.knowledge.parsing import pdf_content

    return _document(pdf_content.by_pypdf(source, on_page, password), name)


def _document(content: PdfContent, name: str) -> ParsedDocument:
    texts = own_text(clean_pages(content.pages), stamped=bool(content.pictured))
    pages = tuple(
        ParsedPage(number + 1, text, content.labels.get(number), _origin(text, number in content.pictured))
        for number, text in enumerate(texts)
    )
    title = _title(content.title, name)
    if _letters(texts) < min(MIN_LETTERS_A_PAGE * len(texts), MIN_LETTERS):
        raise ScanOnly(ParsedDocument(title, tuple(replace(page, origin=PageOrigin.EMPTY) for page in pages)))
    document = _with_headings(pages, content.marks).build(title)
    return replace(document, pages=pages)


def _origin(text: str, pictured: bool) -> PageOrigin:
    return PageOrigin.EMPTY if pictured and _letters([text]) < MIN_LETTERS_OF_A_PAGE else PageOrigin.TEXT


def _with_headings(pages: Sequence[ParsedPage], found: Sequence[Mark]) -> DocumentBuilder:
    marks: dict[int, list[Mark]] = {}
    for mark in found:
        marks.setdefault(mark.page, []).append(mark)
    document = DocumentBuilder()
    for number, page in enumerate(pages):
        document.start_page(page.number)
        document.verbatim(page.text, tuple(place_headings(page.text, marks.get(number, []))))
    return document


def own_text(pages: list[str], stamped: bool = False) -> list[str]:
    """Leave headers and footers out, but not where pages are alike as a whole, such as forms.

    On ``stamped`` pages, which are pictures, the little that repeats is the stamp of a scanner.
    """
    kept = without_margins(pages)
    if not stamped and not _letters(kept):
        return pages
    alike = _letters(kept) * 2 < _letters(pages) and _letters(pages) >= MIN_LETTERS_ALIKE * len(pages)
    return pages if alike else kept


def _letters(pages: Sequence[str]) -> int:
    """Count letters and digits; by an expression, which is five times faster than asking each character."""
    return sum(len(_OTHER.sub("", page)) for page in pages)


def _title(title: str, name: str) -> str:
    title = one_line(title)
    readable = len(title) > 3 and any(char.isalpha() for char in title) and not _JUNK_TITLE.search(title)
    return title if readable else title_from_name(name)
