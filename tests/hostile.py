"""Files made to break readers, made anew for each run: bombs, loops, lies about sizes, and ways out of folders."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from ole_file import ole_file
from small_files import docx, odf, old_workbook, pptx, small_files, xlsx, zipped

MEGABYTE = 1024 * 1024
LAUGHS = '<!DOCTYPE x [<!ENTITY e0 "ha">' + "".join(
    f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10)
) + "]>"  # fmt: skip
BLOWUP = f'<!DOCTYPE x [<!ENTITY e "{"a" * 50_000}">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY e9 SYSTEM "file:///etc/passwd">]>'
CALLING = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;<!ENTITY e9 "">]>'
TRAVERSALS = ("../../../tmp/escaped.txt", "/etc/escaped.txt", "C:\\escaped.txt", "..\\..\\escaped.txt", "a/../../b.txt")


def with_part(package: bytes, part: str, *changes: tuple[bytes, bytes]) -> bytes:
    """A copy of an Office file with words of one part replaced by others."""
    parts: dict[str, bytes] = {}
    with zipfile.ZipFile(io.BytesIO(package)) as whole:
        for name in whole.namelist():
            parts[name] = whole.read(name)
    for old, new in changes:
        parts[part] = parts[part].replace(old, new)
    return zipped(parts)


def lying_size(package: bytes, part: str, size: int) -> bytes:
    """A copy whose directory says another size for a part than it unpacks to."""
    data = bytearray(package)
    at = data.index(part.encode(), data.index(b"PK\x01\x02")) - 46
    data[at + 24 : at + 28] = struct.pack("<L", size)
    return bytes(data)


def packed_zeros(megabytes: int, times: int = 1) -> bytes:
    """Deflated zeros, packed again ``times`` - 1 times."""
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(megabytes)) + packer.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def entities(before: str) -> Iterator[tuple[str, bytes]]:
    """Documents of each XML format whose one paragraph is an entity."""
    head = before.encode()
    word = "&e;" * 10_000 if before == BLOWUP else "&e9;"
    yield "odt", odf("text", f"<text:p>{word}</text:p>", before)
    yield "html", head + f"<html><p>{word}".encode()
    yield "xml", b"<?xml version='1.0'?>" + head + f"<x>{word}</x>".encode()
    for ending, package, part, mark in (
        ("docx", docx(), "word/document.xml", b"<w:document "),
        ("pptx", pptx(), "ppt/slides/slide1.xml", b"<p:sld "),
        ("xlsx", xlsx(), "xl/worksheets/sheet1.xml", b"<worksheet "),
    ):
        words = ((b"Leave<", word.encode() + b"<"), (b"<v>0</v>", b"<v>" + word.encode() + b"</v>"))
        yield ending, with_part(package, part, (mark, head + mark), *words)


def archives() -> Iterator[tuple[str, bytes]]:
    """Zip archives that are too large, too many, one in another, or not what they say."""
    yield "traversal.zip", zipped(dict.fromkeys(TRAVERSALS, "the words"))
    yield "zeros.zip", zipped({"a.txt": bytes(60 * MEGABYTE)})
    yield "zeros_bz2.zip", zipped({"a.txt": bytes(30 * MEGABYTE)}, zipfile.ZIP_BZIP2)
    yield "zeros_lzma.zip", zipped({"a.txt": bytes(30 * MEGABYTE)}, zipfile.ZIP_LZMA)
    yield "lying.zip", lying_size(zipped({"a.txt": bytes(10 * MEGABYTE)}), "a.txt", 100)
    yield "boasting.zip", lying_size(zipped({"a.txt": "the words"}), "a.txt", 0xFFFFFFF0)
    yield "many.zip", zipped({f"{n}.txt": "x" for n in range(5_000)})
    inner = zipped({"a.txt": bytes(10 * MEGABYTE)})
    for _ in range(5):
        inner = zipped({f"{n}.zip": inner for n in range(10)})
    yield "nested.zip", inner
    yield "empty.zip", b"PK\x05\x06" + bytes(18)
    yield "directory_of_millions.zip", _directory_only(30_000)
    yield "shared.zip", _shared()
    link = zipfile.ZipInfo("passwords")
    link.external_attr = 0o120777 << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    yield "link.zip", data.getvalue()
    yield "locked.zip", _locked()


def _directory_only(count: int) -> bytes:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 6, *[0] * 3, 1, *[0] * 4, *[0] * 2) + b"a"
    return b"PK\x03\x04" + entry * count + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, len(entry) * count, 4, 0)


def _shared() -> bytes:
    """An archive with a thousand names for the same bytes."""
    data = zipped({"a.txt": bytes(MEGABYTE)})
    at = data.index(b"PK\x01\x02")
    end = data.index(b"PK\x05\x06")
    entry = data[at:end]
    return data[:at] + entry * 1000 + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(entry) * 1000, at, 0)


def _locked() -> bytes:
    data = bytearray(zipped({"a.txt": "the words"}))
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    return bytes(data)


def office() -> Iterator[tuple[str, bytes]]:
    """Office files that grow, nest or point at nothing."""
    body = b"<w:body>"
    for name, filling in (
        ("deep", b"<w:sdt><w:sdtContent>" * 5_000),
        ("text_node", b"<w:p><w:r><w:t>" + b"x" * (30 * MEGABYTE)),
        ("paragraphs", b"<w:p/>" * 300_000),
        (
            "tables",
            b"<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr></w:tc></w:tr></w:tbl>" * 20_000,
        ),
        ("spaces", b" " * (250 * MEGABYTE)),
    ):
        yield f"{name}.docx", with_part(docx(), "word/document.xml", (body, body + filling))
    yield "lying.docx", lying_size(docx(), "word/document.xml", 10)
    ring = (b'w:basedOn w:val="Normal"', b'w:basedOn w:val="Heading1"')
    yield "ring_of_styles.docx", with_part(docx(), "word/styles.xml", ring)
    group = b"<p:grpSp><p:nvGrpSpPr><p:cNvPr id='9' name='g'/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>"
    tree = b"<p:spTree>"
    yield "groups.pptx", with_part(pptx(), "ppt/slides/slide1.xml", (tree, tree + group * 200))
    rows = b"<sheetData>"
    for name, filling in (
        ("sparse", b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        ("no_places", b"<row><c><v>1</v></c></row>" * 50_000),
        ("far_styles", b'<row r="1048576"><c s="1" r="XFD1048576"/></row>'),
        ("huge_place", b'<row r="9999999999"><c r="ZZZZZZ9999999999"><v>1</v></c></row>'),
        ("far_place", b'<row r="9"><c r="A99999999999"><v>1</v></c></row>'),
        ("bad_string", b'<row r="9"><c r="A9" t="s"><v>999999999</v></c></row>'),
    ):
        yield f"{name}.xlsx", with_part(xlsx(), "xl/worksheets/sheet1.xml", (rows, rows + filling))
    wide: list[list[str | float]] = [[1.0] * 256, ["x" * 30_000, *map(str, range(5))]]
    wide += [[2.0] for _ in range(1000)]
    yield "wide.xls", ole_file({"Workbook": old_workbook(wide)})
    yield "ring.xls", _ring()


def _ring() -> bytes:
    """An OLE container whose stream never ends."""
    data = bytearray(ole_file({"Workbook": old_workbook([["x"]])}))
    table = len(data) - 512
    data[table : table + 4] = struct.pack("<L", 0)
    return bytes(data)


def pdfs() -> Iterator[tuple[str, bytes]]:
    """PDF files that grow, turn in circles or nest."""
    yield "zeros.pdf", pdf_with(packed_zeros(300))
    yield "zeros_twice.pdf", pdf_with(packed_zeros(300, times=2), "/FlateDecode/FlateDecode")
    yield "operators.pdf", pdf_with(zlib.compress(b"q Q " * 300_000))
    yield "arrays.pdf", pdf_with(zlib.compress(b"[" * 1_000_000 + b"(words) Tj"))
    yield "letters.pdf", pdf_with(zlib.compress(b"BT /F1 1 Tf " + b"(words and words) Tj " * 60_000))
    sound = pdf_with(zlib.compress(b"BT (words) Tj ET"))
    yield "pages.pdf", sound.replace(b"/Count 1", b"/Count 4294967295")
    yield "circle.pdf", sound.replace(b"/Kids[3 0 R]", b"/Kids[2 0 R 2 0 R]")
    yield "parent.pdf", sound.replace(b"/Pages 2 0 R", b"/Pages 1 0 R")
    yield "depth.pdf", sound.replace(b"/Resources<<>>", b"/Resources" + b"<</A" * 100_000)
    yield "tables.pdf", sound + b"startxref\n9\n%%EOF" + b"xref\n0 1\ntrailer<</Prev 9/Root 1 0 R>>\n" * 2
    yield "box.pdf", sound.replace(b"[0 0 600 800]", b"[0 0 1e38 -1e38]")
    yield "length.pdf", sound.replace(b"/Length ", b"/Length 99999999")


def pdf_with(content: bytes, filters: str = "/FlateDecode") -> bytes:
    """A PDF of one page around one content stream."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<>>>>endobj\n"
        + f"4 0 obj<</Length {len(content)}/Filter[{filters}]>>stream\n".encode()
        + content
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n"
    )


def texts() -> Iterator[tuple[str, bytes]]:
    """Text formats that nest or repeat."""
    yield "comments.txt", b"<!---->" * 100_000 + b"x"
    yield "dots.txt", b"." * 1_000_000
    yield "nulls.txt", bytes(1_000_000)
    yield "marks.txt", "a\u0301\u0316".encode() * 60_000
    yield "one_line.txt", b"word " * 300_000
    yield "capitals.txt", b"HEADING\n\n" * 30_000
    yield "quotes.csv", b'"' * 1_000_000
    yield "columns.csv", b"," * 1_000_000 + b"\n" + b"x,y\n" * 50_000
    yield "ragged.csv", b"\n".join(b"a," * n for n in range(800))
    yield "lists.md", b"> " * 5_000 + b"x\n" + b"- " * 5_000
    yield "links.md", b"[" * 20_000 + b"](" * 20_000
    yield "stars.md", b"*a_" * 20_000
    yield "ticks.md", b"`" * 20_000 + b"a" + b"``` " * 20_000
    yield "tables.html", b"<table><tr><td>" * 20_000 + b"x"
    yield "inlines.html", b"<b><i>" * 100_000 + b"x"
    yield "cells.html", b"<table>" + b"<tr>" + b"<td>x" * 100_000
    yield "punycode.html", b"<html><meta charset=punycode><p>" + b"a-" * 500_000
    yield "deep.json", b"[" * 1_000_000
    yield "wide.json", b"{" + b",".join(b'"k%d":[{}]' % n for n in range(40_000)) + b"}"
    yield "deep.xml", b"<?xml version='1.0'?>" + b"<a>" * 200_000
    yield "groups.rtf", b"{\\rtf1" + b"{" * 2_000_000
    yield "hex.rtf", b"{\\rtf1 " + b"\\'41" * 300_000
    yield "binary.rtf", b"{\\rtf1 words\\bin2147483647 x"
    yield "parts.eml", b"From: a\nSubject: b\n" + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5_000)
    )  # fmt: skip
    yield "fields.eml", b"From: a\n" + b"Subject: " + b"=?utf-8?b?" * 100_000 + b"\n\nwords"
    yield "long_fields.eml", b"From: a\n" + b"X-A: b\n" * 100_000 + b"\nwords"


def slow_texts() -> Iterator[tuple[str, bytes]]:
    """Pages for which the rules of HTML themselves ask for the square of their length."""
    yield "divs.html", b"<div>" * 300_000 + b"x"
    yield "attributes.html", b"<p " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">words</p>"


def wrong_kinds(every: int) -> Iterator[tuple[str, bytes]]:
    """Files of one kind under the ending of another, and of no kind at all under every so many endings."""
    sound = small_files()
    noise = random.Random(4).randbytes(20_000)  # noqa: S311 - the same noise in each run
    strangers = {
        "png": b"\x89PNG\r\n\x1a\n" + noise, "gzip": b"\x1f\x8b\x08" + noise, "exe": b"MZ" + noise,
        "elf": b"\x7fELF" + noise,
        "mp3": b"ID3" + noise, "7z": b"7z\xbc\xaf\x27\x1c" + noise, "noise": noise, "nothing": b"", "one": b"\x00",
        "mark": b"\xff\xfe", "ole": bytes.fromhex("d0cf11e0a1b11ae1") + noise, "pk": b"PK\x03\x04" + noise,
    }  # fmt: skip
    for number, ending in enumerate(name[1:] for name in sound):
        for kind, data in strangers.items() if number % every == 0 else ():
            yield f"{kind}{ending}", data
        other = list(sound.values())[(number + 1) % len(sound)]
        yield f"other{ending}", other


def cut_short(tenths: Sequence[int]) -> Iterator[tuple[str, bytes]]:
    """Every format, cut at some tenths of its length."""
    for name, data in small_files().items():
        for tenth in tenths:
            yield f"{tenth}0_percent{name[1:]}", data[: len(data) * tenth // 10]


def damaged(seed: int, times: int) -> Iterator[tuple[str, bytes]]:
    """Every format with some bytes changed, taken out or doubled."""
    chance = random.Random(seed)  # noqa: S311 - the same damage in each run
    for name, sound in small_files().items():
        for number in range(times):
            data = bytearray(sound)
            for _ in range(chance.choice((1, 3, 20))):
                at = chance.randrange(len(data))
                data[at : at + chance.choice((0, 1, 1, 8))] = chance.randbytes(chance.choice((1, 1, 0, 8)))
            yield f"damaged{number}{name[1:]}", bytes(data)
