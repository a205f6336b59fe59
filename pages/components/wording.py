"""Numbers and moments in words."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from assistant.domain import Document, DocumentStatus, Person

STAGES = {
    DocumentStatus.QUEUED: "queued",
    DocumentStatus.PARSING: "reading",
    DocumentStatus.EMBEDDING: "embedding",
    DocumentStatus.INDEXING: "indexing",
    DocumentStatus.READY: "ready",
    DocumentStatus.FAILED: "failed",
}
COLOURS = {DocumentStatus.READY: "green", DocumentStatus.FAILED: "red", DocumentStatus.QUEUED: "gray"}


def status_badge(status: DocumentStatus) -> str:
    """The status word as a coloured badge."""
    return f":{COLOURS.get(status, 'blue')}-badge[{STAGES[status]}]"


def size(count: int) -> str:
    """Bytes as people say them, in decimal units."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= factor:
            return f"{count / factor:.1f} {unit}" if count < 10 * factor else f"{count / factor:.0f} {unit}"
    return f"{count} bytes"


def counted(count: int, noun: str) -> str:
    """``1 page``, ``2 pages``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(ms: float) -> str:
    """Milliseconds as people read them."""
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.1f} s"


def moment(when: datetime) -> str:
    """A moment in the person's own time zone, near ones by the day's name."""
    zone = _zone()
    local, today = when.astimezone(zone), datetime.now(zone).date()
    days = {today: "today", today - timedelta(days=1): "yesterday"}
    return f"{days.get(local.date()) or f'{local.day} {local:%b %Y}'} {local:%H:%M}"


def facts(document: Document, person: Person) -> str:
    """Pages, passages, size, time and person of a document, on one line."""
    parts = [counted(document.pages, "page")] if document.pages else []
    parts += [counted(document.chunks, "passage")] if document.chunks else []
    parts += [
        size(document.size),
        moment(document.uploaded_at),
        "by you" if document.uploaded_by == person.email else f"by {document.uploaded_by}",
    ]
    return " · ".join(parts)


def _zone() -> tzinfo | None:
    """The browser's time zone; None, the server's own, when the browser does not tell."""
    try:
        return ZoneInfo(st.context.timezone or "")
    except (ZoneInfoNotFoundError, ValueError):
        return None
