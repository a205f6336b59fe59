from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pypdf
import pytest
from PIL import Image
from reportlab.pdfgen.canvas import Canvas

from assistant.errors import UnreadableDocument
from assistant.knowledge import source_view
from assistant.knowledge.parsing.page_image import MARKER
from assistant.knowledge.source_view import forget_pictures, pictures_of, render_pdf_page

LINES = ["The hotel cap in Berlin is EUR 160 per", "night with breakfast. Paris has another cap.", "Nothing here."]


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    canvas = Canvas(str(tmp_path / "caps.pdf"), pagesize=(400, 200))
    for _ in range(2):
        for number, line in enumerate(LINES):
            canvas.drawString(20, 160 - 40 * number, line)
        canvas.showPage()
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=tmp_path / "caps.pdf")
    writer.pages[1].rotate(90)
    writer.write(tmp_path / "caps.pdf")
    return tmp_path / "caps.pdf"


def marked(png: bytes) -> tuple[Image.Image, tuple[int, int, int, int] | None]:
    """The picture, and the box around all that is marked in it."""
    image = Image.open(io.BytesIO(png)).convert("RGB")
    down, across = np.nonzero((np.asarray(image) == MARKER).all(axis=2))
    return image, (across.min(), down.min(), across.max(), down.max()) if len(down) else None


def test_a_quote_is_marked_over_its_lines(pdf: Path, tmp_path: Path) -> None:
    image, box = marked(render_pdf_page(pdf, 1, ["Berlin is  EUR 160 per night\nwith breakfast."], tmp_path / "c", 800))
    assert image.width == 800
    assert box is not None
    left, top, right, bottom = box
    assert 30 < left < 60
    assert 55 < top < 80
    assert right < 560
    assert 155 < bottom < 175


def test_a_quote_on_a_turned_page_is_marked(pdf: Path, tmp_path: Path) -> None:
    image, box = marked(render_pdf_page(pdf, 2, ["Nothing here."], tmp_path / "c", 400))
    assert image.height > image.width
    assert box is not None
    assert box[3] - box[1] > 3 * (box[2] - box[0])


def test_a_quote_that_is_not_there_leaves_no_mark(pdf: Path, tmp_path: Path) -> None:
    assert marked(render_pdf_page(pdf, 1, ["Madrid has no cap at all."], tmp_path / "c"))[1] is None


def test_the_lines_found_are_marked_when_the_whole_is_not(pdf: Path, tmp_path: Path) -> None:
    quote = "Paris has another cap.\nwords of another page"
    assert marked(render_pdf_page(pdf, 1, [quote], tmp_path / "c"))[1] is not None


def test_a_page_is_drawn_once(pdf: Path, tmp_path: Path) -> None:
    first = render_pdf_page(pdf, 1, ["Paris"], tmp_path / "c")
    (kept,) = (tmp_path / "c" / pdf.name).iterdir()
    kept.write_bytes(b"from the cache")
    assert first.startswith(b"\x89PNG")
    assert render_pdf_page(pdf, 1, ["Paris"], tmp_path / "c") == b"from the cache"


def test_no_drawn_page_of_a_deleted_file_stays(pdf: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for page in (1, 2):
        render_pdf_page(pdf, page, [], cache / "pages")
    (cache / "pages" / "of-an-earlier-release.png").write_bytes(b"")
    assert pictures_of(cache, pdf.name) == 2
    forget_pictures(cache, pdf.name)
    assert pictures_of(cache, pdf.name) == 0
    assert list((cache / "pages").iterdir()) == []
    forget_pictures(cache, "never drawn")


def test_a_page_that_is_drawn_while_its_file_is_deleted_is_not_kept(
    pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = source_view._drawn

    def and_delete(path: Path, page: int, quotes: Sequence[str], width_px: int) -> bytes:
        image = drawn(path, page, quotes, width_px)
        path.unlink()
        return image

    monkeypatch.setattr(source_view, "_drawn", and_delete)
    render_pdf_page(pdf, 1, [], tmp_path / "cache" / "pages")
    assert pictures_of(tmp_path / "cache", pdf.name) == 0


def test_a_page_is_shown_though_there_is_no_room_to_keep_it(pdf: Path, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("a file where the folder should be")
    assert render_pdf_page(pdf, 1, [], tmp_path / "c").startswith(b"\x89PNG")


def test_a_page_of_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDocument, match="cannot be drawn"):
        render_pdf_page(tmp_path / "gone.pdf", 1, [], tmp_path / "c")


def test_the_oldest_pages_make_room(pdf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_view, "KEPT", 1)
    render_pdf_page(pdf, 1, [], tmp_path / "c")
    render_pdf_page(pdf, 2, [], tmp_path / "c")
    assert len(list((tmp_path / "c").glob("*/*.png"))) == 1


@pytest.mark.parametrize("page", [0, 3])
def test_a_page_that_does_not_exist_is_told(pdf: Path, tmp_path: Path, page: int) -> None:
    with pytest.raises(UnreadableDocument, match=f"no page {page}"):
        render_pdf_page(pdf, page, [], tmp_path / "c")


def test_what_is_no_pdf_or_a_broken_one_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 broken")
    with pytest.raises(UnreadableDocument, match="Only pages of PDF"):
        render_pdf_page(tmp_path / "a.txt", 1, [], tmp_path / "c")
    with pytest.raises(UnreadableDocument, match="cannot be drawn"):
        render_pdf_page(tmp_path / "b.pdf", 1, [], tmp_path / "c")
