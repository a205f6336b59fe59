"""Draws one PDF page with marked quotes; runs as a process of its own, which may be killed.

``python -m assistant.knowledge.parsing.page_image`` reads a JSON request from its input and writes the PNG to its
output, or one sentence to its errors with exit code 1.
"""

from __future__ import annotations

import ctypes
import io
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

# Multiplied with the page like a felt pen: black letters stay black, white paper turns yellow.
MARKER = (255, 226, 92)
# A page many times longer than wide is drawn smaller rather than ever larger (pixels).
MAX_HEIGHT_PX = 6000
# Parts of a quote that is not found as a whole are marked if they have this many letters and digits.
PART_MIN = 12

Box = tuple[float, float, float, float]


def draw(path: Path, page_number: int, quotes: Sequence[str], width_px: int) -> bytes:
    """Return the page as PNG; raises UnreadableDocument when the file or page cannot be drawn."""
    page = _page(path, page_number)
    width, height = page.get_size()
    scale = min(width_px / max(width, 1), MAX_HEIGHT_PX / max(height, 1))
    image = page.render(scale=scale).to_pil().convert("RGB")
    marked = _marked(image, list(_boxes(page, quotes, image.size)))
    output = io.BytesIO()
    marked.save(output, "PNG", compress_level=6)
    return output.getvalue()


def _page(path: Path, number: int) -> Any:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
        if not 1 <= number <= len(pdf):
            raise UnreadableDocument(f"This document has {len(pdf)} pages, so there is no page {number}.")
        return pdf[number - 1]
    except pypdfium2.PdfiumError:
        raise UnreadableDocument("This page cannot be drawn; download the document to see it.") from None


def _marked(image: Image, boxes: Sequence[Box]) -> Image:
    from PIL import Image as Images
    from PIL import ImageChops, ImageDraw

    marker = Images.new("RGB", image.size, "white")
    pen = ImageDraw.Draw(marker)
    for box in boxes:
        pen.rectangle(box, fill=MARKER)
    return ImageChops.multiply(image, marker)


def _boxes(page: Any, quotes: Sequence[str], size: tuple[int, int]) -> Iterator[Box]:
    """Boxes in pixels around the quotes' characters, one per line."""
    textpage = page.get_textpage()
    letters = _letters(textpage)
    written = "".join(letter for letter, _ in letters)
    for first, last in _places(written, quotes):
        start, end = letters[first][1], _with_full_stop(textpage, letters[last][1])
        for number in range(textpage.count_rects(start, end - start + 1)):
            yield _in_pixels(page, textpage.get_rect(number), size)


def _with_full_stop(textpage: Any, end: int) -> int:
    """Take in the mark that closes the quote, which is not among its letters."""
    return end + 1 if textpage.get_text_range(end + 1, 1) in (".", "!", "?", ")", ";", ":") else end


def _letters(textpage: Any) -> list[tuple[str, int]]:
    """Letters and digits of the page in small case, each with its place among the page's characters."""
    import pypdfium2.raw as pdfium

    return [
        (letter, place)
        for place in range(textpage.count_chars())
        for letter in _plain(chr(pdfium.FPDFText_GetUnicode(textpage.raw, place)))
    ]


def _plain(text: str) -> str:
    """What two extractions of the same words agree in: no blanks, marks, hyphens, capitals or ligatures."""
    from assistant.knowledge.parsing.characters import clean

    return "".join(char for char in clean(text).casefold() if char.isalnum())


def _places(written: str, quotes: Sequence[str]) -> Iterator[tuple[int, int]]:
    """First and last index of each quote in the page's letters, of its lines where the whole is not found."""
    for quote in quotes:
        whole = list(_place(written, _plain(quote)))
        lines = [_plain(line) for line in quote.split("\n")]
        yield from whole or [place for line in lines if len(line) >= PART_MIN for place in _place(written, line)]


def _place(written: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = written.find(wanted) if wanted else -1
    if at >= 0:
        yield at, at + len(wanted) - 1


def _in_pixels(page: Any, rect: Box, size: tuple[int, int]) -> Box:
    """Turn a rectangle of the page's own space (left, bottom, right, top) into pixels of the drawn page."""
    left, bottom, right, top = rect
    (x0, y0), (x1, y1) = (_pixel(page, x, y, size) for x, y in ((left, bottom), (right, top)))
    return min(x0, x1) - 1, min(y0, y1) - 1, max(x0, x1) + 1, max(y0, y1) + 1


def _pixel(page: Any, x: float, y: float, size: tuple[int, int]) -> tuple[int, int]:
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()
    pdfium.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, x, y, across, down)
    return across.value, down.value


def main() -> int:
    """Answer the request on standard input under its limits."""
    request = json.load(sys.stdin)
    Limits(request["seconds"], request["memory_mb"]).apply()
    try:
        image = draw(Path(request["path"]), request["page"], request["quotes"], request["width_px"])
    except UnreadableDocument as error:
        sys.stderr.write(error.message)
        return 1
    sys.stdout.buffer.write(image)
    return 0


if __name__ == "__main__":
    sys.exit(main())
