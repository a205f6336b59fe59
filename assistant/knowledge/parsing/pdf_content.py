"""What the two PDF engines give: page texts as they come, headings to be, and the title.

Scripts, attachments and links of a PDF are never run or followed; only text is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.formats import OnPage

if TYPE_CHECKING:
    from pypdf import PdfReader

PROTECTED = "This PDF is protected by a password; save it without one and upload it again."
DAMAGED = "This PDF is damaged; print or save it as a new PDF and upload that."
# An outline of more entries than this is an index, not a list of headings.
MAX_MARKS = 5_000
DEEPEST_OUTLINE = 8


class Unopened(Exception):
    """pdfium cannot open the file though it may be a PDF."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A heading as the outline or the font tells it: on which page (from 0) it should be found."""

    page: int
    level: int
    title: str


@dataclass(slots=True)
class PdfContent:
    """Raw page texts with the marks of headings in reading order."""

    pages: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    title: str = ""


def by_pdfium(path: Path, on_page: OnPage) -> PdfContent:
    """Read with pdfium; raises Unopened when it cannot open the file."""
    import pypdfium2

    from assistant.knowledge.parsing.pdf_fonts import FontMarks

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise UnreadableDocument(PROTECTED) from None
        raise Unopened(str(error)) from None
    content = PdfContent(marks=list(_toc(pdf)), title=pdf.get_metadata_value("Title"))
    fonts = None if content.marks else FontMarks()
    for number in range(len(pdf)):
        content.pages.append(_pdfium_page(pdf, number, fonts))
        on_page(number + 1, len(pdf))
    if fonts:
        content.marks = fonts.marks()
    return content


def _pdfium_page(pdf: Any, number: int, fonts: Any) -> str:
    """Text of one page; a page that pdfium cannot load is empty, the others still count."""
    import pypdfium2

    try:
        page = pdf[number]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        return ""
    text: str = textpage.get_text_bounded()
    if fonts:
        fonts.add_page(number, textpage)
    textpage.close()
    page.close()
    return text


def _toc(pdf: Any) -> Iterator[Mark]:
    """Outline entries that point to a page."""
    for number, entry in enumerate(pdf.get_toc(max_depth=DEEPEST_OUTLINE)):
        if number == MAX_MARKS:
            return
        target = entry.get_dest()
        page = target.get_index() if target else None
        title = entry.get_title()
        if page is not None and page >= 0 and title.strip():
            yield Mark(page, entry.level + 1, title)


def by_pypdf(path: Path, on_page: OnPage) -> PdfContent:
    """Read with pypdf, which knows fewer tricks of layout but survives files that pdfium does not."""
    import pypdf

    try:
        reader = pypdf.PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise UnreadableDocument(PROTECTED)
        content = PdfContent(title=(reader.metadata.title if reader.metadata else "") or "")
        content.marks = list(_outline(reader, reader.outline, 1))
        total = len(reader.pages)
    except UnreadableDocument:
        raise
    except Exception:  # pypdf lets errors of many kinds through on damaged files
        raise UnreadableDocument(DAMAGED) from None
    unread = 0
    for number in range(total):
        text = _pypdf_page(reader, number)
        unread += text is None
        content.pages.append(text or "")
        on_page(number + 1, total)
    if unread == total:
        raise UnreadableDocument(DAMAGED)
    return content


def _pypdf_page(reader: PdfReader, number: int) -> str | None:
    """Text of one page, None where it breaks pypdf or its limits."""
    try:
        return reader.pages[number].extract_text()
    except MemoryError:
        raise
    except Exception:  # one broken page must not cost the others
        return None


def _outline(reader: PdfReader, entries: Any, level: int) -> Iterator[Mark]:
    for entry in entries if level <= DEEPEST_OUTLINE else []:
        if isinstance(entry, list):
            yield from _outline(reader, entry, level + 1)
            continue
        page = reader.get_destination_page_number(entry)
        if page is not None and page >= 0 and entry.title:
            yield Mark(page, level, str(entry.title))
