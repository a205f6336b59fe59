"""What the two PDF engines give: page texts as they come, headings to be, and the title.

Scripts, attachments and links of a PDF are never run or followed; only text is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import one_line
from assistant.knowledge.parsing.formats import OnPage, Source

if TYPE_CHECKING:
    from pypdf import PdfReader

PROTECTED = (
    "This PDF is protected by a password; try again with the password, or save it without one and upload it again."
)
NOT_ITS_PASSWORD = "The password does not open this PDF; try again with another, or upload it without one."  # noqa: S105
DAMAGED = "This PDF is damaged; print or save it as a new PDF and upload that."
TOO_MANY = "This PDF has more than {most:,} pages, or says so; split it into smaller files."
# The longest filings and parts lists have some 10,000 pages. A few bytes can claim millions.
MAX_PAGES = 50_000
# An outline of more entries than this is an index, not a list of headings.
MAX_MARKS = 5_000
DEEPEST_OUTLINE = 8
# Signs of a page's own label; real ones ("xiv", "A-12") are short.
LABEL_MAX = 20
# A page with more letters than this in all (a header may be among them) is not looked at for pictures of text.
FEW_LETTERS = 400
# Pictures that cover this share of a page may be a scan; so many strokes may be letters that were drawn.
COVERED = 0.25
STROKES = 200
# Objects of one page that are looked at; scans have one to some hundred.
MAX_OBJECTS = 2_000


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
    """Raw page texts with the marks of headings in reading order.

    ``labels`` has what a page calls itself where that is not its number, ``pictured`` the pages (from 0) with little
    text that have pictures on them, which may be of text.
    """

    pages: list[str] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)
    pictured: set[int] = field(default_factory=set)
    marks: list[Mark] = field(default_factory=list)
    title: str = ""


def by_pdfium(source: Source, on_page: OnPage, password: str | None = None) -> PdfContent:
    """Read with pdfium; raises Unopened when it cannot open the file."""
    from assistant.knowledge.parsing.pdf_fonts import FontMarks

    pdf = open_pdfium(source, password)
    _need_few(len(pdf))
    content = PdfContent(marks=list(_toc(pdf)), title=pdf.get_metadata_value("Title"))
    fonts = None if content.marks else FontMarks()
    for number in range(len(pdf)):
        _read_pdfium_page(pdf, number, content, fonts)
        on_page(number + 1, len(pdf))
    if fonts:
        content.marks = fonts.marks()
    return content


def open_pdfium(source: Source, password: str | None = None) -> Any:
    """Open with pdfium, with the password where one is needed; raises UnreadableDocument, Unopened."""
    import pypdfium2

    for key in (password, None) if password else (None,):
        try:
            return pypdfium2.PdfDocument(source, password=key)
        except pypdfium2.PdfiumError as error:
            if "password" not in str(error).lower():
                raise Unopened(str(error)) from None
    raise UnreadableDocument(NOT_ITS_PASSWORD if password else PROTECTED)


def _need_few(pages: int) -> None:
    if pages > MAX_PAGES:
        raise UnreadableDocument(TOO_MANY.format(most=MAX_PAGES))


def _read_pdfium_page(pdf: Any, number: int, content: PdfContent, fonts: Any) -> None:
    """Add one page; one that pdfium cannot load is empty, the others still count."""
    import pypdfium2

    from assistant.knowledge.parsing.pdf_cells import with_cells

    _label(content, number, pdf.get_page_label(number))
    try:
        page = pdf[number]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError:
        content.pages.append("")
        return
    text: str = textpage.get_text_bounded()
    content.pages.append(with_cells(text, textpage))
    if len(text) <= FEW_LETTERS and _shows_pictures(page):
        content.pictured.add(number)
    if fonts:
        fonts.add_page(number, textpage)
    textpage.close()
    page.close()


def _label(content: PdfContent, number: int, label: str) -> None:
    """Keep what a page calls itself, unless it is its number."""
    label = one_line(label)[:LABEL_MAX]
    if label and label != str(number + 1):
        content.labels[number] = label


def _shows_pictures(page: Any) -> bool:
    """Tell whether pictures cover a good part of the page, or so many strokes that they may be letters."""
    import pypdfium2
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    covered, strokes = 0.0, 0
    try:
        for number, drawn in enumerate(page.get_objects(max_depth=3)):
            if drawn.type == pdfium.FPDF_PAGEOBJ_IMAGE:
                left, bottom, right, top = drawn.get_bounds()
                covered += abs((right - left) * (top - bottom))
            strokes += drawn.type == pdfium.FPDF_PAGEOBJ_PATH
            if covered >= COVERED * width * height or strokes >= STROKES:
                return True
            if number >= MAX_OBJECTS:
                break
    except pypdfium2.PdfiumError:
        return False
    return False


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


def by_pypdf(source: Source, on_page: OnPage, password: str | None = None) -> PdfContent:
    """Read with pypdf, which knows fewer tricks of layout but survives files that pdfium does not."""
    try:
        reader, content = _opened_pypdf(source, password)
        total = len(reader.pages)
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # pypdf lets errors of many kinds through on damaged files
        raise UnreadableDocument(DAMAGED) from None
    _need_few(total)
    unread = 0
    for number in range(total):
        text = _pypdf_page(reader, number)
        unread += text is None
        content.pages.append(text or "")
        if text is not None and len(text) <= FEW_LETTERS and _has_images(reader, number):
            content.pictured.add(number)
        on_page(number + 1, total)
    if unread == total:
        raise UnreadableDocument(DAMAGED)
    return content


def _opened_pypdf(source: Source, password: str | None) -> tuple[PdfReader, PdfContent]:
    """Open with pypdf and read all but the pages' texts."""
    import pypdf

    reader = pypdf.PdfReader(source)
    if reader.is_encrypted and not any(reader.decrypt(key) for key in (password or "", "")):
        raise UnreadableDocument(NOT_ITS_PASSWORD if password else PROTECTED)
    content = PdfContent(title=(reader.metadata.title if reader.metadata else "") or "")
    content.marks = list(_outline(reader, reader.outline, 1))
    if "/PageLabels" in reader.root_object:
        for number, label in enumerate(reader.page_labels):
            _label(content, number, label)
    return reader, content


def _has_images(reader: PdfReader, number: int) -> bool:
    try:
        things = reader.pages[number]["/Resources"].get_object()["/XObject"].get_object()  # type: ignore[index]
        return any(things[name].get_object().get("/Subtype") == "/Image" for name in things)
    except MemoryError:
        raise
    except Exception:  # no pictures, or a page that is broken in this part
        return False


def _pypdf_page(reader: PdfReader, number: int) -> str | None:
    """Text of one page, None where it breaks pypdf or its limits."""
    try:
        return reader.pages[number].extract_text().replace("\t", " ")
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
