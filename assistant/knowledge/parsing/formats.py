"""Which kind a file is, by its content first and its name second, and which parser reads it."""

from __future__ import annotations

import importlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import check_archive
from assistant.library import ParsedDocument

OnPage = Callable[[int, int], None]

PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
HTML = "text/html"
CSV = "text/csv"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
OLD_OFFICE = "application/x-ole-storage"

READABLE = "PDF, Word (.docx), Excel (.xlsx), PowerPoint (.pptx), HTML, CSV, Markdown and plain text"
_PACKAGE = "assistant.knowledge.parsing"
_PARSERS = {
    PDF: "pdf",
    DOCX: "word",
    XLSX: "sheets",
    PPTX: "slides",
    HTML: "web",
    CSV: "csv_rows",
    MARKDOWN: "markdown",
    PLAIN: "plain",
}
_MAIN_PARTS = {
    "word/document.xml": DOCX,
    "xl/workbook.xml": XLSX,
    "xl/workbook.bin": XLSX,
    "ppt/presentation.xml": PPTX,
}
_TEXT_NAMES = {
    ".html": HTML, ".htm": HTML, ".xhtml": HTML, ".csv": CSV, ".tsv": CSV, ".md": MARKDOWN, ".markdown": MARKDOWN,
    ".txt": PLAIN, ".text": PLAIN, ".log": PLAIN, "": PLAIN,
}  # fmt: skip
_BINARY_NAMES = (".pdf", ".docx", ".xlsx", ".pptx")
_HTML_START = re.compile(rb"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_OLE_MARK = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED_OFFICE = "EncryptedPackage".encode("utf-16-le")
_HEAD_BYTES = 65_536
# Real PDFs may have some bytes before their mark; readers look this far.
_PDF_MARK_WITHIN = 1024


def media_type(path: Path, name: str) -> str:
    """Return the media type of the file at ``path`` that was uploaded as ``name``; UNKNOWN if none fits."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if b"%PDF-" in head[:_PDF_MARK_WITHIN]:
        return PDF
    if head.startswith(b"PK"):
        return _office_type(path)
    if head.startswith(_OLE_MARK):
        return OLD_OFFICE
    return _text_type(head, Path(name).suffix.lower())


def parse(path: Path, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a file in this process. ``on_page(done, total)`` hears of each page.

    Raises UnreadableDocument with one plain sentence when there is no text to be had.
    """
    kind = media_type(path, name)
    if kind not in _PARSERS:
        raise UnreadableDocument(_why_not(path, kind, Path(name).suffix.lower()))
    if kind in (DOCX, XLSX, PPTX):
        check_archive(path)
    parser = importlib.import_module(f"{_PACKAGE}.{_PARSERS[kind]}")
    document: ParsedDocument = parser.parse(path, name, on_page)
    return document


def _office_type(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.replace("\\", "/").lower().lstrip("/") for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
        return UNKNOWN
    return next((kind for part, kind in _MAIN_PARTS.items() if part in names), UNKNOWN)


def _text_type(head: bytes, ending: str) -> str:
    has_mark = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if not head.strip() or (b"\x00" in head and not has_mark) or head.startswith(b"{\\rtf"):
        return UNKNOWN
    if ending in _TEXT_NAMES:
        kind = _TEXT_NAMES[ending]
        return HTML if kind == PLAIN and _HTML_START.match(head) else kind
    return HTML if _HTML_START.match(head) else UNKNOWN


def _why_not(path: Path, kind: str, ending: str) -> str:
    if path.stat().st_size == 0:
        return "This file is empty."
    if kind == OLD_OFFICE:
        head = path.read_bytes()
        if _ENCRYPTED_OFFICE in head:
            return "This file is protected by a password; save it without one and upload it again."
        return "This is an old Office format; save it as .docx, .xlsx or .pptx and upload it again."
    if ending in _BINARY_NAMES:
        return f"This is not a whole {ending} file; open it in its program, save it again and upload that."
    return f"This kind of file cannot be read; {READABLE} can."
