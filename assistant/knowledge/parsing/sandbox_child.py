"""What runs inside a parser child: limits first, then the parser, then one last message."""

from __future__ import annotations

import json
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import parse
from assistant.knowledge.parsing.limits import Limits
from assistant.library import ParsedDocument

# Seconds between two messages of progress; each costs the parent a wake-up.
PROGRESS_SECONDS = 0.2


def run(pipe: Connection, path: str, name: str, engine: str, limits: Limits) -> None:
    """Parse and send messages: ``page``/``of`` while at it, last the document, ``unreadable`` or ``failed``."""
    limits.apply()
    _silence()
    try:
        last = _as_message(_parsed(pipe, Path(path), name, engine))
    except UnreadableDocument as error:
        last = {"unreadable": error.message}
    except MemoryError:
        last = {"failed": "memory"}
    except Exception as error:
        last = {"failed": "memory" if "memory" in str(error).lower() else type(error).__name__}
    pipe.send_bytes(json.dumps(last, ensure_ascii=False).encode("utf-8", "replace"))
    pipe.close()
    os._exit(0)


def _silence() -> None:
    """Send what parsers complain about nowhere: a broken file would fill the log with their traces."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def _parsed(pipe: Connection, path: Path, name: str, engine: str) -> ParsedDocument:
    told = 0.0

    def on_page(page: int, total: int) -> None:
        nonlocal told
        if page == total or time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            pipe.send_bytes(json.dumps({"page": page, "of": total}).encode())

    if engine == "pypdf":
        from assistant.knowledge.parsing.pdf import parse_with_pypdf

        return parse_with_pypdf(path, name, on_page)
    return parse(path, name, on_page)


def _as_message(document: ParsedDocument) -> dict[str, object]:
    return {
        "title": document.title,
        "pages": [(page.number, page.text) for page in document.pages],
        "headings": [(heading.start, heading.level, heading.text) for heading in document.headings],
    }
