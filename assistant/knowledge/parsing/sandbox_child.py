"""What runs inside a parser child: limits first, then the parser, then what it found, piece by piece."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import archive, media_type, parse
from assistant.knowledge.parsing.formats import PDF, OnPage
from assistant.knowledge.parsing.limits import Limits
from assistant.library import ParsedDocument

# Seconds between two messages of progress; each costs the parent a wake-up.
PROGRESS_SECONDS = 0.2
# Characters and headings of one message: what the parent holds beside the document itself.
PIECE = 1_000_000
HEADINGS = 1_000

Message = dict[str, object]


@dataclass(frozen=True, slots=True)
class Task:
    """What a child is to read. ``engine`` is ``first`` or ``pypdf``, which reads PDFs alone."""

    path: str
    name: str
    engine: str
    limits: Limits
    unpacked_mb: int
    password: str | None = None


def run(pipe: Connection, task: Task) -> None:
    """Parse and send messages: ``kind``, ``page``/``of`` meanwhile, then the document, ``unreadable`` or ``failed``."""
    _silence()
    task.limits.apply()
    archive.allow(task.unpacked_mb)
    try:
        for message in _messages(_parsed(pipe, task)):
            _send(pipe, message)
    except UnreadableDocument as error:
        _send(pipe, {"unreadable": error.message})
    except MemoryError:
        _send(pipe, {"failed": "memory"})
    except Exception as error:
        _send(pipe, {"failed": "memory" if "memory" in str(error).lower() else type(error).__name__})
    pipe.close()
    os._exit(0)


def _silence() -> None:
    """Send what parsers complain about nowhere: a broken file would fill the log with their traces."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _send(pipe: Connection, message: Message) -> None:
    pipe.send_bytes(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace"))


def _parsed(pipe: Connection, task: Task) -> ParsedDocument:
    path = Path(task.path)
    kind = media_type(path, task.name)
    _send(pipe, {"kind": kind})
    on_page = _teller(pipe)
    return _parsed_pdf(path, task, on_page) if kind == PDF else parse(path, task.name, on_page)


def _parsed_pdf(path: Path, task: Task, on_page: OnPage) -> ParsedDocument:
    """Read a PDF; one that is a scan is no error here: its pages say that they are empty."""
    from assistant.knowledge.parsing import pdf

    reader = pdf.parse_with_pypdf if task.engine == "pypdf" else pdf.parse
    try:
        return reader(path, task.name, on_page, task.password)
    except pdf.ScanOnly as scan:
        return scan.document


def _teller(pipe: Connection) -> OnPage:
    told = 0.0

    def on_page(page: int, total: int) -> None:
        nonlocal told
        if page == total or time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            _send(pipe, {"page": page, "of": total})

    return on_page


def _messages(document: ParsedDocument) -> Iterator[Message]:
    """The document in messages of bounded size: a page may take several, of which all but the last say ``more``."""
    for page in document.pages:
        for at in range(0, len(page.text) or 1, PIECE):
            yield {"text": page.text[at : at + PIECE], "more": at + PIECE < len(page.text)} | {
                "number": page.number, "label": page.label, "origin": page.origin.value,
            }  # fmt: skip
    for at in range(0, len(document.headings), HEADINGS):
        part = document.headings[at : at + HEADINGS]
        yield {"headings": [(heading.start, heading.level, heading.text) for heading in part]}
    yield {"title": document.title, "note": document.note}
