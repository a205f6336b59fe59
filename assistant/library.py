"""The words of the library: what parsers give, versions and what admins say about documents, progress, health."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from assistant.access import Group
from assistant.domain import Document, DocumentStatus
from assistant.redaction import Kind

SortKey = Literal["name", "uploaded", "size", "status", "owner", "valid_until"]


class PageOrigin(StrEnum):
    """Where a page's text comes from: the file, nowhere (a scan that was not read), or recognition of its picture."""

    TEXT = "text"
    EMPTY = "empty"
    OCR = "ocr"


@dataclass(frozen=True, slots=True)
class ParsedPage:
    """Normalised text of one page. ``number`` counts from 1; None for a format without pages.

    ``label`` is what the page calls itself ("iv") where that is not its number.
    """

    number: int | None
    text: str
    label: str | None = None
    origin: PageOrigin = PageOrigin.TEXT


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in the document text: ``start`` is its character offset there, ``level`` counts from 1."""

    start: int
    level: int
    text: str


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    r"""What a parser gives. The document text is ``"\n".join(page.text for page in pages)``.

    ``note`` is a sentence for people about what of the file is not in it; empty when all is.
    """

    title: str
    pages: tuple[ParsedPage, ...]
    headings: tuple[Heading, ...] = ()
    note: str = ""

    @property
    def text(self) -> str:
        """The document text that all spans count in."""
        return "\n".join(page.text for page in self.pages)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A searchable span ``[start, end)`` of the document text, never longer than the embedder reads."""

    number: int
    start: int
    end: int
    page_from: int | None
    page_to: int | None
    heading_path: tuple[str, ...]
    text: str


def today() -> date:
    """Return the day that it is here: what is valid until a day is so until that day ends by this machine's clock."""
    return datetime.now().astimezone().date()


@dataclass(frozen=True, slots=True)
class Facts:
    """What an admin says about a document. ``valid_until`` is the last day on which it holds."""

    title: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class FileProgress:
    """Where a document stands on its way. ``done`` of ``total`` count in ``unit`` ("pages", "chunks").

    ``place_in_line`` counts from 1 while it waits; ``seconds_left`` is None as long as no speed is known.
    """

    stage: DocumentStatus
    place_in_line: int | None = None
    done: int = 0
    total: int = 0
    unit: str = "pages"
    per_second: float | None = None
    seconds_left: float | None = None
    recognising: bool = False


@dataclass(frozen=True, slots=True)
class ListedDocument:
    """A row of the list of documents; ``revision`` goes with every change of its facts.

    A ``restricted`` one is for its ``groups`` alone among the readers of its space; who may not change it is not told
    which they are.
    """

    document: Document
    facts: Facts
    revision: int
    progress: FileProgress | None = None
    restricted: bool = False
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Filters:
    """Which documents a search is for. Without any, all that the person may read.

    ``spaces`` are ids of which one holds the document, ``tags`` all stand on it, ``ending`` is that of its file's name
    ("pdf"), ``since`` the day on which its version came at the earliest.
    """

    spaces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    ending: str = ""
    since: date | None = None

    @property
    def narrow(self) -> bool:
        """Whether they leave documents of a space out."""
        return bool(self.tags or self.ending or self.since)


EVERYTHING = Filters()


@dataclass(frozen=True, slots=True)
class DocumentQuery:
    """Which documents a list shows; ``words`` look in names, and with ``in_text`` in what they say."""

    words: str = ""
    in_text: bool = False
    statuses: tuple[DocumentStatus, ...] = ()
    spaces: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    expired: bool | None = None
    sort: SortKey = "uploaded"
    descending: bool = True
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One page of a list; ``total`` counts what the query finds, the other counts all documents of the person."""

    documents: tuple[ListedDocument, ...]
    total: int
    searchable: int
    under_way: int
    failed: int


@dataclass(frozen=True, slots=True)
class Version:
    """One uploaded version of a document; ``live`` when searches see it, ``has_text`` when its text is kept.

    ``note`` is a sentence on what of the file was left out.
    """

    document_id: str
    number: int
    name: str
    size: int
    sha256: str
    status: DocumentStatus
    uploaded_by: str
    uploaded_at: datetime
    ready_at: datetime | None
    live: bool
    error: str | None
    has_text: bool
    note: str | None = None


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line of a comparison: kept, added or taken away; ``@`` marks where lines were left out."""

    sign: Literal[" ", "+", "-", "@"]
    text: str


class UploadGuard(StrEnum):
    """What becomes of sentences in documents that give orders to an assistant: shown to admins in each case.

    ``FLAG`` does no more, ``STRIP`` keeps the sentences from models, ``QUARANTINE`` the whole document from answers.
    """

    FLAG = "flag"
    STRIP = "strip"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sentence that reads like an order to an assistant, ``[start, end)`` of the text; ``score`` is 0 to 1."""

    start: int
    end: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class SuspectDocument:
    """A document with such sentences in its live version; ``released`` when an admin found them harmless."""

    document_id: str
    name: str
    suspects: tuple[Suspect, ...]
    released: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """A secret or a personal datum, ``[start, end)`` of the text; ``shown`` is what of it people may be shown."""

    kind: Kind
    start: int
    end: int
    page: int | None
    shown: str


@dataclass(frozen=True, slots=True)
class FindingDocument:
    """A document in whose live version something was found."""

    document_id: str
    name: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk as it is stored; ``as_embedded`` is the text that the embedding model was given."""

    number: int
    page_from: int | None
    page_to: int | None
    heading_path: tuple[str, ...]
    text: str
    as_embedded: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A document that came to its end, well or not; ``seq`` grows with each of them."""

    seq: int
    document_id: str
    name: str
    status: DocumentStatus
    error: str | None


@dataclass(frozen=True, slots=True)
class IndexHealth:
    """How the vector index is. ``sentence`` is for people and empty while all is well; searches work in every state."""

    state: Literal["well", "opening", "rebuilding", "damaged", "disk_full"]
    sentence: str = ""
    done: int = 0
    total: int = 0
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A rebuild that was asked for: new chunks of all documents at once, or of chosen ones one by one."""

    id: int
    kind: Literal["chunking", "documents"]
    state: Literal["running", "done", "cancelled", "failed"]
    done: int
    total: int
    error: str | None


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A folder whose files are kept as documents; ``problem`` is a sentence on what was last wrong with it."""

    id: int
    path: str
    space: str
    added_by: str
    looked_at: datetime | None
    problem: str | None
    files: int


class SyncOutcome(StrEnum):
    """What became of a file: ``kept`` is one that vanished whose document was changed by hand since."""

    ADDED = "added"
    REPLACED = "replaced"
    REMOVED = "removed"
    UNCHANGED = "unchanged"
    KEPT = "kept"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Synced:
    """A file of a folder that was brought in; ``why`` is the sentence on one that failed or was kept."""

    name: str
    outcome: SyncOutcome
    document_id: str | None = None
    why: str | None = None


@dataclass(frozen=True, slots=True)
class IngestProgress:
    """How many documents are on their way, searchable in their newest version, failed, and there at all."""

    pending: int
    ready: int
    failed: int
    total: int
