"""E-books (.epub): the chapters in the order of the book, each as the HTML page that it is."""

from __future__ import annotations

import io
import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import DAMAGED, PROTECTED, opened, read
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.knowledge.parsing.xml_parts import xml_root
from assistant.library import ParsedDocument

CONTAINER = "META-INF/container.xml"
LOCKED = "META-INF/encryption.xml"
TITLE = "{http://purl.org/dc/elements/1.1/}title"
_ROOT_FILE = "{urn:oasis:names:tc:opendocument:xmlns:container}rootfile"
_PACKAGE = "{http://www.idpf.org/2007/opf}"
_LOCKED_PART = "{http://www.w3.org/2001/04/xmlenc#}CipherReference"
_PAGES = ("application/xhtml+xml", "text/html", "application/xml", "")
# Chapters of a book; more are made to hang readers.
MOST_CHAPTERS = 5_000


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read a book without protection against copies."""
    document = DocumentBuilder()
    with opened(source) as archive:
        place = _package_place(archive)
        package = xml_root(read(archive, place))
        chapters = list(_chapters(package, place))[:MOST_CHAPTERS]
        locked = _locked(archive)
        if any(chapter in locked for chapter in chapters):
            raise UnreadableDocument(PROTECTED)
        parts = set(archive.namelist())
        for number, chapter in enumerate(chapters, 1):
            if chapter in parts:
                _add(document, read(archive, chapter))
            on_page(number, len(chapters))
    title = package.find(f".//{TITLE}")
    return document.build(("".join(title.itertext()) if title is not None else "") or title_from_name(name))


def _package_place(archive: zipfile.ZipFile) -> str:
    """Where the list of the book's parts lies; by its ending where the book does not say so."""
    names = archive.namelist()
    if CONTAINER in names:
        found = next(xml_root(read(archive, CONTAINER)).iter(_ROOT_FILE), None)
        if found is not None and found.get("full-path") in names:
            return str(found.get("full-path"))
    place = next((part for part in names if part.lower().endswith(".opf")), None)
    if place is None:
        raise UnreadableDocument(DAMAGED)
    return place


def _chapters(package: Any, place: str) -> Iterator[str]:
    """Names of the chapters' parts, each once."""
    folder = posixpath.dirname(place)
    items = {
        item.get("id"): posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in package.iter(f"{_PACKAGE}item")
        if item.get("media-type", "") in _PAGES
    }
    order = dict.fromkeys(reference.get("idref") for reference in package.iter(f"{_PACKAGE}itemref"))
    yield from dict.fromkeys(items[one] for one in order if one in items)


def _locked(archive: zipfile.ZipFile) -> set[str]:
    if LOCKED not in archive.namelist():
        return set()
    return {unquote(one.get("URI", "")) for one in xml_root(read(archive, LOCKED)).iter(_LOCKED_PART)}


def _add(document: DocumentBuilder, page: bytes) -> None:
    """Add a chapter; one without text, such as a cover, is left out."""
    from assistant.knowledge.parsing import web

    try:
        chapter = web.parse(io.BytesIO(page), "", lambda _done, _total: None)
    except UnreadableDocument:
        return
    document.start_page()
    document.verbatim(chapter.text, chapter.headings)
