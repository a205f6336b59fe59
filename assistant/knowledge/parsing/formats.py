"""Which kind a file is: by its content first and its name second.

The process that takes uploads in asks this too, outside of any child with limits. So only the beginning of a file is
looked at, the directory of a container as far as its first pages go, and no pattern here can take longer than that.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from assistant.knowledge.parsing.characters import wide_encoding
from assistant.knowledge.parsing.containers import OLE_MARK, ZIP_MARK, ole_names, zip_names

OnPage = Callable[[int, int], None]
Source = Path | io.BytesIO
"""A file on disk, or one that lay in another file: a child may write none, so that one is in memory."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
_ODF = "application/vnd.oasis.opendocument"
PDF = "application/pdf"
DOCX = f"{_OFFICE}.wordprocessingml.document"
XLSX = f"{_OFFICE}.spreadsheetml.sheet"
PPTX = f"{_OFFICE}.presentationml.presentation"
XLS = "application/vnd.ms-excel"
ODT, ODS, ODP = f"{_ODF}.text", f"{_ODF}.spreadsheet", f"{_ODF}.presentation"
RTF = "application/rtf"
EML = "message/rfc822"
MSG = "application/vnd.ms-outlook"
EPUB = "application/epub+zip"
ZIP = "application/zip"
HTML = "text/html"
XML = "application/xml"
CSV = "text/csv"
JSON = "application/json"
MARKDOWN = "text/markdown"
PLAIN = "text/plain"
UNKNOWN = "application/octet-stream"
OLD_OFFICE = "application/x-ole-storage"
PROTECTED = "application/x-protected-office"
PICTURE = "image/*"

_MAIN_PARTS = {
    "word/document.xml": DOCX,
    "xl/workbook.xml": XLSX,
    "xl/workbook.bin": XLSX,
    "ppt/presentation.xml": PPTX,
}
_PART_FOLDERS = {"word/": DOCX, "xl/": XLSX, "ppt/": PPTX}
_ODF_ENDINGS = {".ods": ODS, ".odp": ODP, ".ots": ODS, ".otp": ODP}
_OLE_STREAMS = {"EncryptedPackage": PROTECTED, "Workbook": XLS, "Book": XLS}
_OUTLOOK_STREAMS = ("__nameid_version1.0", "__properties_version1.0", "__substg1.0_")
_TEXT_NAMES = {
    ".html": HTML, ".htm": HTML, ".xhtml": HTML, ".csv": CSV, ".tsv": CSV, ".md": MARKDOWN, ".markdown": MARKDOWN,
    ".json": JSON, ".jsonl": JSON, ".ndjson": JSON, ".geojson": JSON, ".eml": EML, ".mht": EML, ".mhtml": EML,
    ".xml": XML,
}  # fmt: skip
# A name with such an ending promises another kind than text; text under it is no whole file of that kind.
BINARY_NAMES = frozenset(
    {".pdf", ".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm", ".xlsb", ".odt", ".ods", ".odp", ".epub", ".zip"}
    | {".xls", ".ppt", ".msg"}
)
_PICTURES = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM")
_BLANKS = re.compile(rb"\s*")
_PAGE_START = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_JSON_START = re.compile(rb"\s*[\[{]\s*[\"\[{\]}\d]")
_FIELD = re.compile(rb"[A-Za-z][A-Za-z0-9-]{0,40}\Z")
_LETTER_FIELDS = frozenset({b"from", b"to", b"subject", b"date", b"cc"})
_CARRIED_FIELDS = frozenset({b"received", b"message-id", b"mime-version", b"return-path", b"delivered-to"})
_HEAD_BYTES = 65_536
# Real PDFs may have some bytes before their mark; readers look this far.
_PDF_MARK_WITHIN = 1024
# Share of control characters above which a file is no text; compressed bytes have 11 %.
_MOST_CONTROLS = 0.02
_CONTROLS = bytes({*range(32)} - set(b"\t\n\r\f\x0b\x1b"))


def media_type(path: Path, name: str) -> str:
    """Return the media type of the file at ``path`` that was uploaded as ``name``; UNKNOWN if none fits."""
    with path.open("rb") as file:
        return kind_of(file, name)


def kind_of(file: BinaryIO, name: str) -> str:
    """Return the media type of an open file; leaves it at some other place."""
    head = file.read(_HEAD_BYTES)
    ending = Path(name).suffix.lower()
    if b"%PDF-" in head[:_PDF_MARK_WITHIN]:
        return PDF
    if head.startswith(ZIP_MARK):
        return _zip_kind(file, head, ending)
    if head.startswith(OLE_MARK):
        return _ole_kind(file)
    if head.startswith(_PICTURES[:2]) or (head.startswith(_PICTURES) and b"\x00" in head):
        return PICTURE
    return _text_kind(head, ending)


def contents(source: Source) -> bytes:
    """All bytes of a file."""
    return source.read_bytes() if isinstance(source, Path) else source.getvalue()


def _zip_kind(file: BinaryIO, head: bytes, ending: str) -> str:
    names = {name.replace("\\", "/").lower().lstrip("/") for name in zip_names(file)}
    office = next((kind for part, kind in _MAIN_PARTS.items() if part in names), None)
    if office or not names:
        return office or UNKNOWN
    if "[content_types].xml" in names:
        return next((kind for part, kind in _PART_FOLDERS.items() if any(n.startswith(part) for n in names)), UNKNOWN)
    if b"mimetypeapplication/epub+zip" in head[:100] or "meta-inf/container.xml" in names:
        return EPUB
    if "content.xml" in names and ("mimetype" in names or "meta-inf/manifest.xml" in names):
        return next((kind for kind in (ODS, ODP) if kind.encode() in head[:200]), _ODF_ENDINGS.get(ending, ODT))
    return UNKNOWN if ending in BINARY_NAMES - {".zip"} else ZIP


def _ole_kind(file: BinaryIO) -> str:
    names = ole_names(file)
    if any(name.startswith(_OUTLOOK_STREAMS) for name in names):
        return MSG
    return next((kind for name, kind in _OLE_STREAMS.items() if name in names), OLD_OFFICE)


def _text_kind(head: bytes, ending: str) -> str:
    wide = wide_encoding(head)
    if wide:
        head = head.decode(wide, "replace").encode("utf-8", "replace")
    head = head.removeprefix(b"\xef\xbb\xbf")
    if head.startswith(b"{\\rtf"):
        return RTF
    if not head.strip(b"\x00 \t\r\n") or len(head) - len(head.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(head):
        return UNKNOWN
    if ending in BINARY_NAMES:
        return UNKNOWN
    return _markup_kind(head) or _named_kind(head, ending)


def _markup_kind(head: bytes) -> str | None:
    """HTML or XML by what stands after blanks, comments and declarations."""
    at, declared = 0, False
    while True:
        at = _end_of_blanks(head, at)
        mark = next((end for start, end in ((b"<!--", b"-->"), (b"<?", b"?>")) if head.startswith(start, at)), None)
        if mark is None:
            break
        declared = declared or head.startswith(b"<?xml", at)
        found = head.find(mark, at + 2)
        if found < 0:
            return None
        at = found + len(mark)
    return HTML if _PAGE_START.match(head, at) else XML if declared and head.startswith(b"<", at) else None


def _end_of_blanks(head: bytes, at: int) -> int:
    match = _BLANKS.match(head, at)
    return match.end() if match else at


def _named_kind(head: bytes, ending: str) -> str:
    kind = _TEXT_NAMES.get(ending, PLAIN)
    if kind in (EML, PLAIN):
        return _letter_kind(head, kind, ending)
    return kind


def _letter_kind(head: bytes, kind: str, ending: str) -> str:
    """A letter by its fields: one named .eml may have few; any other needs one that only mail programs write."""
    fields = set(_fields(head))
    if kind == EML and fields & (_LETTER_FIELDS | _CARRIED_FIELDS | {b"content-type"}):
        return EML
    if fields & _CARRIED_FIELDS and len(fields & (_LETTER_FIELDS | _CARRIED_FIELDS)) > 2:
        return EML
    return JSON if ending not in ("", ".txt", ".text", ".log") and _JSON_START.match(head) else PLAIN


def _fields(head: bytes) -> Iterator[bytes]:
    """Names of the fields that a letter begins with, up to the first line that is none."""
    for number, line in enumerate(head.splitlines()):
        if line[:1] in (b" ", b"\t") or (number == 0 and line.startswith(b"From ")):
            continue
        name, colon, _ = line.partition(b":")
        if not colon or not _FIELD.match(name):
            return
        yield name.lower()
