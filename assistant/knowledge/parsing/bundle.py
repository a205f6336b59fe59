"""Zip archives of documents: each member a section under its name."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.archive import MAX_BYTES, opened, read
from assistant.knowledge.parsing.formats import OnPage, Source
from assistant.knowledge.parsing.members import MOST_MEMBERS, TOO_MANY, Members
from assistant.knowledge.parsing.pages import DocumentBuilder, title_from_name
from assistant.library import ParsedDocument

_LINK = "It is a link and no file."
# What a Mac adds to archives; no person put it there.
_ADDED = "__MACOSX/"


def parse(source: Source, name: str, on_page: OnPage) -> ParsedDocument:
    """Read all members that can be read, in the archive's order; archives in it stay closed."""
    members = Members(DocumentBuilder())
    with members.of_archive(), opened(source) as archive:
        files = list(_files(archive))
        if len(files) > MOST_MEMBERS:
            raise UnreadableDocument(TOO_MANY)
        for number, file in enumerate(files, 1):
            _add(archive, file, members)
            on_page(number, len(files))
    if not files:
        raise UnreadableDocument("There is no file in this archive.")
    return members.document(title_from_name(name), "files in this archive")


def _files(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    for part in archive.infolist():
        last = part.filename.replace("\\", "/").rstrip("/").rpartition("/")[2]
        hidden = part.filename.startswith(_ADDED) or (last.startswith(".") and last.strip(".") != "")
        if not part.is_dir() and not hidden:
            yield part


def _add(archive: zipfile.ZipFile, file: zipfile.ZipInfo, members: Members) -> None:
    if stat.S_ISLNK(file.external_attr >> 16):
        members.leave_out(file.filename, _LINK)
        return
    try:
        data = read(archive, file, MAX_BYTES)
    except UnreadableDocument as error:
        members.refuse(file.filename, error)
        return
    members.add(file.filename, data)
