"""Lay out a parsed source as a PDF: outline, tables, header and footer lines."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from blocks import Block, Source, bold_runs, read
from packing import COMPANY, MADE
from reportlab.lib.colors import HexColor, white
from reportlab.lib.enums import TA_LEFT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    HRFlowable,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

# One order of a table's look: its name, first cell, last cell, and what it needs.
Look = tuple[str, tuple[int, int], tuple[int, int], *tuple[Any, ...]]

TEAL, AMBER, INK = HexColor("#0F5C63"), HexColor("#D9902F"), HexColor("#22303A")
GREY, PALE, LINE = HexColor("#66757F"), HexColor("#EFF5F5"), HexColor("#C9D6D8")
SIDE, WIDTH = 29 * mm, A4[0] - 58 * mm
# The date an invariant PDF bears, and ours; of one length, so that no offset moves.
UNDATED, DATED = b"D:20000101000000+00'00'", f"D:{MADE:%Y%m%d%H%M%S}+00'00'".encode()
SMALL = ("Helvetica", 8.5)
CELL_SIDE = 6
SHORT_LIST = 4
SHORT_TABLE = 7

BODY = ParagraphStyle("Body", fontName="Helvetica", fontSize=11, leading=16.5, textColor=INK)
BODY.spaceAfter = 8
STYLES = {
    "text": BODY,
    "title": ParagraphStyle("Title", BODY, fontName="Helvetica-Bold", fontSize=24, leading=29, textColor=TEAL),
    "heading": ParagraphStyle(
        "Heading",
        BODY,
        fontName="Helvetica-Bold",
        fontSize=15,
        leading=19,
        textColor=TEAL,
        spaceBefore=15,
        spaceAfter=6,
        keepWithNext=1,
    ),
    "subheading": ParagraphStyle(
        "Subheading",
        BODY,
        fontName="Helvetica-Bold",
        fontSize=11.5,
        leading=15,
        spaceBefore=8,
        spaceAfter=4,
        keepWithNext=1,
    ),
    "item": ParagraphStyle("Item", BODY, leftIndent=20, bulletIndent=4, spaceAfter=4),
    "cell": ParagraphStyle("Cell", BODY, fontSize=9.5, leading=13, alignment=TA_LEFT),
    "head": ParagraphStyle("Head", BODY, fontName="Helvetica-Bold", fontSize=9.5, leading=13, textColor=white),
}
STYLES["kept item"] = ParagraphStyle("Kept item", STYLES["item"], keepWithNext=1)
STYLES["name"] = ParagraphStyle("Name", STYLES["cell"], fontName="Helvetica-Bold")
for _name in ("cell", "head", "name"):
    STYLES[_name].spaceAfter = 0


class SamplePdf(BaseDocTemplate):
    """A document template that draws our page frame and keeps the outline."""

    def __init__(self, target: BytesIO, source: Source, pages: int) -> None:
        super().__init__(
            target,
            pagesize=A4,
            title=source.title,
            author=source.facts.get("owner", COMPANY),
            subject=f"{source.facts['number']}, version {source.facts['version']}",
            creator=COMPANY,
            invariant=1,
            pageCompression=0,
            lang="en-GB",
        )
        self.source, self.pages, self.outline_size = source, pages, 0
        frame = Frame(SIDE, 24 * mm, WIDTH, A4[1] - 50 * mm, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate("page", [frame], onPage=self._draw_frame))

    def afterFlowable(self, flowable: Flowable) -> None:  # noqa: N802 (reportlab's name)
        """Enter each heading in the PDF outline."""
        levels = {"Title": 0, "Heading": 0, "Subheading": 1}
        style = getattr(flowable, "style", None)
        level = levels.get(getattr(style, "name", ""))
        if level is None or not isinstance(flowable, Paragraph):
            return
        self.outline_size += 1
        key = f"section-{self.outline_size}"
        self.canv.bookmarkPage(key)
        self.canv.addOutlineEntry(flowable.getPlainText(), key, level, closed=False)

    def _draw_frame(self, canvas: Canvas, _: BaseDocTemplate) -> None:
        canvas.saveState()
        if canvas.getPageNumber() == 1:
            canvas.showOutline()
        _draw_header(canvas, self.source)
        _draw_footer(canvas, self.source, self.pages)
        canvas.restoreState()


class TextLine(Flowable):
    """One unbroken line, drawn so that a row of them is also read as one line."""

    def __init__(self, text: str, style: ParagraphStyle) -> None:
        super().__init__()
        self.text, self.look = text, style

    def wrap(self, *_: float) -> tuple[float, float]:
        """Return the size of the line."""
        font = self.look.fontName, self.look.fontSize
        return stringWidth(self.text, *font), self.look.leading

    def draw(self) -> None:
        """Draw the line where a paragraph would have its first baseline."""
        font = self.look.fontName, self.look.fontSize
        self.canv.setFillColor(self.look.textColor)
        write(self.canv, 0, self.look.leading - self.look.fontSize, self.text, font)


def write(canvas: Canvas, x: float, y: float, text: str, font: tuple[str, float]) -> None:
    """Write a text without the line end that the canvas's own method adds."""
    line = canvas.beginText(x, y)
    line.setFont(*font)
    line.textOut(text)
    canvas.drawText(line)


def _draw_header(canvas: Canvas, source: Source) -> None:
    top = A4[1] - 16 * mm
    canvas.setFillColor(TEAL)
    canvas.circle(SIDE + 4, top + 3, 4, stroke=0, fill=1)
    canvas.setFillColor(AMBER)
    canvas.rect(SIDE - 1, top - 3.5, 10, 1.6, stroke=0, fill=1)
    canvas.setFillColor(TEAL)
    write(canvas, SIDE + 15, top, COMPANY, ("Helvetica-Bold", 9))
    _write_right(canvas, top, source.title)
    canvas.setStrokeColor(LINE)
    canvas.line(SIDE, top - 8, SIDE + WIDTH, top - 8)


def _draw_footer(canvas: Canvas, source: Source, pages: int) -> None:
    facts, base = source.facts, 13 * mm
    canvas.setStrokeColor(LINE)
    canvas.line(SIDE, base + 12, SIDE + WIDTH, base + 12)
    canvas.setFillColor(GREY)
    left = f"{facts['number']}, version {facts['version']}, {facts['class']}"
    write(canvas, SIDE, base, left, SMALL)
    _write_right(canvas, base, f"Page {canvas.getPageNumber()} of {pages}")


def _write_right(canvas: Canvas, y: float, text: str) -> None:
    canvas.setFillColor(GREY)
    write(canvas, SIDE + WIDTH - stringWidth(text, *SMALL), y, text, SMALL)


def build(path: Path) -> bytes:
    """Render one source file; the first pass only counts the pages."""
    source = read(path)
    pages = _render(source, 0)[1]
    return _render(source, pages)[0].replace(UNDATED, DATED)


def _render(source: Source, pages: int) -> tuple[bytes, int]:
    target = BytesIO()
    document = SamplePdf(target, source, pages)
    document.build(_story(source))
    return target.getvalue(), document.page


def _story(source: Source) -> list[Flowable]:
    story: list[Flowable] = [
        Paragraph(_markup(source.title), STYLES["title"]),
        HRFlowable(width="100%", thickness=2.2, color=AMBER, spaceBefore=5, spaceAfter=9),
        _facts_table(source),
        Spacer(1, 12),
    ]
    for block in source.blocks:
        story.extend(_flowables(block))
    return story


def _facts_table(source: Source) -> Table:
    names = ("number", "version", "effective", "status", "owner", "applies to")
    facts = [(n.capitalize(), source.facts[n]) for n in names if n in source.facts]
    widths = [30 * mm, WIDTH - 30 * mm]
    rows = [[_cell(name, "name", widths[0]), _cell(value, "cell", widths[1])] for name, value in facts]
    table = Table(rows, colWidths=widths)
    table.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "TOP"), *_padding(2, 0)]))
    return table


def _flowables(block: Block) -> list[Flowable]:
    if block.kind == "table":
        return [_table(block.rows), Spacer(1, 10)]
    if block.kind == "note":
        return [_note(block.text), Spacer(1, 10)]
    if block.kind in ("numbered", "bullets"):
        return _list(block)
    return [Paragraph(_markup(block.text), STYLES[block.kind])]


def _list(block: Block) -> list[Flowable]:
    marks = [f"{i}." for i in range(1, len(block.lines) + 1)]
    if block.kind == "bullets":
        marks = ["\N{BULLET}"] * len(block.lines)
    looks = [STYLES["kept item"]] * len(marks)
    if len(marks) > SHORT_LIST:
        looks[1:-2] = [STYLES["item"]] * (len(marks) - 3)
    looks[-1] = STYLES["item"]
    items: list[Flowable] = [
        Paragraph(_markup(line), look, bulletText=mark)
        for line, look, mark in zip(block.lines, looks, marks, strict=True)
    ]
    return [*items, Spacer(1, 4)]


def _note(text: str) -> Table:
    table = Table([[Paragraph(_markup(text), STYLES["cell"])]], colWidths=[WIDTH])
    look: list[Look] = [
        ("BACKGROUND", (0, 0), (-1, -1), HexColor("#FCF4E6")),
        ("LINEBEFORE", (0, 0), (0, -1), 3, AMBER),
    ]
    table.setStyle(TableStyle([*look, *_padding(7, 10)]))
    return table


def _table(rows: list[list[str]]) -> Table:
    widths = _column_widths(rows)
    cells = [
        [_cell(text, "cell" if r else "head", width) for text, width in zip(row, widths, strict=True)]
        for r, row in enumerate(rows)
    ]
    table = Table(cells, colWidths=widths, repeatRows=1)
    look: list[Look] = [
        ("BACKGROUND", (0, 0), (-1, 0), TEAL),
        ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, PALE]),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    if len(rows) <= SHORT_TABLE:
        look.append(("NOSPLIT", (0, 0), (-1, -1)))
    table.setStyle(TableStyle([*look, *_padding(4.5, CELL_SIDE)]))
    return table


def _padding(upright: float, side: float) -> list[Look]:
    sizes = {"TOP": upright, "BOTTOM": upright, "LEFT": side, "RIGHT": side}
    return [(f"{name}PADDING", (0, 0), (-1, -1), size) for name, size in sizes.items()]


def _cell(text: str, style: str, width: float) -> Flowable:
    """Make a cell: of one line where it fits, else a wrapped paragraph."""
    look = STYLES[style]
    fits = stringWidth(text, look.fontName, look.fontSize) <= width - 2 * CELL_SIDE
    return TextLine(text, look) if fits else Paragraph(_markup(text), look)


def _column_widths(rows: list[list[str]]) -> list[float]:
    """Share the width by what each column needs; a wide column gives way first."""
    font = (STYLES["head"].fontName, STYLES["head"].fontSize)
    needs = [max(stringWidth(cell, *font) for cell in column) + 2 * CELL_SIDE + 1 for column in zip(*rows, strict=True)]
    while sum(needs) > WIDTH:
        widest = needs.index(max(needs))
        needs[widest] -= 1
    return [need + (WIDTH - sum(needs)) / len(needs) for need in needs]


def _markup(text: str) -> str:
    runs = ((escape(words), bold) for words, bold in bold_runs(text))
    return "".join(f"<b>{words}</b>" if bold else words for words, bold in runs)
