"""Reads the pages of a PDF that are pictures, by text recognition, one page at a time, and says what is left unread.

Each page's text is stored as it comes, so that a worker that dies goes on where it stopped.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.characters import clean_lines
from assistant.knowledge.parsing.ocr import PageRecogniser, PageUnread, is_installed
from assistant.knowledge.parsing.pdf import own_text
from assistant.library import Heading, PageOrigin, ParsedDocument, ParsedPage
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.ingestion import NotNow
from assistant.storage.scans import ScanTexts

logger = logging.getLogger(__name__)

# After so many pages in a row that could not be recognised the rest of the file is left.
FAILURES_MOST = 3
TURN_ON = "Switch text recognition on (ASSISTANT_OCR=on)"
INSTALL = "Text recognition is switched on but not installed: install the extra 'ocr'"
NO_TEXT = "There is no text in this PDF: its pages are pictures (a scan), drawings or blank."
OFF = f"{NO_TEXT} {TURN_ON} and try again, or upload it with text in it."
MISSING = f"{NO_TEXT} {INSTALL} and try again."
BLANK = "No text was recognised on the pages of this scan; scan it again, sharper, and upload that."
FAILED = "The text of this scan could not be recognised; save it as a new PDF, or upload it with text in it."

OnPage = Callable[[int, int], None]
Alive = Callable[[], None]


@dataclass(frozen=True, slots=True)
class ScanJob:
    """The file that is read, for which version."""

    version_id: int
    sha256: str
    original: Path
    password: str | None = None


class Scans:
    """Recognition as the settings want it; one file at a time in this process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._wanted = settings.ocr
        self._most = settings.ocr_max_pages
        self._texts = ScanTexts(database)
        self._one_at_a_time = threading.Lock()
        self._child: PageRecogniser | None = None

    def read(
        self, job: ScanJob, parsed: ParsedDocument, on_page: OnPage, alive: Alive
    ) -> tuple[ParsedDocument, str | None]:
        """Return the document with recognised pages, and a sentence about it; None when nothing is to be said.

        ``on_page`` counts scanned pages. Raises UnreadableDocument when there is no text in the end, NotNow when
        another file is being recognised, and what ``on_page`` or ``alive`` raise.
        """
        scanned = [at for at, page in enumerate(parsed.pages) if page.origin is PageOrigin.EMPTY]
        if not scanned:
            return parsed, parsed.note or None
        known = {at: text for at, text in self._texts.of(job.sha256).items() if at in scanned}
        missing = [at for at in scanned[: self._most] if at not in known]
        if missing and self._wanted and is_installed():
            self._recognise_alone(
                job, known, missing, _Progress(scanned[: self._most], len(parsed.pages), on_page), alive
            )
        return self._result(parsed, scanned, known)

    @property
    def is_busy(self) -> bool:
        """Whether a file is being recognised right now."""
        return self._one_at_a_time.locked()

    def close(self) -> None:
        """End what runs; its pages so far are kept."""
        if child := self._child:
            child.close()

    def _recognise_alone(
        self, job: ScanJob, known: dict[int, str], missing: Sequence[int], progress: _Progress, alive: Alive
    ) -> None:
        if not self._one_at_a_time.acquire(blocking=False):
            raise NotNow
        try:
            self._texts.begin(job.version_id, progress.sentence())
            self._recognise(job, known, missing, progress, alive)
        finally:
            self.close()
            self._child = None
            self._one_at_a_time.release()

    def _recognise(
        self, job: ScanJob, known: dict[int, str], missing: Sequence[int], progress: _Progress, alive: Alive
    ) -> None:
        """Add the text of each missing page to ``known``; a page that fails costs its child, not the file."""
        failures = 0
        for at in missing:
            alive()
            progress.tell(known)
            try:
                known[at] = clean_lines(self._running(job, len(missing)).text(at + 1, alive))
            except PageUnread as error:
                logger.warning("page %s of %s was not recognised: %s", at + 1, job.sha256[:12], error)
                self._end_child()
                failures += 1
                if failures == FAILURES_MOST:
                    return
                continue
            failures = 0
            self._texts.keep(job.version_id, at, known[at])
        progress.tell(known)

    def _running(self, job: ScanJob, pages: int) -> PageRecogniser:
        if self._child is None:
            self._child = PageRecogniser(job.original, job.password, pages)
        return self._child

    def _end_child(self) -> None:
        if self._child:
            self._child.close()
        self._child = None

    def _result(
        self, parsed: ParsedDocument, scanned: Sequence[int], known: Mapping[int, str]
    ) -> tuple[ParsedDocument, str | None]:
        document = with_texts(parsed, known)
        if not any(char.isalnum() for char in document.text):
            raise UnreadableDocument(self._why_nothing(known))
        said = [parsed.note, _recognised(document), self._unread(scanned, known, parsed)]
        return document, " ".join(sentence for sentence in said if sentence) or None

    def _why_nothing(self, known: Mapping[int, str]) -> str:
        if known:
            return BLANK
        if not self._wanted:
            return OFF
        return FAILED if is_installed() else MISSING

    def _unread(self, scanned: Sequence[int], known: Mapping[int, str], parsed: ParsedDocument) -> str:
        """Say how many pages are still without text, and what to do about it."""
        left = len(scanned) - len(known)
        if not left:
            return ""
        what = f"{left} of {len(parsed.pages)} pages have no text: they are pictures."
        if not self._wanted:
            return f"{what} {TURN_ON} and index the document anew to have them read."
        if not is_installed():
            return f"{what} {INSTALL}."
        if len(scanned) > self._most:
            return f"{what} At most {self._most} scanned pages of a file are read (ASSISTANT_OCR_MAX_PAGES)."
        return f"{what} Their text could not be recognised."


@dataclass(frozen=True)
class _Progress:
    """Counts scanned pages that are done, those of an earlier attempt among them."""

    wanted: Sequence[int]
    pages: int
    on_page: OnPage

    def tell(self, known: Mapping[int, str]) -> None:
        self.on_page(sum(at in known for at in self.wanted), len(self.wanted))

    def sentence(self) -> str:
        return f"{len(self.wanted)} of {self.pages} pages are pictures; their text is being recognised."


def with_texts(parsed: ParsedDocument, known: Mapping[int, str]) -> ParsedDocument:
    """Put recognised texts in their pages' places; headings move along, lines that repeat on all pages go."""
    own = own_text([known.get(at, "") for at in range(len(parsed.pages))])
    pages = tuple(
        replace(page, text=own[at], origin=PageOrigin.OCR) if known.get(at) else page
        for at, page in enumerate(parsed.pages)
    )
    return replace(parsed, pages=pages, headings=tuple(_moved(parsed.headings, parsed.pages, pages)))


def _moved(headings: Sequence[Heading], old: Sequence[ParsedPage], new: Sequence[ParsedPage]) -> list[Heading]:
    moved: list[Heading] = []
    rest = list(headings)
    was = now = 0
    for before, after in zip(old, new, strict=True):
        end = was + len(before.text) + 1
        here = [heading for heading in rest if heading.start < end]
        rest = rest[len(here) :]
        if after.origin is not PageOrigin.OCR:
            moved += [replace(heading, start=heading.start - was + now) for heading in here]
        was, now = end, now + len(after.text) + 1
    return moved


def _recognised(document: ParsedDocument) -> str:
    pages = sum(page.origin is PageOrigin.OCR for page in document.pages)
    every = f"{pages} of {len(document.pages)} pages were read by text recognition (OCR), which makes mistakes."
    return every if pages else ""
