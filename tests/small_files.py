"""One small sound file of every format that can be read, each saying WORDS."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Mapping
from email.message import EmailMessage

from ole_file import ole_file

WORDS = "Employees in Graz have twenty-seven days of leave"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(members: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return data.getvalue()


def small_files() -> dict[str, bytes]:
    """Files by name; the ending is that of their format."""
    page = f"<!DOCTYPE html><html><title>Leave</title><body><h1>Leave</h1><p>{WORDS}.</p></body></html>"
    plain = {"a.pdf": pdf(), "a.docx": docx(), "a.pptx": pptx(), "a.xlsx": xlsx(), "a.xls": xls(), "a.msg": msg()}
    texts = {
        "a.rtf": rf"{{\rtf1\ansi {{\b Leave}}\par {WORDS}.\par}}",
        "a.csv": f"Site,Text\nGraz,{WORDS}\n",
        "a.tsv": f"Site\tText\nGraz\t{WORDS}\n",
        "a.html": page,
        "a.md": f"# Leave\n\n{WORDS}.\n",
        "a.txt": f"LEAVE\n\n{WORDS}.\n",
        "a.json": json.dumps({"leave": {"text": WORDS}}),
        "a.xml": f"<?xml version='1.0'?><leave><text>{WORDS}</text></leave>",
    }
    odf_files = {f"a.{ending}": odf(kind) for ending, kind in (("odt", "text"), ("ods", "spreadsheet"))}
    packed = {"a.eml": eml(), "a.epub": epub(page), "a.zip": zipped({"a.docx": docx(), "b.txt": WORDS})}
    return plain | {name: text.encode() for name, text in texts.items()} | odf_files | packed


def pdf() -> bytes:
    """A PDF of one page."""
    from reportlab.pdfgen.canvas import Canvas

    data = io.BytesIO()
    canvas = Canvas(data)
    canvas.drawString(72, 700, WORDS)
    canvas.save()
    return data.getvalue()


def docx() -> bytes:
    """A Word file."""
    from docx import Document

    source, data = Document(), io.BytesIO()
    source.add_heading("Leave", 1)
    source.add_paragraph(WORDS)
    source.save(data)
    return data.getvalue()


def pptx() -> bytes:
    """A presentation of one slide."""
    from pptx import Presentation

    deck, data = Presentation(), io.BytesIO()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Leave"
    slide.placeholders[1].text = WORDS
    deck.save(data)
    return data.getvalue()


def xlsx() -> bytes:
    """A workbook of one sheet."""
    import openpyxl

    book, data = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["Site", "Text"])
    book.active.append(["Graz", WORDS])
    book.save(data)
    return data.getvalue()


def xls() -> bytes:
    """A workbook of old Excel with one sheet."""
    return ole_file({"Workbook": old_workbook([["Site", "Text"], ["Graz", WORDS]])})


def old_workbook(rows: list[list[str | float]], sheet: str = "Rooms") -> bytes:
    """The stream of an .xls file with one sheet."""
    cells = b""
    for at, row in enumerate(rows):
        for place, value in enumerate(row):
            where = struct.pack("<3H", at, place, 0)
            if isinstance(value, str):
                cells += _biff(0x0204, where + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
            else:
                cells += _biff(0x0203, where + struct.pack("<d", value))
    begin = _biff(0x0809, struct.pack("<4H2L", 0x0600, 0x0005, 0, 0, 0, 0))
    name = struct.pack("<BB", len(sheet), 0) + sheet.encode()
    length = len(begin) + 4 + 6 + len(name) + 4
    book = begin + _biff(0x0085, struct.pack("<LBB", length, 0, 0) + name) + _biff(0x000A, b"")
    book += _biff(0x0809, struct.pack("<4H2L", 0x0600, 0x0010, 0, 0, 0, 0)) + cells + _biff(0x000A, b"")
    return book.ljust(8192, b"\x00")


def _biff(kind: int, data: bytes) -> bytes:
    return struct.pack("<2H", kind, len(data)) + data


def msg() -> bytes:
    """A letter as Outlook saves it."""
    return ole_file(
        {
            "__substg1.0_0037001F": "Leave".encode("utf-16-le"),
            "__substg1.0_1000001F": WORDS.encode("utf-16-le"),
        }
    )


def eml() -> bytes:
    """A letter with an attachment."""
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "ann@example.org", "Leave"
    letter.set_content(WORDS)
    letter.add_attachment(xlsx(), maintype="application", subtype="octet-stream", filename="a.xlsx")
    return letter.as_bytes()


def odf(kind: str, body: str = "", before: str = "") -> bytes:
    """An OpenDocument file; ``body`` stands for its text."""
    paragraph = f"<text:p>{WORDS}</text:p>"
    row = f"<table:table-row><table:table-cell>{paragraph}</table:table-cell></table:table-row>"
    spaces = " ".join(f'xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table"))
    content = (
        f"<?xml version='1.0'?>{before}<office:document-content {spaces}><office:body><office:{kind}>"
        f"{body or (f'<table:table>{row}</table:table>' if kind == 'spreadsheet' else paragraph)}"
        f"</office:{kind}></office:body></office:document-content>"
    )
    return zipped({"mimetype": f"application/vnd.oasis.opendocument.{kind}", "content.xml": content})


def epub(page: str) -> bytes:
    """A book of one chapter."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    return zipped(
        {"mimetype": "application/epub+zip", "book.opf": package, "a.xhtml": page, "META-INF/container.xml": "<x/>"}
    )
