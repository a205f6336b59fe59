from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import media_type
from assistant.knowledge.parsing.formats import (
    CSV,
    DOCX,
    EML,
    EPUB,
    HTML,
    JSON,
    MARKDOWN,
    MSG,
    ODS,
    ODT,
    OLD_OFFICE,
    PDF,
    PICTURE,
    PLAIN,
    RTF,
    UNKNOWN,
    XLS,
    XLSX,
    XML,
    ZIP,
)
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
MAIL = b"Received: from a by b\r\n\tfolded\r\nFrom: ann@example.org\r\nSubject: Leave\r\n\r\nHello.\r\n"


def ole_with(*names: str, sector: int = 512) -> bytes:
    """An OLE container of nothing but a directory with these entries."""
    head = bytearray(sector)
    head[:8] = OLE
    struct.pack_into("<H", head, 30, sector.bit_length() - 1)
    struct.pack_into("<L", head, 48, 0)
    struct.pack_into("<109L", head, 76, *[0xFFFFFFFF] * 109)
    entries = b""
    for name in ("Root Entry", *names):
        raw = (name + "\x00").encode("utf-16-le")
        entries += raw.ljust(64, b"\x00") + struct.pack("<H", len(raw)) + bytes(62)
    return bytes(head) + entries.ljust(sector, b"\x00")


def zipped(**members: str | bytes) -> bytes:
    """A zip archive; ``__`` in a name stands for a slash and ``_`` for a full stop."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.txt", b"%PDF-1.7\n", PDF),
        ("a.pdf", b"junk\n%PDF-1.4\n", PDF),
        ("a.pdf", b"just words", UNKNOWN),
        ("a.txt", b"words", PLAIN),
        ("README", b"words", PLAIN),
        ("a.MD", b"# words", MARKDOWN),
        ("a.tsv", b"a\tb", CSV),
        ("page.txt", b"<!DOCTYPE html><p>x", HTML),
        ("page.aspx", b"<html><p>x", HTML),
        ("page.csv", b"<!-- export --> <html><table>", HTML),
        ("page.txt", "<html><p>ä".encode("utf-16-le"), HTML),
        ("page.xhtml", b'<?xml version="1.0"?>\n<!DOCTYPE html><html/>', HTML),
        ("feed", b'\xef\xbb\xbf<?xml version="1.0"?><feed/>', XML),
        ("a.txt", b"\x00\x01\x02", UNKNOWN),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff\x00\x00", UNKNOWN),
        ("a.yaml", b"site: Graz\n", PLAIN),
        ("notes.unknown", "Grüße aus Graz".encode("cp1252"), PLAIN),
        ("notes.txt", "Grüße aus Graz".encode("utf-16-be"), PLAIN),
        ("a.rtf", b"{\\rtf1 x}", RTF),
        ("a.doc", b"{\\rtf1 x}", RTF),
        ("a.json", b'{"a": 1}', JSON),
        ("a.bin", b' [{"a": 1}]', JSON),
        ("a.eml", b"Subject: x\nFrom: a@example.org\n\nx", EML),
        ("a", MAIL, EML),
        ("a.eml", b"just words", PLAIN),
        ("minutes.txt", b"From: Ann\nTo: Bob\n\nWe met.", PLAIN),
        ("a.doc", OLE, OLD_OFFICE),
        ("a.doc", ole_with("WordDocument"), OLD_OFFICE),
        ("a.doc", ole_with("Workbook"), XLS),
        ("a", ole_with("__nameid_version1.0", sector=4096), MSG),
        ("a.docx", b"PK\x03\x04 no archive", UNKNOWN),
        ("a.docx", zipped(xl__workbook_xml="x"), XLSX),
        ("a.zip", zipped(mimetype="application/vnd.oasis.opendocument.text", content_xml="x"), ODT),
        ("a.ods", zipped(content_xml="x", mimetype="application/vnd.oasis.opendocument.spreadsheet"), ODS),
        ("a.zip", zipped(mimetype="application/epub+zip", **{"META-INF__container_xml": "x"}), EPUB),
        ("a.bin", zipped(notes_txt="x"), ZIP),
        ("a.docx", zipped(notes_txt="x"), UNKNOWN),
        ("scan.pdf", PNG, PICTURE),
        ("scan.txt", b"\xff\xd8\xff\xe0\x00\x10JFIF", PICTURE),
    ],
)
def test_content_tells_the_kind_before_the_name_does(write: Write, name: str, content: bytes, kind: str) -> None:
    assert media_type(write(name, content), name) == kind


def test_an_office_file_is_known_by_its_main_part(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "misnamed.bin", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert media_type(tmp_path / "misnamed.bin", "misnamed.bin") == DOCX


def test_an_archive_of_the_large_kind_is_known_too(write: Write) -> None:
    data = zipped(word__document_xml="x")
    end = data.rindex(b"PK\x05\x06")
    count, _, size, start = struct.unpack("<HHLL", data[end + 8 : end + 20])
    large = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert media_type(write("a.docx", data[:end] + large + locator + last), "a.docx") == DOCX


@pytest.mark.parametrize("filling", [b"<!---->", b"<!-- -->\n", b"<?a?>", b" ", b"<!--", b"<?", b"\x00<"])
def test_telling_the_kind_takes_no_longer_the_stranger_the_file_is(write: Write, filling: bytes) -> None:
    assert media_type(write("a.txt", filling * 9000 + b"x"), "a.txt") in (PLAIN, HTML, XML, UNKNOWN)


def test_of_a_directory_of_millions_of_parts_only_the_beginning_is_read(tmp_path: Path) -> None:
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *[0] * 6, *[0] * 3, 1, *[0] * 4, *[0] * 2) + b"a"
    path = tmp_path / "a.zip"
    with path.open("wb") as file:
        file.write(b"PK\x03\x04")
        for _ in range(64):
            file.write(entry * 20_000)
        size = file.tell() - 4
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, size, 4, 0))
    counted = _Counted(path.read_bytes())
    from assistant.knowledge.parsing.containers import zip_names

    assert set(zip_names(counted)) == {"a"}
    assert counted.taken < 2 * 1024 * 1024


class _Counted(io.BytesIO):
    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_a_ring_in_the_directory_of_a_container_is_walked_once(write: Write) -> None:
    data = bytearray(ole_with("Nothing") + bytes(512))
    struct.pack_into("<L", data, 76, 1)
    data[1024:] = struct.pack("<128L", *[0] * 128)
    assert media_type(write("a.doc", bytes(data)), "a.doc") == OLD_OFFICE


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n ", "no text"),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00", "cannot be read"),
        ("a.docx", b"PK\x03\x04 no archive", "not a whole .docx file"),
        ("a.zip", b"PK\x03\x04 no archive", "not a whole .zip file"),
        ("a.pdf", b"just words", "not a whole .pdf file"),
        ("a.doc", OLE, "old Office format"),
        ("a.doc", ole_with("WordDocument"), "save it as .docx"),
        ("a.xls", OLE, "not a whole .xls file"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.docx", ole_with("EncryptedPackage"), "password"),
        ("a.csv", b"\n\n", "no text"),
        ("a.md", b"---", "no text"),
        ("a.pdf", PNG, "picture"),
    ],
)
def test_what_cannot_be_read_is_told_in_a_sentence(
    read: Read, write: Write, name: str, content: bytes, sentence: str
) -> None:
    with pytest.raises(UnreadableDocument, match=sentence) as told:
        read(write(name, content))
    assert told.value.message.endswith((".", "can."))


@pytest.mark.parametrize("main", ["word/document.xml", "xl/workbook.xml", "ppt/presentation.xml"])
def test_damaged_office_files_are_told_so(read: Read, tmp_path: Path, main: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.bin", "w") as archive:
        archive.writestr(main, "<unclosed")
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(tmp_path / "a.bin")


def test_an_archive_that_unpacks_to_far_more_is_not_opened(read: Read, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(tmp_path / "bomb.docx", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(501):
            part.write(b" " * 1024 * 1024)
    with pytest.raises(UnreadableDocument, match="unpacks to far more"):
        read(tmp_path / "bomb.docx")
