"""E-mails as mail programs save them (.eml, web archives too): who wrote what to whom, then what is attached."""

from __future__ import annotations

import email
import email.header
import email.message
import email.policy
import io
from collections.abc import Iterator
from dataclasses import dataclass

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import decoded, one_line
from assistant.knowledge.parsing.formats import OnPage, Source, contents
from assistant.knowledge.parsing.members import MOST_MEMBERS, TOO_MANY, Members
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.library import Heading, ParsedDocument

DAMAGED = "This e-mail is damaged; open it in the mail program, save it again and upload that."
FIELDS = ("From", "To", "Cc", "Date")
# Characters of a field; a list of hundreds of addresses is no text to be found.
FIELD_MAX = 2_000
_PICTURE = "image"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter whatever its file's form. ``spare`` says the same as ``bodies``, without their layout.

    Bodies are texts and whether they are HTML; attachments are names with bytes.
    """

    subject: str
    fields: tuple[tuple[str, str], ...]
    bodies: tuple[tuple[str, bool], ...]
    spare: str
    attachments: tuple[tuple[str, bytes], ...]


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a letter; the body as it was laid out where there is one with tables and headings."""
    try:
        letter = _letter(email.message_from_bytes(contents(source), policy=email.policy.compat32))
    except (UnreadableDocument, MemoryError):
        raise
    except Exception:  # the parser of the standard library lets errors of many kinds through
        raise UnreadableDocument(DAMAGED) from None
    return as_document(letter, name, on_page)


def as_document(letter: Letter, name: str, on_page: OnPage) -> ParsedDocument:
    """Write a letter as a document: its subject is the title, attachments are sections of their own."""
    document = DocumentBuilder()
    document.start_page()
    document.heading(1, letter.subject)
    for field, value in letter.fields:
        document.line(f"{field}: {value}")
    _add_body(document, letter)
    members = Members(document)
    for number, (attached, data) in enumerate(letter.attachments, 1):
        members.add(attached, data)
        on_page(number, len(letter.attachments))
    on_page(1, 1)
    return members.document(letter.subject or title_from_name(name), "attachments")


def _add_body(document: DocumentBuilder, letter: Letter) -> None:
    added = [_add_text(document, text, is_html) for text, is_html in letter.bodies]
    if not any(added):
        _add_text(document, letter.spare, is_html=False)


def _add_text(document: DocumentBuilder, text: str, is_html: bool) -> bool:
    from assistant.knowledge.parsing import plain, web

    data = io.BytesIO(b"\xef\xbb\xbf" + text.encode("utf-8", "replace"))
    try:
        body = (web if is_html else plain).parse(data, "", lambda _done, _of: None)
    except UnreadableDocument:
        return False
    document.verbatim("\n\n")
    document.verbatim(body.text, tuple(Heading(one.start, one.level + 1, one.text) for one in body.headings))
    return True


def _letter(message: email.message.Message) -> Letter:
    bodies: list[tuple[str, bool]] = []
    spare: list[str] = []
    attachments: list[tuple[str, bytes]] = []
    for part, is_spare in _parts(message):
        named = _field(part.get_filename(""))
        kind = part.get_content_type()
        if kind == "message/rfc822":
            attachments.append((named or f"{_field(_inner(part).get('Subject', ''))}.eml", _inner(part).as_bytes()))
        elif kind in ("text/plain", "text/html") and not named and part.get_content_disposition() != "attachment":
            if is_spare:
                spare.append(_text(part))
            else:
                bodies.append((_text(part), kind == "text/html"))
        elif named and not (part.get_content_maintype() == _PICTURE and part.get("Content-ID")):
            attachments.append((named, _bytes(part)))
    fields = tuple((field, value) for field in FIELDS if (value := _field(message.get(field, ""))))
    subject = _field(message.get("Subject", ""))
    return Letter(subject, fields, tuple(bodies), "\n\n".join(spare), tuple(attachments))


def _parts(message: email.message.Message) -> Iterator[tuple[email.message.Message, bool]]:
    """The parts that hold something, in order, and whether another one says the same with more layout.

    Those within an attached letter are its own.
    """
    waiting = [(message, False)]
    seen = 0
    while waiting:
        part, is_spare = waiting.pop()
        seen += 1
        if seen > MOST_MEMBERS:
            raise UnreadableDocument(TOO_MANY)
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            parts = [one for one in inner if isinstance(one, email.message.Message)]
            plain = [one.get_content_type() == "text/plain" for one in parts]
            differ = part.get_content_subtype() == "alternative" and not all(plain)
            waiting.extend((one, differ and plain[at]) for at, one in reversed(list(enumerate(parts))))
        else:
            yield part, is_spare


def _inner(part: email.message.Message) -> email.message.Message:
    inner = part.get_payload()
    found = inner[0] if isinstance(inner, list) and inner else None
    return found if isinstance(found, email.message.Message) else email.message.Message()


def _bytes(part: email.message.Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: email.message.Message) -> str:
    return decoded(_bytes(part), part.get_content_charset(""))


def _field(value: object) -> str:
    """A field with its encoded words written out, on one line."""
    pieces: list[str] = []
    try:
        for piece, encoding in email.header.decode_header(str(value)[:FIELD_MAX]):
            pieces.append(decoded(piece, encoding or "") if isinstance(piece, bytes) else piece)
    except (email.errors.HeaderParseError, ValueError):
        return one_line(str(value)[:FIELD_MAX])
    return one_line("".join(pieces))
