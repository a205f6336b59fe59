"""Letters as Outlook saves them (.msg): an OLE container with a stream for each of their properties."""

from __future__ import annotations

import io
import struct
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import spend
from assistant.knowledge.parsing.characters import decoded, one_line
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.mail import FIELD_MAX, FIELDS, Letter, as_document
from assistant.knowledge.parsing.members import MOST_MEMBERS, TOO_MANY
from assistant.library import ParsedDocument

DAMAGED = "This e-mail is damaged; open it in Outlook, save it again and upload that."
# Numbers of properties, as MS-OXPROPS names them.
_SUBJECT, _BODY, _HTML, _RTF, _HEADERS = "0037", "1000", "1013", "1009", "007D"
_SENDER_NAME, _SENDER, _TO, _CC = "0C1A", "0C1F", "0E04", "0E03"
_ATTACHED, _LONG_NAME, _SHORT_NAME, _SHOWN_NAME = "3701", "3707", "3704", "3001"
_STREAM = "__substg1.0_"
_ATTACHMENTS = "__attach_version1.0_"
# Bytes that compressed RTF refers back to before it has written any, as MS-OXRTFCP gives them.
_RTF_BEGINNING = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans Serif"
    rb"SymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0" + b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u"
    rb"\tab\tx"
)
_RTF_PACKED = 0x75465A4C
_WINDOW = 4096


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a letter with its attachments."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(contents(source))) as file:
            letter = _letter(file)
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # olefile lets errors of many kinds through on damaged files
        raise UnreadableDocument(DAMAGED) from None
    return as_document(letter, name, on_page)


def _letter(file: Any) -> Letter:
    sender = " ".join(dict.fromkeys(part for part in (_line(file, _SENDER_NAME), _line(file, _SENDER)) if part))
    values = dict(zip(FIELDS, (sender, _line(file, _TO), _line(file, _CC), _date(file)), strict=True))
    html, rtf = _bytes(file, _HTML), _bytes(file, _RTF)
    plain = _text(file, _BODY)
    bodies = ((decoded(html, ""), True),) if html else ((plain, False),) if plain.strip() else _from_rtf(rtf)
    fields = tuple((field, value) for field, value in values.items() if value)
    return Letter(_line(file, _SUBJECT), fields, bodies, plain if html else "", tuple(_attachments(file)))


def _from_rtf(packed: bytes) -> tuple[tuple[str, bool], ...]:
    from assistant.knowledge.parsing import rtf

    if not packed:
        return ()
    try:
        return ((rtf.parse(io.BytesIO(unpacked_rtf(packed)), "", lambda _done, _of: None).text, False),)
    except UnreadableDocument:
        return ()


def _attachments(file: Any) -> list[tuple[str, bytes]]:
    folders = sorted({path[0] for path in file.listdir() if path[0].startswith(_ATTACHMENTS)})
    if len(folders) > MOST_MEMBERS:
        raise UnreadableDocument(TOO_MANY)
    found = []
    for folder in folders:
        names = (_line(file, number, folder) for number in (_LONG_NAME, _SHORT_NAME, _SHOWN_NAME))
        found.append((next((name for name in names if name), "attachment"), _bytes(file, _ATTACHED, folder)))
    return found


def _date(file: Any) -> str:
    """When it was sent, from the fields that it travelled with."""
    for line in _text(file, _HEADERS).splitlines():
        if line.lower().startswith("date:"):
            return one_line(line[5:FIELD_MAX])
    return ""


def _line(file: Any, number: str, folder: str = "") -> str:
    return one_line(_text(file, number, folder)[:FIELD_MAX])


def _text(file: Any, number: str, folder: str = "") -> str:
    """A property that is text: in UTF-16, or in the encoding of the program that wrote it."""
    wide = _stream(file, f"{number}001F", folder)
    return wide.decode("utf-16-le", "replace") if wide else decoded(_stream(file, f"{number}001E", folder), "")


def _bytes(file: Any, number: str, folder: str = "") -> bytes:
    return _stream(file, f"{number}0102", folder) or _text(file, number, folder).encode("utf-8", "replace")


def _stream(file: Any, number: str, folder: str) -> bytes:
    path = [folder, _STREAM + number] if folder else [_STREAM + number]
    if not file.exists(path) or file.get_type(path) != 2:
        return b""
    data: bytes = file.openstream(path).read()
    return data


def unpacked_rtf(packed: bytes) -> bytes:
    """RTF as Outlook packs it: letters, and places of up to 17 bytes that were written before."""
    if len(packed) < 16:
        return b""
    _, size, kind, _ = struct.unpack_from("<4L", packed)
    if kind != _RTF_PACKED:
        return packed[16:]
    written = bytearray(_RTF_BEGINNING)
    at, start = 16, len(written)
    while at < len(packed):
        flags, at = packed[at], at + 1
        for bit in range(8):
            if at >= len(packed) or len(written) - start >= size:
                return bytes(written[start:])
            if not flags >> bit & 1:
                written.append(packed[at])
                at += 1
            elif not _repeat(written, packed[at : at + 2]):
                return bytes(written[start:])
            else:
                at += 2
    spend(len(written))
    return bytes(written[start:])


def _repeat(written: bytearray, reference: bytes) -> bool:
    """Write once more what stands at a place of the window; False at the end mark."""
    place, length = divmod(int.from_bytes(reference, "big"), 16)
    distance = (len(written) - place) % _WINDOW
    if len(reference) < 2 or distance == 0:
        return False
    for _ in range(length + 2):
        written.append(written[-distance] if distance <= len(written) else 0)
    return True
