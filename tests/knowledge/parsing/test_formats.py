from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import media_type
from assistant.knowledge.parsing.formats import CSV, DOCX, HTML, MARKDOWN, OLD_OFFICE, PDF, PLAIN, UNKNOWN
from assistant.library import ParsedDocument

Read = Callable[..., ParsedDocument]
Write = Callable[[str, str | bytes], Path]
OLE = bytes.fromhex("d0cf11e0a1b11ae1")


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
        ("a.txt", b"\x00\x01\x02", UNKNOWN),
        ("a.exe", b"MZ\x90\x00", UNKNOWN),
        ("a.rtf", b"{\\rtf1 x}", UNKNOWN),
        ("a.doc", OLE, OLD_OFFICE),
        ("a.docx", b"PK\x03\x04 no archive", UNKNOWN),
    ],
)
def test_content_tells_the_kind_before_the_name_does(write: Write, name: str, content: bytes, kind: str) -> None:
    assert media_type(write(name, content), name) == kind


def test_an_office_file_is_known_by_its_main_part(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "misnamed.bin", "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    assert media_type(tmp_path / "misnamed.bin", "misnamed.bin") == DOCX


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n ", "cannot be read"),
        ("a.exe", b"MZ\x90\x00", "cannot be read"),
        ("a.docx", b"PK\x03\x04 no archive", "not a whole .docx file"),
        ("a.doc", OLE, "old Office format"),
        ("a.docx", OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        ("a.csv", b"\n\n", "cannot be read"),
        ("a.md", b"---", "no text"),
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
        for _ in range(201):
            part.write(b" " * 1024 * 1024)
    with pytest.raises(UnreadableDocument, match="unpacks to far more"):
        read(tmp_path / "bomb.docx")
