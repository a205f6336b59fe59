"""Reads each uploaded file in a child process of its own that may be killed without harm.

A server process forks the children, so that one starts in milliseconds: it has the parsers imported and nothing else.
Parsers meet files made to break them, so what a child may take is bounded: memory, processor, wall time, output.
Its answer is JSON, never pickle, because a child may have been taken over by the file it reads.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import media_type, sandbox_child
from assistant.knowledge.parsing.formats import PDF
from assistant.knowledge.parsing.limits import Limits
from assistant.library import Heading, ParsedDocument, ParsedPage

logger = logging.getLogger(__name__)

_PRELOADED = "assistant.knowledge.parsing.preloaded"

# Bytes of one message; the text is bounded to 50 million characters, which JSON may write as several bytes each.
MAX_ANSWER_BYTES = 300 * 1024 * 1024
TOO_LONG = "This file took too long to read and was given up; a smaller or newly saved copy may work."
TOO_LARGE = "This file needs more memory to be read than is allowed; split it into smaller files."
CRASHED = "This file could not be read; open it in its program, save it again and upload that."


class ParserDied(Exception):
    """The child ended without an answer; ``sentence`` tells the person why."""

    def __init__(self, sentence: str, reason: str = "no answer") -> None:
        super().__init__(reason)
        self.sentence = sentence


class ParserSandbox:
    """Parses files in children with at most ``seconds`` of wall time and ``memory_mb`` of address space each.

    At most ``at_once`` of them live at the same time; a file's time begins with its child.
    """

    def __init__(self, seconds: float, memory_mb: int, at_once: int = 2) -> None:
        self._seconds = seconds
        self._memory_mb = memory_mb
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])
        self._running: set[ForkServerProcess] = set()
        self._places = threading.Semaphore(at_once)

    def parse(self, path: Path, name: str, on_page: Callable[[int, int], None]) -> ParsedDocument:
        """Read a file as ``parsing.parse`` does; a PDF under which pdfium dies is read again with pypdf.

        Raises UnreadableDocument with one plain sentence, also when the child dies or is too slow.
        """
        if not path.is_file():
            raise UnreadableDocument("The stored file is no longer there; upload it again.")
        try:
            with self._places:
                return self._in_child(path, name, on_page, "first")
        except ParserDied as first:
            logger.warning("parser of %r died: %s (%s)", name, first, first.sentence)
            if media_type(path, name) != PDF:
                raise UnreadableDocument(first.sentence) from None
        try:
            with self._places:
                return self._in_child(path, name, on_page, "pypdf")
        except ParserDied as second:
            raise UnreadableDocument(second.sentence) from None

    def close(self) -> None:
        """Kill what still runs. The server process ends with this one."""
        for process in list(self._running):
            process.kill()

    def _in_child(self, path: Path, name: str, on_page: Callable[[int, int], None], engine: str) -> ParsedDocument:
        ours, theirs = self._context.Pipe(duplex=False)
        limits = Limits(self._seconds, self._memory_mb)
        process = self._context.Process(
            target=sandbox_child.run, args=(theirs, str(path), name, engine, limits), daemon=True
        )
        process.start()
        self._running.add(process)
        theirs.close()
        try:
            return _answer(ours, on_page, time.monotonic() + self._seconds)
        finally:
            process.kill()
            process.join()
            self._running.discard(process)
            process.close()
            ours.close()


def _answer(pipe: Connection, on_page: Callable[[int, int], None], deadline: float) -> ParsedDocument:
    """Follow the child's messages up to the last one."""
    while True:
        message = _message(pipe, deadline)
        if "page" in message:
            on_page(int(message["page"]), int(message["of"]))
        elif "unreadable" in message:
            raise UnreadableDocument(str(message["unreadable"]))
        elif "failed" in message:
            raise ParserDied(TOO_LARGE if message["failed"] == "memory" else CRASHED, str(message["failed"]))
        else:
            return _document(message)


def _message(pipe: Connection, deadline: float) -> dict[str, Any]:
    if not pipe.poll(max(0.0, deadline - time.monotonic())):
        raise ParserDied(TOO_LONG)
    try:
        message = json.loads(pipe.recv_bytes(MAX_ANSWER_BYTES))
    except (EOFError, OSError, ValueError):
        raise ParserDied(CRASHED) from None
    if not isinstance(message, dict):
        raise ParserDied(CRASHED)
    return message


def _document(message: dict[str, Any]) -> ParsedDocument:
    try:
        pages = tuple(ParsedPage(number, text) for number, text in message["pages"])
        headings = tuple(Heading(start, level, text) for start, level, text in message["headings"])
        return ParsedDocument(message["title"], pages, headings)
    except (KeyError, TypeError, ValueError):
        raise ParserDied(CRASHED) from None
