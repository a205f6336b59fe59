"""From an original to its text: the parser in its child, the password of a protected file, recognition of scans."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant import faults
from assistant.knowledge.parsing.sandbox import ParserSandbox
from assistant.knowledge.passwords import Passwords
from assistant.knowledge.scans import ScanJob, Scans
from assistant.library import ParsedDocument
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.ingestion import Claim, NotNow


@dataclass(frozen=True, slots=True)
class Watch:
    """Hears of a file's progress in pages, and about every second that it is still read; may raise to end it."""

    on_page: Callable[[int, int], None]
    alive: Callable[[], None]


class Reader:
    """Reads originals, ``at_once`` of them at the same time."""

    def __init__(self, settings: Settings, database: Database, at_once: int) -> None:
        limits = settings.parse_seconds, settings.parse_memory_mb, at_once, settings.unpacked_max_mb
        self._sandbox = ParserSandbox(*limits)
        self._passwords = Passwords(settings.data_dir, database)
        self._scans = Scans(settings, database)
        self._waiting: set[int] = set()

    def read(self, claim: Claim, original: Path, watch: Watch) -> tuple[ParsedDocument, str | None]:
        """Return a document's text and a sentence about what of it was left out.

        Raises UnreadableDocument, NotNow while another scan is read, and what ``watch`` raises.
        """
        version = claim.job.version_id
        if version in self._waiting and self._scans.is_busy:
            raise NotNow  # it is known to be a scan: reading it again would only tell the same
        password = self._passwords.of(version)
        parsed = self._sandbox.parse(original, claim.name, watch.on_page, password=password, alive=watch.alive)
        faults.point("parsed")
        job = ScanJob(version, claim.sha256, original, password)
        try:
            read = self._scans.read(job, parsed, watch.on_page, watch.alive)
        except NotNow:
            self._waiting.add(version)
            raise
        self._waiting.discard(version)
        return read

    def close(self) -> None:
        """End the children."""
        self._scans.close()
        self._sandbox.close()
