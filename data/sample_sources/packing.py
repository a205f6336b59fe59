"""Make office files the same on each build: fixed properties, fixed archive stamps."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from io import BytesIO
from typing import Protocol
from zipfile import ZIP_STORED, ZipFile, ZipInfo

COMPANY = "Quellmark Instruments"
MADE = datetime(2026, 1, 5, 8, tzinfo=UTC)
_STAMP = (2026, 1, 5, 8, 0, 0)
_MODIFIED = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*(<)")


class Properties(Protocol):
    """The core properties that Word and slide documents share."""

    title: str
    author: str
    last_modified_by: str
    created: datetime
    modified: datetime
    revision: int
    comments: str
    language: str


def fix_properties(properties: Properties, title: str, author: str) -> None:
    """Fill in a document's core properties with values that never change."""
    properties.title, properties.author = title, author
    properties.last_modified_by, properties.comments = author, COMPANY
    properties.created, properties.modified = MADE, MADE
    properties.revision, properties.language = 1, "en-GB"


def repack(content: bytes) -> bytes:
    """Write an archive anew, uncompressed, each member with the same time stamp."""
    target = BytesIO()
    with ZipFile(BytesIO(content)) as old, ZipFile(target, "w", ZIP_STORED) as new:
        for name in old.namelist():
            member = ZipInfo(name, _STAMP)
            member.create_system, member.external_attr = 3, 0o644 << 16
            new.writestr(member, _steady(name, old.read(name)))
    return target.getvalue()


def _steady(name: str, data: bytes) -> bytes:
    if name != "docProps/core.xml":
        return data
    stamp = f"{MADE:%Y-%m-%dT%H:%M:%SZ}".encode()
    return _MODIFIED.sub(rb"\g<1>" + stamp + rb"\g<2>", data)
