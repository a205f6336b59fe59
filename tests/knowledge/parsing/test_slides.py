from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pptx
from pptx.oxml import parse_xml
from pptx.util import Inches

from assistant.library import ParsedDocument

NS = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def test_slides_are_pages_with_titles_texts_tables_and_notes(
    read: Callable[..., ParsedDocument], tmp_path: Path
) -> None:
    deck = pptx.Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Welcome"
    first.placeholders[1].text = "Bring your badge.\nAsk at the desk."
    first.notes_slide.notes_text_frame.text = "Greet everyone."
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Sites"
    table = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1)).table
    for row, words in enumerate((("Site", "Opens"), ("Graz", "07:00"))):
        for column, word in enumerate(words):
            table.cell(row, column).text = word
    deck.save(str(tmp_path / "welcome.pptx"))
    document = read(tmp_path / "welcome.pptx")
    assert [(page.number, page.text) for page in document.pages] == [
        (1, "Welcome\n\nBring your badge.\nAsk at the desk.\n\nGreet everyone."),
        (2, "Sites\n\nSite: Graz; Opens: 07:00"),
    ]
    assert [heading.text for heading in document.headings] == ["Welcome", "Sites"]


def test_automatic_numbers_are_written_out(read: Callable[..., ParsedDocument], tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Steps"
    frame = slide.placeholders[1].text_frame
    frame.text = "Open\nClick\nClose"
    for paragraph in frame.paragraphs:
        paragraph._p.get_or_add_pPr().append(parse_xml(f'<a:buAutoNum {NS} type="arabicPeriod" startAt="2"/>'))
    deck.save(str(tmp_path / "steps.pptx"))
    assert read(tmp_path / "steps.pptx").text == "Steps\n\n2. Open\n3. Click\n4. Close"
