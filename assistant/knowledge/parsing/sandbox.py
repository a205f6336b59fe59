"""Reads each uploaded file in a child process of its own that may be killed without harm.

A server process forks the children, so that one starts in milliseconds: it has the parsers imported and nothing else.
Parsers meet files made to break them, so what a child may take is bounded: memory, processor, wall time, output.
Its answer is JSON, never pickle, because a child may have been taken over by the file it reads; it comes page by page,
so that no message is larger than a few megabytes.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from assistant import faults
from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing import sandbox_child
from assistant.knowledge.parsing.formats import PDF
from assistant.knowledge.parsing.limits import Limits, end
from assistant.knowledge.parsing.pages import MAX_CHARACTERS
from assistant.knowledge.parsing.sandbox_child import Task
from assistant.library import Heading, PageOrigin, ParsedDocument, ParsedPage

logger = logging.getLogger(__name__)

_PRELOADED = "assistant.knowledge.parsing.preloaded"

# Bytes of one message: a million characters, which JSON may write as six bytes each.
MAX_MESSAGE_BYTES = 8 * 1024 * 1024
# Pages and headings of one document, of which the longest filings have some thousands, and messages in all.
MAX_PAGES = 200_000
MAX_MESSAGES = 1_000_000
# Characters of a page's own label, and levels of headings.
LABEL_MAX = 300
DEEPEST_LEVEL = 10
# Seconds between two looks at whether the file is still wanted.
LOOK_SECONDS = 1.0
# Seconds that a child has beyond its time before it is killed from aside, should it stop within a message.
GRACE_SECONDS = 1.0
# Seconds for a child that closed its pipe to be gone.
END_SECONDS = 1.0
TOO_LONG = "This file took too long to read and was given up; a smaller or newly saved copy may work."
TOO_LARGE = "This file needs more memory to be read than is allowed; split it into smaller files."
CRASHED = "This file could not be read; open it in its program, save it again and upload that."

OnPage = Callable[[int, int], None]
Alive = Callable[[], None]


class ParserDied(Exception):
    """The child ended without an answer; ``sentence`` tells the person why, ``kind`` what it had found to read."""

    def __init__(self, sentence: str, reason: str = "no answer", kind: str = "") -> None:
        super().__init__(reason)
        self.sentence = sentence
        self.kind = kind


class ParserSandbox:
    """Parses files in children with at most ``seconds`` of wall time and ``memory_mb`` of address space each.

    At most ``at_once`` of them live at the same time; a file's time begins with its child. A packed file may unpack
    to ``unpacked_mb``.
    """

    def __init__(self, seconds: float, memory_mb: int, at_once: int = 2, unpacked_mb: int = 500) -> None:
        self._limits = Limits(seconds, memory_mb)
        self._unpacked_mb = unpacked_mb
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_PRELOADED])
        self._running: set[ForkServerProcess] = set()
        self._places = threading.Semaphore(at_once)

    def parse(
        self, path: Path, name: str, on_page: OnPage, *, password: str | None = None, alive: Alive | None = None
    ) -> ParsedDocument:
        """Read a file as ``parsing.parse`` does; a PDF under which pdfium dies is read again with pypdf.

        ``alive`` is called about every second; what it raises ends the child at once and passes through. A PDF that
        is a scan has pages whose origin is EMPTY. Raises UnreadableDocument with one plain sentence, also when the
        child dies or is too slow; OSError when none can be started.
        """
        if not path.is_file():
            raise UnreadableDocument("The stored file is no longer there; upload it again.")
        watch = Watch(on_page, alive or _nothing)
        task = Task(str(path), name, "first", self._limits, self._unpacked_mb, password)
        try:
            return self._in_child(task, watch)
        except ParserDied as first:
            logger.warning("parser of %s died: %s (%s)", path.name[:12], first, first.sentence)
            if first.kind != PDF:
                raise UnreadableDocument(first.sentence) from None
        try:
            return self._in_child(Task(str(path), name, "pypdf", self._limits, self._unpacked_mb, password), watch)
        except ParserDied as second:
            raise UnreadableDocument(second.sentence) from None

    def close(self) -> None:
        """Kill what still runs, and give the memory of the server process back; the next child starts it anew."""
        for process in list(self._running):
            _end(process)
        # It holds tens of MB, which a command that ingests needs for its index. Nothing public ends it before this
        # process does; where this is missing, or it has gone already, nothing is lost by going on.
        with suppress(AttributeError, OSError):
            forkserver._forkserver._stop()  # type: ignore[attr-defined]  # CPython's own, which typeshed does not name

    def _in_child(self, task: Task, watch: Watch) -> ParsedDocument:
        with self._places:
            ours, process = self._started(task)
            late = threading.Timer(self._limits.seconds + GRACE_SECONDS, _end, [process])
            late.daemon = True
            late.start()
            self._running.add(process)
            try:
                faults.point("child_started")
                return Answer(ours, watch, time.monotonic() + self._limits.seconds).document()
            except ParserDied as death:
                raise _explained(death, process) from None
            finally:
                late.cancel()
                _end(process)
                process.join()
                self._running.discard(process)
                process.close()
                ours.close()

    def _started(self, task: Task) -> tuple[Connection, ForkServerProcess]:
        """Start a child; once more when the server that forks it has died, which it does only from outside."""
        try:
            return self._start(task)
        except (OSError, EOFError):
            logger.warning("the server of parsers was gone and is started anew")
        try:
            return self._start(task)
        except EOFError as error:
            raise OSError("the server of parsers does not start") from error

    def _start(self, task: Task) -> tuple[Connection, ForkServerProcess]:
        ours, theirs = self._context.Pipe(duplex=False)
        process = self._context.Process(target=sandbox_child.run, args=(theirs, task), daemon=True)
        try:
            process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        return ours, process


def _end(process: ForkServerProcess) -> None:
    """Kill a child and what it may have started, unless it has ended: its id may be another's by then."""
    if process.exitcode is None and process.pid:
        end(process.pid)


def _explained(death: ParserDied, process: ForkServerProcess) -> ParserDied:
    """Engines that are not Python's (Rust's, C++'s) abort when memory runs out."""
    process.join(END_SECONDS)
    aborted = death.sentence == CRASHED and process.exitcode == -signal.SIGABRT
    return ParserDied(TOO_LARGE, "aborted", death.kind) if aborted else death


def _nothing() -> None:
    return


@dataclass
class Watch:
    """Whom to tell of pages, and whom to ask from time to time whether to go on."""

    on_page: OnPage
    alive: Alive
    _asked: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Ask, if it was not asked in the last second."""
        if time.monotonic() - self._asked >= LOOK_SECONDS:
            self._asked = time.monotonic()
            self.alive()


class Answer:
    """Puts a child's messages together. Nothing in them is trusted: sizes, counts and types are checked."""

    def __init__(self, pipe: Connection, watch: Watch, deadline: float) -> None:
        self._pipe = pipe
        self._watch = watch
        self._deadline = deadline
        self._kind = ""
        self._pages: list[ParsedPage] = []
        self._headings: list[Heading] = []
        self._begun: list[str] = []
        self._characters = 0
        self._messages = 0

    def document(self) -> ParsedDocument:
        """Follow the messages up to the last one; raises UnreadableDocument, ParserDied."""
        while True:
            message = self._message()
            try:
                if "title" in message:
                    return self._whole(self._counted(message["title"]), self._counted(message["note"]))
                told = self._taken(message)
            except (KeyError, TypeError, ValueError):
                raise self._died(CRASHED, "nonsense") from None
            if told:
                self._watch.on_page(*told)

    def _whole(self, title: str, note: str) -> ParsedDocument:
        """The document with those headings that stand in its text, in their order."""
        length = sum(len(page.text) + 1 for page in self._pages) - 1
        placed = sorted((one for one in self._headings if 0 <= one.start < length), key=lambda one: one.start)
        return ParsedDocument(title, tuple(self._pages), tuple(placed), note)

    def _message(self) -> dict[str, Any]:
        while not self._pipe.poll(min(LOOK_SECONDS, max(0.0, self._deadline - time.monotonic()))):
            self._watch.look()
            if time.monotonic() >= self._deadline:
                raise self._died(TOO_LONG)
        self._watch.look()
        try:
            message = json.loads(self._pipe.recv_bytes(MAX_MESSAGE_BYTES))
        except (EOFError, OSError, ValueError, RecursionError):
            raise self._died(TOO_LONG if time.monotonic() >= self._deadline else CRASHED) from None
        if not isinstance(message, dict):
            raise self._died(CRASHED)
        return message

    def _taken(self, message: dict[str, Any]) -> tuple[int, int] | None:
        """Take one message in; return the progress that it tells, if it does."""
        self._messages += 1
        if self._messages > MAX_MESSAGES:
            raise self._died(TOO_LARGE, "output")
        if "page" in message:
            return int(message["page"]), int(message["of"])
        if "text" in message:
            self._take_text(message)
        elif "headings" in message:
            self._headings += [self._heading(*heading) for heading in message["headings"]]
        elif "kind" in message:
            self._kind = _text(message["kind"])
        elif "unreadable" in message:
            raise UnreadableDocument(_text(message["unreadable"]))
        else:
            reason = _text(message["failed"])
            raise self._died(TOO_LARGE if reason == "memory" else CRASHED, reason)
        if max(len(self._pages), len(self._headings)) > MAX_PAGES:
            raise self._died(TOO_LARGE, "output")
        return None

    def _heading(self, start: object, level: object, text: object) -> Heading:
        if not isinstance(start, int) or not isinstance(level, int):
            raise TypeError("numbers were expected")
        return Heading(start, min(max(level, 1), DEEPEST_LEVEL), self._counted(text))

    def _counted(self, value: object) -> str:
        """Return what should be text, and count it: all that a child says shares one limit."""
        text = _text(value)
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            raise self._died(TOO_LARGE, "output")
        return text

    def _take_text(self, message: dict[str, Any]) -> None:
        self._begun.append(self._counted(message["text"]))
        if not message["more"]:
            number, label = message["number"], message["label"]
            if number is not None and not (isinstance(number, int) and 0 < number <= MAX_PAGES):
                raise ValueError("pages count from 1")
            called = None if label is None else self._counted(label)[:LABEL_MAX]
            self._pages.append(ParsedPage(number, "".join(self._begun), called, PageOrigin(message["origin"])))
            self._begun = []

    def _died(self, sentence: str, reason: str = "no answer") -> ParserDied:
        return ParserDied(sentence, reason, self._kind)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    return value
