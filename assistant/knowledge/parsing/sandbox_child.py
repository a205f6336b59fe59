"""What runs inside a parser child: limits first, then the parser, then one last message.

The server that forks the children imports this module once; importing the parsers here is what makes a child cheap.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import docx  # noqa: F401
import pptx  # noqa: F401
import pypdfium2  # noqa: F401
import python_calamine  # noqa: F401
import selectolax.lexbor  # noqa: F401

from assistant.domain import ParsedDocument
from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import markdown, parse, pdf, sheets, slides, web, word  # noqa: F401

MEGABYTE = 1024 * 1024
# Seconds between two messages of progress; each costs the parent a wake-up.
PROGRESS_SECONDS = 0.2
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_NO_NEW_RIGHTS = 38  # PR_SET_NO_NEW_PRIVS


@dataclass(frozen=True, slots=True)
class Limits:
    """Wall and processor seconds, and megabytes of address space."""

    seconds: float
    memory_mb: int

    def apply(self) -> None:
        """Bind this process, for ever: no file can be written, no core dumped, no process started."""
        processor = math.ceil(self.seconds) + 1
        _bound(resource.RLIMIT_AS, self.memory_mb * MEGABYTE)
        _bound(resource.RLIMIT_CPU, processor)
        _bound(resource.RLIMIT_FSIZE, 0)
        _bound(resource.RLIMIT_CORE, 0)
        die_with_parent()


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (Linux; elsewhere the processor limit ends it)."""
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    except (OSError, AttributeError):
        return


def _bound(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def run(pipe: Connection, path: str, name: str, engine: str, limits: Limits) -> None:
    """Parse and send messages: ``page``/``of`` while at it, last the document, ``unreadable`` or ``failed``."""
    limits.apply()
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


def _parsed(pipe: Connection, path: Path, name: str, engine: str) -> ParsedDocument:
    told = 0.0

    def on_page(page: int, total: int) -> None:
        nonlocal told
        if page == total or time.monotonic() - told >= PROGRESS_SECONDS:
            told = time.monotonic()
            pipe.send_bytes(json.dumps({"page": page, "of": total}).encode())

    return pdf.parse_with_pypdf(path, name, on_page) if engine == "pypdf" else parse(path, name, on_page)


def _as_message(document: ParsedDocument) -> dict[str, object]:
    return {
        "title": document.title,
        "pages": [(page.number, page.text) for page in document.pages],
        "headings": [(heading.start, heading.level, heading.text) for heading in document.headings],
    }
