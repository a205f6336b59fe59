"""Documents of each format, written by the programs' own libraries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from assistant.knowledge.parsing import parse
from assistant.library import ParsedDocument

PdfMaker = Callable[..., Path]
Reader = Callable[..., ParsedDocument]


@pytest.fixture
def read() -> Reader:
    """Parse a file in this process under its own name."""

    def parsed(path: Path, name: str = "") -> ParsedDocument:
        return parse(path, name or path.name, lambda _done, _total: None)

    return parsed


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file of text or bytes."""

    def written(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def make_pdf(tmp_path: Path) -> PdfMaker:
    """Write a PDF of pages; a line is a text or (text, size, bold)."""

    def made(
        pages: Sequence[Sequence[str | tuple[str, int, bool]]],
        outline: Sequence[tuple[str, int, int]] = (),
        title: str = "",
        name: str = "made.pdf",
    ) -> Path:
        from reportlab.pdfgen.canvas import Canvas

        canvas = Canvas(str(tmp_path / name), pagesize=(595, 842))
        canvas.setTitle(title)
        for number, lines in enumerate(pages):
            for heading, level, page in outline:
                if page == number:
                    canvas.bookmarkPage(heading)
                    canvas.addOutlineEntry(heading, heading, level)
            y = 780
            for line in lines:
                text, size, bold = line if isinstance(line, tuple) else (line, 11, False)
                canvas.setFont("Helvetica-Bold" if bold else "Helvetica", size)
                canvas.drawString(72, y, text)
                y -= size + 5
            canvas.showPage()
        canvas.save()
        return tmp_path / name

    return made
