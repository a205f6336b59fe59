"""Reads a file with the parser of its kind, and says in a sentence why one cannot be read."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import formats
from assistant.knowledge.parsing.archive import PROTECTED, check_archive
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.library import ParsedDocument

READABLE = (
    "PDF, Word (.docx), Excel, PowerPoint (.pptx), OpenDocument, RTF, e-mails, EPUB, HTML, XML, CSV, JSON, Markdown, "
    "plain text and zip archives of these"
)
_PACKAGE = "assistant.knowledge.parsing"
_PARSERS = {
    formats.PDF: "pdf",
    formats.DOCX: "word",
    formats.XLSX: "sheets",
    formats.XLS: "sheets",
    formats.PPTX: "slides",
    formats.ODT: "odf",
    formats.ODS: "odf",
    formats.ODP: "odf",
    formats.RTF: "rtf",
    formats.EML: "mail",
    formats.MSG: "mail_outlook",
    formats.EPUB: "epub",
    formats.ZIP: "bundle",
    formats.HTML: "web",
    formats.XML: "web",
    formats.CSV: "csv_rows",
    formats.JSON: "json_text",
    formats.MARKDOWN: "markdown",
    formats.PLAIN: "plain",
}
# Their libraries unpack by themselves, so what lies in them is looked at before.
_CHECKED = (formats.XLSX, formats.PPTX)
_OTHER_WAYS = {
    formats.OLD_OFFICE: "This is an old Office format; save it as .docx, .xlsx or .pptx and upload it again.",
    formats.PICTURE: "This is a picture; save it as a PDF, for which text recognition (OCR) can be switched on.",
}
# Containers of the old kind that are read where they are whole.
_OWN_CONTAINERS = (".xls", ".msg")
_PROTECTED_MARK = "EncryptedPackage".encode("utf-16-le")
# Bytes of a container whose directory says nothing that are searched for the mark of a password.
_SEARCHED_BYTES = 10 * 1024 * 1024


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a file in this process. ``on_page(done, total)`` hears of each page.

    Raises UnreadableDocument with one plain sentence when there is no text to be had.
    """
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source.getbuffer()) as file:
        kind = formats.kind_of(file, name)
        size = file.seek(0, 2)
    if kind not in _PARSERS:
        raise UnreadableDocument(_why_not(source, kind, size, Path(name).suffix.lower()))
    if kind in _CHECKED:
        check_archive(source)
    parser = importlib.import_module(f"{_PACKAGE}.{_PARSERS[kind]}")
    document: ParsedDocument = parser.parse(source, name, on_page)
    return document


def _why_not(source: Source, kind: str, size: int, ending: str) -> str:
    start = _beginning(source)
    if size == 0:
        return "This file is empty."
    if kind == formats.PROTECTED or (kind == formats.OLD_OFFICE and _PROTECTED_MARK in start):
        return PROTECTED
    if kind in _OTHER_WAYS and not (kind == formats.OLD_OFFICE and ending in _OWN_CONTAINERS):
        return _OTHER_WAYS[kind]
    if not start.strip(b"\x00 \t\r\n"):
        return "There is no text in this file."
    if ending in formats.BINARY_NAMES:
        return f"This is not a whole {ending} file; open it in its program, save it again and upload that."
    return f"This kind of file cannot be read; {READABLE} can."


def _beginning(source: Source) -> bytes:
    if isinstance(source, Path):
        with source.open("rb") as file:
            return file.read(_SEARCHED_BYTES)
    return source.getvalue()[:_SEARCHED_BYTES]
