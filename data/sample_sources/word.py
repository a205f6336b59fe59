"""Lay out a parsed source as a Word document with real styles and numbering."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from blocks import Block, bold_runs, read
from docx import Document
from docx.document import Document as DocumentType
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph
from packing import COMPANY, fix_properties, repack

TEAL = RGBColor(0x0F, 0x5C, 0x63)
PARAGRAPH_STYLES = {
    "heading": "Heading 1",
    "subheading": "Heading 2",
    "text": "Normal",
    "note": "Intense Quote",
    "bullets": "List Bullet",
    "numbered": "List Number",
}


def build(path: Path) -> bytes:
    """Render one source file as docx."""
    source, document = read(path), Document()
    fix_properties(document.core_properties, source.title, source.facts["owner"])
    _set_look(document)
    _drop_extras(document)
    document.add_heading(source.title, level=0)
    for line in _facts_lines(source.facts):
        document.add_paragraph(line, style="List Continue")
    for block in source.blocks:
        _add(document, block)
    footer = document.sections[0].footer.paragraphs[0]
    footer.text = f"{COMPANY}, {source.facts['number']}, effective {source.facts['effective']}"
    target = BytesIO()
    document.save(target)
    return repack(target.getvalue())


def _facts_lines(facts: dict[str, str]) -> list[str]:
    names = ("number", "version", "effective", "owner", "applies to")
    return [f"{name.capitalize()}: {facts[name]}" for name in names if name in facts]


def _set_look(document: DocumentType) -> None:
    document.styles["Normal"].font.name = "Calibri"
    document.styles["Normal"].font.size = Pt(11)
    document.styles["List Continue"].paragraph_format.space_after = Pt(2)
    for name in ("Title", "Heading 1", "Heading 2"):
        document.styles[name].font.color.rgb = TEAL


def _drop_extras(document: DocumentType) -> None:
    """Leave out the template's preview picture and its copy of all styles for old programs."""
    for relations in (document.part.rels, document.part.package.rels):
        for key, relation in list(relations.items()):
            if relation.reltype.endswith(("/stylesWithEffects", "/thumbnail")):
                del relations[key]


def _add(document: DocumentType, block: Block) -> None:
    if block.kind == "table":
        _add_table(document, block.rows)
        return
    is_list = block.kind in ("bullets", "numbered")
    texts = block.lines if is_list else [block.text]
    number = _restarted_numbering(document) if block.kind == "numbered" else None
    for text in texts:
        paragraph = document.add_paragraph(style=PARAGRAPH_STYLES[block.kind])
        for words, bold in bold_runs(text):
            paragraph.add_run(words).bold = bold or None
        if number is not None:
            _set_numbering(paragraph, number)


def _add_table(document: DocumentType, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Light Grid Accent 1")
    for row in rows:
        cells = table.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
    document.add_paragraph()


def _restarted_numbering(document: DocumentType) -> int:
    """Add a numbering like List Number's that starts at 1 again; return its id."""
    numbering = document.part.numbering_part.numbering_definitions._numbering
    style_id = document.styles["List Number"].element.pPr.numPr.numId.val
    original = numbering.num_having_numId(style_id)
    number = numbering.add_num(original.abstractNumId.val)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def _set_numbering(paragraph: Paragraph, number: int) -> None:
    properties = OxmlElement("w:numPr")
    for tag, value in (("w:ilvl", "0"), ("w:numId", str(number))):
        child = OxmlElement(tag)
        child.set(qn("w:val"), value)
        properties.append(child)
    paragraph._p.get_or_add_pPr().append(properties)
