"""A library whose documents are stored and embedded without the worker process, for tests of search and index."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from persons import known

from assistant.domain import Person, Role
from assistant.knowledge.exact import encode
from assistant.knowledge.findings import findings_of
from assistant.knowledge.service import KnowledgeBase
from assistant.knowledge.suspects import Suspects
from assistant.knowledge.worker import LOCK_FILE
from assistant.library import Chunk, Heading, ParsedDocument, ParsedPage
from assistant.providers.minilm import MiniLM
from assistant.settings import Settings
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.documents import Documents
from assistant.storage.ingestion import Ingestion, Job
from assistant.storage.migrate import upgrade
from assistant.storage.people import LOCAL
from assistant.storage.vectors import Vectors

EDITOR = Person("ann", "ann@example.com", "Ann", Role.KB_ADMIN)
ADMIN = Person("ada", "ada@example.com", "Ada", Role.ADMIN)
STAFF = Person("bob", "bob@example.com", "Bob", Role.STAFF)
Opener = Callable[..., KnowledgeBase]


def no_worker(data_dir: Path) -> FileLock:
    """Return a lock that keeps workers away; held by a test, it can be taken in here again."""
    return FileLock(data_dir / LOCK_FILE, is_singleton=True)


class Library:
    """Documents with one chunk a page, embedded by the real model; ADMIN, EDITOR, STAFF and LOCAL are there."""

    def __init__(self, settings: Settings, embedder: MiniLM) -> None:
        upgrade(settings.sqlalchemy_url)
        self.settings = settings
        self.embedder = embedder
        self.database = Database(settings.sqlalchemy_url)
        known(self.database, ADMIN, EDITOR, STAFF, LOCAL)
        self.documents = Documents(self.database)
        self.accepting = Accepting(self.database)
        self.vectors = Vectors(self.database)
        self.store = Ingestion(self.database, worker="test")
        self.suspects: Suspects | None = None  # what looks through chunks, where a test wants that

    def embed(self, name: str, pages: Sequence[str], space: str = "general") -> str:
        """Store a document (or its next version) up to where the index takes over; return its id.

        Meanwhile an app that owns the library's index starts no worker, which would take the job over.
        """
        with no_worker(self.settings.data_dir):
            document_id, job = self.accept(name, pages, space)
            self.store.claim(job)
            self.read(job, name, pages)
            while some := self.store.unembedded(job.version_id, 1_000):
                vectors = encode(self.embedder.embed([one.text for one in some]))
                self.store.store_vectors(job, {one.id: blob for one, blob in zip(some, vectors, strict=True)})
            self.store.finish(job)
        return document_id

    def put(self, name: str, pages: Sequence[str], space: str = "general") -> str:
        """Store a document and switch it live without an index, as exact search needs it."""
        document_id = self.embed(name, pages, space)
        for job in self.vectors.waiting():
            self.vectors.switch_live(job)
        return document_id

    def accept(self, name: str, pages: Sequence[str], space: str = "general") -> tuple[str, Job]:
        """Accept an upload of these pages; return the document's id and the job."""
        digest = hashlib.sha256("\n".join(pages).encode()).hexdigest()
        new = NewVersion(space, name, digest, "text/plain", 1, EDITOR.email)
        upload = self.accepting.accept(new, lambda: None, LOCAL)
        return upload.document_id, self.store.due()[-1]

    def read(self, job: Job, name: str, pages: Sequence[str]) -> None:
        """Store the parsed pages of a claimed job, a chunk for each."""
        parsed = ParsedDocument(
            Path(name).stem,
            tuple(ParsedPage(number, text) for number, text in enumerate(pages, start=1)),
            (Heading(0, 1, "Rules"),),
        )
        chunks, start = [], 0
        for n, text in enumerate(pages):
            chunks.append(Chunk(n, start, start + len(text), n + 1, n + 1, ("Rules",), text))
            start += len(text) + 1
        digests = [hashlib.sha256(text.encode()).digest() for text in pages]
        suspects = self.suspects.among(chunks) if self.suspects else ()
        found = findings_of(parsed)
        self.store.store_parsed(job, parsed, chunks, digests, self.embedder.model_id, suspects=suspects, findings=found)


@contextmanager
def opening(library: Library) -> Iterator[Opener]:
    """Open knowledge bases on the library, owning its index or not; the test may close them before the end."""
    opened: list[KnowledgeBase] = []

    def start(*, own_index: bool = True) -> KnowledgeBase:
        knowledge = KnowledgeBase(
            database=library.database, settings=library.settings, embedder=library.embedder, own_index=own_index
        )
        opened.append(knowledge)
        knowledge.start()
        return knowledge

    yield start
    for knowledge in opened:
        knowledge.close()
