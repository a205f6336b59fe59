from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from assistant.errors import UnreadableDocument
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
NUMBERS = """<w:abstractNum {ns} w:abstractNumId="77">
 <w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>
 <w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>
</w:abstractNum>"""


@pytest.fixture
def source() -> Any:
    return docx.Document()


@pytest.fixture
def read_back(read: Read, tmp_path: Path, source: Any) -> Callable[[], ParsedDocument]:
    def saved() -> ParsedDocument:
        source.save(str(tmp_path / "guide.docx"))
        return read(tmp_path / "guide.docx")

    return saved


def numbered(source: Any, text: str, number: int, level: int = 0) -> None:
    properties = source.add_paragraph(text)._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>')
    )


def define_lists(source: Any) -> None:
    numbering = source.part.numbering_part.element
    numbering.insert(0, parse_xml(NUMBERS.format(ns=nsdecls("w"))))
    for number, override in ((770, ""), (771, '<w:startOverride w:val="1"/>')):
        inner = f'<w:lvlOverride w:ilvl="0">{override}</w:lvlOverride>' if override else ""
        numbering.append(
            parse_xml(f'<w:num {nsdecls("w")} w:numId="{number}"><w:abstractNumId w:val="77"/>{inner}</w:num>')
        )


def test_paragraphs_headings_and_tables_keep_their_order(source: Any, read_back: Callable[[], ParsedDocument]) -> None:
    source.add_heading("Guide", 0)
    source.add_heading("Leave", 1)
    source.add_paragraph("Ask early.")
    table = source.add_table(2, 3)
    for row, words in zip(table.rows, (("Site", "Days", "Notice"), ("Graz", "27", "4 weeks")), strict=True):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    source.add_heading("Travel", 2)
    source.add_paragraph("Take the train.")
    document = read_back()
    assert document.text.split("\n\n") == [
        "Guide",
        "Leave",
        "Ask early.",
        "Site: Graz; Days: 27; Notice: 4 weeks",
        "Travel",
        "Take the train.",
    ]
    assert [(heading.level, heading.text) for heading in document.headings] == [
        (1, "Guide"),
        (1, "Leave"),
        (2, "Travel"),
    ]
    assert document.pages[0].number is None
    assert document.title == "Guide"


def test_automatic_numbers_are_written_out(source: Any, read_back: Callable[[], ParsedDocument]) -> None:
    define_lists(source)
    numbered(source, "Open the portal", 770)
    numbered(source, "in the browser", 770, 1)
    numbered(source, "or on the phone", 770, 1)
    numbered(source, "Sign in", 770)
    source.add_paragraph("Later:")
    numbered(source, "Sign out", 770)
    numbered(source, "Start anew", 771)
    source.add_paragraph("bring it", style="List Bullet")
    lines = [line for line in read_back().text.split("\n") if line]
    assert lines == [
        "1. Open the portal",
        "1.a) in the browser",
        "1.b) or on the phone",
        "2. Sign in",
        "Later:",
        "3. Sign out",
        "1. Start anew",
        "- bring it",
    ]


def test_numbers_of_a_style_count_too(source: Any, read_back: Callable[[], ParsedDocument]) -> None:
    for word in ("Collect", "Connect"):
        source.add_paragraph(word, style="List Number")
    assert read_back().text == "1. Collect\n2. Connect"


def test_tracked_insertions_and_content_controls_are_read_and_deletions_are_not(
    source: Any, read_back: Callable[[], ParsedDocument]
) -> None:
    ns = nsdecls("w")
    paragraph = source.add_paragraph("Leave is ")._p
    paragraph.append(parse_xml(f'<w:del {ns} w:id="1"><w:r><w:delText>25</w:delText></w:r></w:del>'))
    paragraph.append(parse_xml(f'<w:ins {ns} w:id="2"><w:r><w:t>27</w:t></w:r></w:ins>'))
    control = f"<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>Chosen from a list.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    source.element.body.insert(1, parse_xml(control))
    assert read_back().text == "Leave is 27\n\nChosen from a list."


def test_merged_cells_say_their_text_in_each_row(source: Any, read_back: Callable[[], ParsedDocument]) -> None:
    table = source.add_table(3, 3)
    for row, words in zip(
        table.rows, (("Site", "Room", "Seats"), ("Graz", "Mira", "6"), ("", "Vega", "10")), strict=True
    ):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    table.cell(1, 0).merge(table.cell(2, 0))
    assert read_back().text == "Site: Graz; Room: Mira; Seats: 6\nSite: Graz; Room: Vega; Seats: 10"


def test_two_columns_without_marked_headers_read_as_key_and_value(
    source: Any, read_back: Callable[[], ParsedDocument]
) -> None:
    table = source.add_table(2, 2)
    for row, words in zip(table.rows, (("Owner:", "Anna"), ("Version", "3")), strict=True):
        for cell, word in zip(row.cells, words, strict=True):
            cell.text = word
    assert read_back().text == "Owner: Anna\nVersion: 3"


def changed(path: Path, old: bytes, new: bytes, dropped: str = "") -> Path:
    """A copy of an Office file with other words in its parts and one part less."""
    copy = path.with_name("changed.docx")
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(copy, "w") as archive:
        for name in whole.namelist():
            if name != dropped:
                archive.writestr(name, whole.read(name).replace(old, new))
    return copy


MAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
USUAL = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@pytest.mark.parametrize(
    ("old", "new", "dropped"),
    [
        (MAIN, b"application/vnd.ms-word.document.macroEnabled.main+xml", ""),
        (MAIN, b"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml", ""),
        (b"", b"", "word/styles.xml"),
        (b"", b"", "docProps/core.xml"),
        (b"", b"", "word/_rels/document.xml.rels"),
        (b"", b"", "_rels/.rels"),
        (USUAL, b"http://purl.oclc.org/ooxml/wordprocessingml/main", ""),
        (b'Target="styles.xml"', b'Target="NULL"', ""),
    ],
)
def test_what_nobody_reads_may_be_missing_or_of_another_kind(
    read: Read, tmp_path: Path, source: Any, old: bytes, new: bytes, dropped: str
) -> None:
    source.add_paragraph("Ask early.")
    source.save(str(tmp_path / "guide.docx"))
    assert read(changed(tmp_path / "guide.docx", old or b"\x00", new, dropped)).text == "Ask early."


LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)).encode()


@pytest.mark.parametrize(
    ("before", "word"),
    [
        (b'<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', b"&f;"),
        (b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', b"early"),
        (b'<!DOCTYPE x [<!ENTITY % f SYSTEM "http://127.0.0.1:9/x"> %f;]>', b"early"),
    ],
)
def test_entities_are_never_followed(read: Read, tmp_path: Path, source: Any, before: bytes, word: bytes) -> None:
    source.add_paragraph("Ask early.")
    source.save(str(tmp_path / "guide.docx"))
    path = changed(tmp_path / "guide.docx", b"<w:document ", before + b"<w:document ")
    path = changed(path.rename(tmp_path / "guide2.docx"), b">Ask early", b">Ask " + word)
    assert read(path).text in ("Ask", "Ask early.")


def test_entities_that_grow_without_bound_are_told_as_damage(read: Read, tmp_path: Path, source: Any) -> None:
    source.add_paragraph("Ask early.")
    source.save(str(tmp_path / "guide.docx"))
    before = b'<!DOCTYPE x [<!ENTITY e0 "ha">' + LAUGHS + b"]><w:document "
    path = changed(tmp_path / "guide.docx", b"<w:document ", before)
    path = changed(path.rename(tmp_path / "guide2.docx"), b">Ask early", b">Ask &e9;")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(path)


@pytest.mark.parametrize(
    "inner",
    ["<w:tbl><w:tr><w:tc>" * 300, '<w:p><w:pPr><w:outlineLvl w:val="high"/></w:pPr><w:r><w:t>x</w:t></w:r></w:p>'],
)
def test_marks_that_no_program_writes_are_told_as_damage(read: Read, tmp_path: Path, source: Any, inner: str) -> None:
    source.save(str(tmp_path / "guide.docx"))
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(changed(tmp_path / "guide.docx", b"<w:sectPr", inner.encode() + b"<w:sectPr"))
