"""The knowledge base: what people and agents may do with documents. Every function takes the person who acts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import Timeout
from numpy.typing import NDArray

from assistant.access import Readable
from assistant.domain import Document, DocumentStatus, PageSpan, Passage, Person, Space, Upload
from assistant.errors import FolderInUse, NotFound
from assistant.knowledge.canaries import Watch
from assistant.knowledge.caution import Caution
from assistant.knowledge.embedder_state import EmbedderState, EmbedderSwitch
from assistant.knowledge.exact import ExactSearches
from assistant.knowledge.folders import Folders, Watching
from assistant.knowledge.index import VectorIndex
from assistant.knowledge.index_health import without_counts
from assistant.knowledge.indexer import Indexer
from assistant.knowledge.intake import Incoming, Intake, Wanted, clean_name
from assistant.knowledge.library import Library
from assistant.knowledge.passwords import Passwords
from assistant.knowledge.progress import FileProgresses
from assistant.knowledge.quarantine import Quarantine
from assistant.knowledge.query_vectors import QueryEmbedding, server_of
from assistant.knowledge.rebuilds import Rebuilds
from assistant.knowledge.reembedding import Reembedding
from assistant.knowledge.retrieval import OwnIndex, QueryVectors, Retrieval
from assistant.knowledge.rights import Access
from assistant.knowledge.samples import upload_all
from assistant.knowledge.search_limit import SearchLimit
from assistant.knowledge.web_addresses import WebAddresses
from assistant.knowledge.worker_process import WorkerProcess, WorkerThread, owner_lock
from assistant.library import EVERYTHING, Filters, Finished, IndexHealth, IngestProgress
from assistant.providers.api_embedder import ApiEmbedder
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.leaning import in_english
from assistant.settings import Settings
from assistant.storage.blobs import Blobs
from assistant.storage.database import Database
from assistant.storage.disk import NOTHING_CHANGED, full_disk_told
from assistant.storage.documents import Documents
from assistant.storage.embeddings import Embeddings
from assistant.storage.generations import Generations
from assistant.storage.index_state import IndexState
from assistant.storage.people import People
from assistant.storage.rows import EMBEDDED
from assistant.storage.spelling import in_other_words, respelled
from assistant.storage.standing import sight
from assistant.storage.vectors import Vectors

WAIT_POLL_SECONDS = 0.1
CHROMA_FOLDER = "chroma"
# A command that only ingests lets what it has be found this often.
BULK_SECONDS = 60.0
# What a server may take for a batch of chunks while nobody waits.
EMBEDDING_SECONDS = 60.0


class KnowledgeBase:
    """Documents, their way into the index, and search over them."""

    def __init__(
        self, *, database: Database, settings: Settings, embedder: MiniLM, own_index: bool, serves: bool = True
    ) -> None:
        """Take the index with ``own_index``; ``serves`` says whether people ask while documents are ingested."""
        self._settings = settings
        self._embedder = embedder
        self._documents = Documents(database)
        self._access = Access(database)
        self._vectors = Vectors(database)
        self._embeddings = Embeddings(database)
        self._blobs = Blobs(settings.data_dir)
        self._intake = Intake(database, self._blobs, settings, self._access, self._wake)
        self._searches = SearchLimit(database, settings)
        self._progress = FileProgresses(database)
        self.library = Library(database, self._blobs, self._wake, self._progress.of)
        self.caution = Caution(database)
        self.quarantine = Quarantine(database)
        self.rebuilds = Rebuilds(database, self._wake)
        self.folders = Folders(database, settings, self, self.library)
        self._watching = (
            Watching(database, self, self.library, settings.watch_seconds) if own_index and serves else None
        )
        self._exact = ExactSearches(self._vectors)
        self._passwords = Passwords(settings.data_dir, database)
        self._queries = QueryEmbedding(settings, embedder, self._embeddings, self._exact)
        self._lock = owner_lock(settings.data_dir)
        self._database = database
        self._own: OwnIndex | None = None
        self._reembedding: Reembedding | None = None
        if own_index:
            self._take_ownership(serves)
        self._retrieval = Retrieval(database, self._exact, self._own, embed=embedder.embed)
        self.addresses = WebAddresses(
            database, settings, self._access, lambda *given: self.upload(*given[:3], space=given[3])
        )
        self.watch = Watch(database, self, self._intake.plant, self._found_by)

    def start(self) -> None:
        """Take up what an earlier process left: pending documents, the index. Returns at once."""
        if self._own and self._reembedding:
            self._own.indexer.start()
            self._reembedding.start()
        if self._watching:
            self._watching.start()
        self._queries.follow(self._own)

    def take_over(self) -> bool:
        """Own the index from now on if nobody does, and do the work that is due; say whether this process owns it."""
        if self._own is None:
            try:
                self._take_ownership(serves=False)
            except FolderInUse:
                return False
            self._retrieval = Retrieval(self._database, self._exact, self._own, embed=self._embedder.embed)
            self.start()
        return True

    def close(self) -> None:
        """Stop the work in the background; the next start takes it up."""
        self.watch.close()
        self._queries.close()
        if self._watching:
            self._watching.close()
        if self._own and self._reembedding:
            self._reembedding.close()
            self._own.indexer.close()
            self._lock.release()

    def upload(
        self,
        person: Person,
        name: str,
        data: bytes | BinaryIO,
        *,
        space: str = "general",
        replaces: str | None = None,
        expected: int | None = None,
        limited: bool = True,
    ) -> Upload:
        """Store a file; when this returns its bytes are safe and its way into the index is under way.

        The same name in a space is a new version of that document, the same bytes change nothing. ``replaces`` is
        the id of the document to replace under a new name, ``expected`` the number of the version that the person saw
        and means to replace. Raises NotAllowed, NotFound, UploadRefused (a ``limited`` one also beyond the person's
        quota), Conflict when another version is the newest.
        """
        return self._intake.upload(self._wanted(person, name, space, replaces, expected), data, limited=limited)

    def begin_upload(
        self,
        person: Person,
        name: str,
        space: str,
        size: int | None,
        replaces: str | None = None,
        expected: int | None = None,
    ) -> Incoming:
        """Begin an upload that comes piece by piece; ``size`` in bytes where it is known. Refuses as ``upload``."""
        return self._intake.begin(self._wanted(person, name, space, replaces, expected), size)

    @full_disk_told(NOTHING_CHANGED)
    def cancel(self, person: Person, document_id: str) -> None:
        """Stop what is under way for a document; what is searchable stays. Raises NotAllowed, NotFound."""
        self._access.need_editor(person)
        self._intake.cancel(document_id, person)

    def finished_seq(self, person: Person) -> int:
        """Return where the order of finished documents stands: what comes after it is news."""
        self._access.standing(person)
        return self._progress.finished_seq()

    def finished_since(self, person: Person, seq: int) -> list[Finished]:
        """Return how this person's uploads ended after ``seq``, in that order; some at a time."""
        return self._progress.finished_since(seq, person)

    def documents(self, person: Person, *, space: str | None = None) -> list[Document]:
        """Return the documents that this person may see, by name."""
        return self._documents.readable_by(person, None if space is None else self._access.space(person, space).id)

    def document(self, person: Person, document_id: str) -> Document:
        """Return one document; raises NotFound."""
        return self._access.document(person, document_id)

    def spaces(self, person: Person) -> list[Space]:
        """Return the spaces that this person may read."""
        return self._access.spaces(person)

    @full_disk_told(NOTHING_CHANGED)
    def add_space(self, person: Person, name: str) -> Space:
        """Add a space, or return the one of this name. Raises NotAllowed, UploadRefused for a name it cannot have."""
        self._access.need_editor(person)
        return self._documents.add_space(clean_name(name), person)

    @full_disk_told(NOTHING_CHANGED)
    def retry(self, person: Person, document_id: str, password: str | None = None) -> None:
        """Try a failed document again, with the password that a protected PDF needs.

        Raises NotAllowed, NotFound, and Conflict for a password while the document is being read.
        """
        self._access.need_editor(person)
        self._passwords.keep(document_id, password, person)
        self._intake.retry(document_id, person)

    def delete(self, person: Person, document_id: str) -> None:
        """Delete a document with all versions; no search finds it after this. Raises NotAllowed, NotFound."""
        self._access.need_editor(person)
        self.library.delete_many(person, [self.document(person, document_id).id])

    @full_disk_told(NOTHING_CHANGED)
    def reindex(self, person: Person) -> int:
        """Build keyword and vector index anew from what is stored, while the old one serves.

        Returns how many searchable documents they will hold. For admins alone, since it is about all of them. Raises
        NotAllowed.
        """
        self._access.need_admin(person, "Only administrators may have the whole index built anew.")
        self._vectors.rebuild_keywords()
        for space in self._vectors.populated_spaces():
            Generations(self._database).want(space, self._embeddings.served().model)
        self._wake()
        return len(self._vectors.live_versions())

    def index_health(self, person: Person) -> IndexHealth:
        """Return how the vector index is, as the process that owns it says; how much it holds is told admins alone."""
        everything = self._access.is_admin(person)
        health = self._own.indexer.health if self._own else IndexState(self._database).read()
        return health if everything else without_counts(health)

    def wait_until_indexed(self, timeout: float) -> bool:
        """Wait until the index holds all there is to index, at most ``timeout`` seconds; say whether it does.

        Documents that are held up by a dead embeddings server are not waited for.
        """
        deadline = time.monotonic() + timeout
        while not self._vectors.is_settled() and time.monotonic() < deadline:
            time.sleep(WAIT_POLL_SECONDS)
        return self._vectors.is_settled()

    def damaged_originals(self, person: Person) -> list[str]:
        """Return the names of documents whose stored bytes are missing or not the uploaded ones. Raises NotAllowed."""
        self._access.need_editor(person)
        return [one.name for one in self.documents(person) if not self._blobs.is_sound(one.sha256)]

    def search(
        self, person: Person, query: str, k: int = 10, filters: Filters = EVERYTHING, *, limited: bool = True
    ) -> list[Passage]:
        """As ``retrieve``, with passages as they stand in the documents; TooMany for one too many within a minute."""
        self._searches.count(self._access.standing(person).person.id, query if limited else "")
        written = self.in_words_of_documents(person, query)
        return self.quarantine.for_people(person, self._found(person, [written], k, None, filters))

    def in_words_of_documents(self, person: Person, question: str) -> str:
        """Return the question with words that no document has as those documents write them that the person may read.

        Misspelt ones are put right, and a common word gives way to another for the same ("vacation", "annual leave");
        not where another embedding model serves, which a company takes because it knows more words by itself.
        """
        if not in_english(question):
            self._access.standing(person)
            return question
        with self._database.read() as session:
            readable = sight(session, person)
            written = respelled(session, question, readable, self._embedder.knows)
            other = self._queries.model() == EMBEDDED
            return in_other_words(session, written, readable) if other else written

    def retrieve(
        self,
        person: Person,
        queries: Sequence[str],
        k: int = 8,
        query_vectors: NDArray[np.float32] | None = None,
        filters: Filters = EVERYTHING,
    ) -> list[Passage]:
        """Return the k best passages for queries that mean the same, best first, as models may see them.

        ``query_vectors`` has the embedded model's row for each query where the caller has them already. Only documents
        that the ``filters`` let through are searched; raises NotFound for a space of theirs (by id or name) that is
        not there for this person, SignedOut when they may not act, or not any more once it has come to its end.
        """
        return self.quarantine.for_models(self._found(person, queries, k, query_vectors, filters))

    def _found(
        self,
        person: Person,
        queries: Sequence[str],
        k: int,
        query_vectors: NDArray[np.float32] | None,
        filters: Filters,
    ) -> list[Passage]:
        chosen = tuple(self._access.space(person, space).id for space in filters.spaces)
        self._access.standing(person)
        asked = [query for query in queries if query.strip()]
        if not asked or k < 1:
            return []
        known = query_vectors if len(asked) == len(queries) else None
        vectors = self._queries.vectors(person.id, asked, known)
        return self._retrieval.passages(asked, vectors, person, k, replace(filters, spaces=chosen))

    def _found_by(self, readable: Readable, words: str) -> list[Passage]:
        """What a search with these rights finds; embedded here, since the words of a canary go nowhere."""
        return self._retrieval.passages([words], QueryVectors(self._embedder.embed([words])), readable, 8)

    def queries_go_to(self) -> str | None:
        """Return the host outside the house that is given what people search for; None when none is. Fast."""
        return self._queries.goes_to()

    def embedders(self, person: Person) -> EmbedderState:
        """Return which embedding models there are, which one serves, and how a change stands. Raises NotAllowed."""
        return self._embedder_switch().state(person)

    def use_embedder(self, person: Person, model_id: str) -> EmbedderState:
        """Change to another embedding model, in the background, while the present one serves.

        Raises NotAllowed, NotFound, ProviderUnavailable for a model that is not set up.
        """
        return self._embedder_switch().use(person, model_id)

    def cancel_embedder_change(self, person: Person) -> EmbedderState:
        """Call a change that is under way off. Raises NotAllowed."""
        return self._embedder_switch().cancel(person)

    def original(self, person: Person, document_id: str, version: int | None = None) -> tuple[Path, str]:
        """Return where the unchanged uploaded file stands, and its media type. Raises NotFound."""
        original = self._documents.original(document_id, version, person)
        return self._blobs.path(original.sha256), original.media_type

    def document_text(self, person: Person, document_id: str, version: int) -> tuple[str, list[PageSpan]]:
        """Return the text of a version and where its pages lie in it. Raises NotFound."""
        return self._documents.text(document_id, version, person)

    def progress(self, person: Person) -> IngestProgress:
        """Return how far the documents that this person may read are on their way."""
        counts = self._documents.counts(person)
        ready, failed = counts.get(DocumentStatus.READY, 0), counts.get(DocumentStatus.FAILED, 0)
        total = sum(counts.values())
        return IngestProgress(pending=total - ready - failed, ready=ready, failed=failed, total=total)

    def wait_until_done(self, document_ids: Sequence[str], timeout: float) -> list[Document]:
        """Wait at most ``timeout`` seconds until these documents are ready or failed; return those still there."""
        deadline = time.monotonic() + timeout
        while not self._documents.is_settled(document_ids) and time.monotonic() < deadline:
            time.sleep(WAIT_POLL_SECONDS)
        documents, operator = [], People(self._database).local()
        for document_id in document_ids:
            with suppress(NotFound):
                documents.append(self._documents.get(document_id, operator))
        return documents

    def load_samples(self, folder: Path) -> int:
        """Upload the sample documents, if no document was ever added; return how many."""
        if self._documents.ever_added():
            return 0
        operator = People(self._database).local()
        return upload_all(folder, lambda name, stream: self.upload(operator, name, stream, limited=False))

    def _embedder_switch(self) -> EmbedderSwitch:
        return EmbedderSwitch(self._settings, self._access, self._embeddings, self._queries, self._reembedding)

    def _take_ownership(self, serves: bool) -> None:
        try:
            self._lock.acquire()
        except Timeout:
            raise FolderInUse(
                f"Another process already uses the data folder {str(self._settings.data_dir)!r}: stop that one, or set "
                "ASSISTANT_DATA_DIR to another folder."
            ) from None
        index = VectorIndex(self._settings.data_dir / CHROMA_FOLDER)
        worker = WorkerProcess(self._settings, self._database) if serves else WorkerThread(self._settings)
        patience = 0.0 if serves else BULK_SECONDS
        check_seconds = self._settings.index_check_seconds
        indexer = Indexer(self._database, index, self._exact, self._blobs, worker, patience, check_seconds)
        self._own = OwnIndex(index, indexer)
        self._reembedding = Reembedding(self._database, self._embedding_server, indexer.change_to)

    def _embedding_server(self, model: str) -> ApiEmbedder:
        return server_of(model, self._settings, self._embeddings, EMBEDDING_SECONDS)

    def _wake(self) -> None:
        if self._own:
            self._own.indexer.wake()

    def _wanted(self, person: Person, name: str, space: str, replaces: str | None, expected: int | None) -> Wanted:
        self._access.need_editor(person)
        if replaces is not None:
            self.document(person, replaces)
        return Wanted(clean_name(name), self._access.space(person, space).id, person, replaces, expected)
