"""PDFs of which some pages are pictures of text, as a scanner makes them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

SIZE = (420, 300)
DOTS = 3


def picture(lines: Sequence[str]) -> Image.Image:
    """Lines of text as dots, three to a point."""
    image = Image.new("L", (SIZE[0] * DOTS, SIZE[1] * DOTS), "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.load_default(size=14 * DOTS)
    for number, line in enumerate(lines):
        pen.text((20 * DOTS, (20 + 24 * number) * DOTS), line, fill="black", font=font)
    return image


def write_scan(path: Path, pages: Sequence[Sequence[str] | str]) -> Path:
    """Write a PDF: a page given as lines is a picture of them, one given as a string has it as text."""
    canvas = Canvas(str(path), pagesize=SIZE)
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(20, 250, page)
        else:
            stream = io.BytesIO()
            picture(page).save(stream, "PNG")
            canvas.drawImage(ImageReader(stream), 0, 0, *SIZE)
        canvas.showPage()
    canvas.save()
    return path
