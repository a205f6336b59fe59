"""Lay out a parsed source as slides: a heading opens one, a note is spoken text."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from blocks import Block, Source, read
from packing import COMPANY, fix_properties, repack
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import PP_ALIGN
from pptx.presentation import Presentation as PresentationType
from pptx.slide import Slide
from pptx.util import Emu, Inches, Pt

TEAL = RGBColor(0x0F, 0x5C, 0x63)  # type: ignore[no-untyped-call]
AMBER = RGBColor(0xD9, 0x90, 0x2F)  # type: ignore[no-untyped-call]
TITLE_LAYOUT, TEXT_LAYOUT, BARE_LAYOUT = 0, 1, 5
WIDTH, HEIGHT = Inches(13.333), Inches(7.5)


def build(path: Path) -> bytes:
    """Render one source file as pptx."""
    source, deck = read(path), Presentation()
    fix_properties(deck.core_properties, source.title, source.facts["owner"])
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    _add_opening(deck, source)
    for group in _slides(source.blocks):
        _add_slide(deck, group)
    target = BytesIO()
    deck.save(target)
    return repack(target.getvalue())


def _slides(blocks: list[Block]) -> list[list[Block]]:
    groups: list[list[Block]] = []
    for block in blocks:
        if block.kind == "heading":
            groups.append([])
        groups[-1].append(block)
    return groups


def _add_opening(deck: PresentationType, source: Source) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_LAYOUT])
    _fill_title(slide, source.title, (0.7, 2.2, 11.9, 1.4))
    subtitle = slide.placeholders[1]
    _place(subtitle, 0.7, 3.9, 11.9, 1.2)
    subtitle.text_frame.text = f"{COMPANY}, {source.facts['effective']}"
    subtitle.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    slide.notes_slide.notes_text_frame.text = source.facts["notes"]
    _add_rule(slide, 3.7)


def _add_slide(deck: PresentationType, group: list[Block]) -> None:
    table = next((b for b in group if b.kind == "table"), None)
    layout = BARE_LAYOUT if table else TEXT_LAYOUT
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    _fill_title(slide, group[0].text, (0.7, 0.45, 11.9, 0.85))
    _add_rule(slide, 1.35)
    if table:
        _fill_table(slide, table.rows)
    else:
        _fill_body(slide, [b for b in group[1:] if b.kind != "note"])
    notes = " ".join(b.text for b in group if b.kind == "note")
    slide.notes_slide.notes_text_frame.text = notes


def _fill_title(slide: Slide, text: str, box: tuple[float, float, float, float]) -> None:
    title = slide.placeholders[0]
    _place(title, *box)
    title.text_frame.text = text
    title.text_frame.paragraphs[0].alignment = PP_ALIGN.LEFT
    font = title.text_frame.paragraphs[0].font
    font.size, font.bold, font.color.rgb = Pt(34), True, TEAL


def _fill_body(slide: Slide, blocks: list[Block]) -> None:
    body = slide.placeholders[1]
    _place(body, 0.7, 1.7, 11.9, 5.2)
    frame = body.text_frame
    texts = [_numbered(b, i) for b in blocks for i in range(len(b.lines))]
    frame.text = texts[0]
    for text in texts[1:]:
        frame.add_paragraph().text = text
    for paragraph in frame.paragraphs:
        paragraph.font.size, paragraph.space_after = Pt(22), Pt(8)


def _numbered(block: Block, index: int) -> str:
    line = block.lines[index]
    return f"{index + 1}. {line}" if block.kind == "numbered" else line


def _fill_table(slide: Slide, rows: list[list[str]]) -> None:
    box = (Inches(0.7), Inches(1.7), Inches(11.9), Inches(0.55 * len(rows)))
    table = slide.shapes.add_table(len(rows), len(rows[0]), *box).table
    for r, row in enumerate(rows):
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            cell.text = text
            cell.text_frame.paragraphs[0].font.size = Pt(18)
            if r == 0:
                cell.fill.solid()  # type: ignore[no-untyped-call]
                cell.fill.fore_color.rgb = TEAL


def _add_rule(slide: Slide, top: float) -> None:
    box = (Inches(0.7), Inches(top), Inches(2.2), Emu(50800))
    rule = slide.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box)
    rule.fill.solid()
    rule.fill.fore_color.rgb = AMBER
    rule.line.fill.background()


def _place(shape: object, left: float, top: float, width: float, height: float) -> None:
    sides = {"left": left, "top": top, "width": width, "height": height}
    for name, inches in sides.items():
        setattr(shape, name, Inches(inches))
