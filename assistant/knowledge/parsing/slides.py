"""PowerPoint files: a page per slide with its title, texts, tables and notes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.numbering import written
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.tables import rows_as_lines
from assistant.library import ParsedDocument

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
DAMAGED = "This PowerPoint file is damaged; open it in PowerPoint, save it again and upload that."
DEEPEST_GROUP = 10
_KINDS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
          "romanUc": "upperRoman"}  # fmt: skip


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read the slides in order; hidden ones count, as their numbers do in PowerPoint."""
    document = DocumentBuilder()
    try:
        deck = _opened(str(source) if isinstance(source, Path) else source)
        slides = list(deck.slides)
        title = deck.core_properties.title
        for number, slide in enumerate(slides, 1):
            document.start_page(number)
            _read(slide, document)
            on_page(number, len(slides))
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # python-pptx lets errors of many kinds through on damaged files
        raise UnreadableDocument(DAMAGED) from None
    return document.build(title or title_from_name(name))


def _opened(source: str | io.BytesIO) -> Any:
    """Open presentations, and also shows and templates, which are the same but for their kind."""
    from pptx.opc.constants import CONTENT_TYPE
    from pptx.opc.package import PartFactory
    from pptx.package import Package
    from pptx.parts.presentation import PresentationPart

    for kind in (CONTENT_TYPE.PML_SLIDESHOW_MAIN, CONTENT_TYPE.PML_TEMPLATE_MAIN):
        PartFactory.part_type_for.setdefault(kind, PresentationPart)
    return Package.open(source).main_document_part.presentation


def _read(slide: Any, document: DocumentBuilder) -> None:
    title = slide.shapes.title
    if title is not None and title.has_text_frame:
        document.heading(1, title.text_frame.text)
    for shape in _shapes(slide.shapes, 0):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        document.gap()
        for line in _lines(shape):
            document.line(line)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        document.gap()
        for line in _text_lines(slide.notes_slide.notes_text_frame):
            document.line(line)


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """Shapes with text or tables, those in groups too; not slide numbers, dates and footers."""
    for shape in shapes:
        if hasattr(shape, "shapes"):
            if depth < DEEPEST_GROUP:
                yield from _shapes(shape.shapes, depth + 1)
        elif not _is_margin(shape):
            yield shape


def _is_margin(shape: Any) -> bool:
    from pptx.enum.shapes import PP_PLACEHOLDER

    margins = (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.HEADER)
    return bool(shape.is_placeholder) and shape.placeholder_format.type in margins


def _lines(shape: Any) -> Iterator[str]:
    if getattr(shape, "has_table", False):
        rows = [[cell.text for cell in row.cells] for row in shape.table.rows]
        yield from rows_as_lines(rows, header=bool(shape.table.first_row))
    elif shape.has_text_frame:
        yield from _text_lines(shape.text_frame)


def _text_lines(frame: Any) -> Iterator[str]:
    """Paragraphs with the numbers that PowerPoint puts before them."""
    counters: dict[int, int] = {}
    for paragraph in frame.paragraphs:
        text = paragraph.text.strip()
        if text:
            yield f"{_label(paragraph, counters)}{text}"


def _label(paragraph: Any, counters: dict[int, int]) -> str:
    properties = paragraph._p.find(f"{A}pPr")
    if properties is None:
        counters.clear()
        return ""
    numbered = properties.find(f"{A}buAutoNum")
    if numbered is None:
        counters.pop(paragraph.level, None)
        return "- " if properties.find(f"{A}buChar") is not None else ""
    start = int(numbered.get("startAt", "1"))
    counters[paragraph.level] = counters.get(paragraph.level, start - 1) + 1
    kind = numbered.get("type", "arabicPeriod")
    number = written(counters[paragraph.level], next((_KINDS[k] for k in _KINDS if kind.startswith(k)), "decimal"))
    return f"{number}) " if "Paren" in kind else f"{number}. "
