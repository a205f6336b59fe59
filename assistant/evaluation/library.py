"""The documents of a set in the real stack: uploaded, read, cut, embedded and indexed in a data folder of their own."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import assistant
from assistant.domain import DocumentStatus
from assistant.errors import AssistantError
from assistant.evaluation import corpus_files
from assistant.evaluation.progress import Progress
from assistant.evaluation.question_sets import QuestionSet

if TYPE_CHECKING:
    from assistant.chat.service import ChatService
    from assistant.domain import Passage, Person
    from assistant.knowledge.service import KnowledgeBase
    from assistant.providers.minilm import MiniLM

IDS = "evaluation.json"
"""In a data folder: the id in the set of each document id."""
CACHE = "cache"
"""In a data folder: what is built anew where it is missing, so that no kept folder has it."""
LOOK_SECONDS = 0.5
LISTED_A_SECOND = 1000
INDEX_SECONDS = 600.0
READ = (DocumentStatus.INDEXING, DocumentStatus.READY, DocumentStatus.FAILED)
"""Where nothing is left to do for a document but to be put into the index with the others."""
MAKES_THE_INDEX = (
    "knowledge/parsing",
    "knowledge/chunking.py",
    "knowledge/ingest.py",
    "knowledge/reading.py",
    "storage/ingestion.py",
    "storage/lexical.py",
    "storage/rows.py",
    "storage/migrations",
    "providers/minilm*.py",
)
"""Below the package: whose code decides what a data folder holds, so that a kept one is of no use once it changed."""


@dataclass(frozen=True)
class Stack:
    """The services on one data folder, and the person who asks."""

    knowledge: KnowledgeBase
    person: Person
    open_chat: Callable[[], ChatService]


OpenStack = Callable[[Path], AbstractContextManager[Stack]]
"""Opens the services on a data folder, which may be empty, and closes them."""


@dataclass(frozen=True)
class Workplace:
    """Where data folders are made: ``scratch`` is thrown away at the end, what is in ``kept`` serves the next run."""

    open_stack: OpenStack
    embedder: MiniLM
    scratch: Path
    kept: Path | None
    progress: Progress


@dataclass(frozen=True)
class Library:
    """A set's documents, searchable. ``ids`` are the set's ids by document id, ``failed`` how many were not read."""

    stack: Stack
    ids: Mapping[str, str]
    failed: int

    def id_of(self, passage: Passage, *, by_page: bool) -> str:
        """Return what the judgements call the passage's document, or its page (counted from 0 there)."""
        return self.place(passage.document_id, passage.page if by_page else None)

    def place(self, document_id: str, page: int | None) -> str:
        """Return what the judgements call a document, or with a ``page`` (from 1) that page of it."""
        name = self.ids.get(document_id, document_id)
        return name if page is None else f"{name}#p{page - 1}"


@contextmanager
def opened(place: Workplace, one: QuestionSet) -> Iterator[Library]:
    """Give the set's documents (there may be none), ready to be searched; what a run does to them is thrown away."""
    data = place.scratch / one.name
    kept = None if place.kept is None or not one.has_documents else place.kept / f"{one.name}-{_key(one)}"
    if kept is not None and kept.is_dir():
        shutil.copytree(kept, data)
    else:
        _fill(place, one, data)
        if kept is not None:
            _keep(data, kept)
    try:
        with place.open_stack(data) as stack:
            ids = json.loads((data / IDS).read_text(encoding="utf-8"))
            yield Library(stack, ids, stack.knowledge.progress(stack.person).failed)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _key(one: QuestionSet) -> str:
    return f"{corpus_files.digest(corpus_files.files_of(one))}-{_code()}"


@cache
def _code() -> str:
    """A digest of the sources that make a data folder what it is."""
    package = Path(assistant.__file__).parent
    files = [path for pattern in MAKES_THE_INDEX for path in package.glob(pattern)]
    sources = sorted(path for top in files for path in ([top] if top.is_file() else top.rglob("*.py")))
    whole = hashlib.sha256()
    for path in sources:
        whole.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[: corpus_files.HEAD_BYTES]


def _fill(place: Workplace, one: QuestionSet, data: Path) -> None:
    """Upload everything, and stay until all of it was read and indexed."""
    files = list(corpus_files.files_of(one))
    with place.open_stack(data) as stack:
        ids = {}
        for file in place.progress.over(files, f"{one.name}: uploading documents"):
            ids[stack.knowledge.upload(stack.person, file.name, file.data, limited=False).document_id] = file.id
        _wait(place.progress, one.name, stack)
    (data / IDS).write_text(json.dumps(ids), encoding="utf-8")


def _wait(progress: Progress, name: str, stack: Stack) -> None:
    stage = progress.stage(f"{name}: reading documents")
    while stack.knowledge.progress(stack.person).pending:
        listed = stack.knowledge.documents(stack.person)
        stage.at(sum(one.status in READ for one in listed), len(listed))
        stack.knowledge.take_over()
        # Between two looks at how far it is; a long list is not to be drawn up all the time.
        time.sleep(max(LOOK_SECONDS, len(listed) / LISTED_A_SECOND))
    stage.end()
    if not stack.knowledge.wait_until_indexed(INDEX_SECONDS):
        raise AssistantError(f"The index of {name} was not built within {INDEX_SECONDS:.0f} seconds.")


def _keep(data: Path, kept: Path) -> None:
    """Copy a filled data folder by one rename at the end, so that a later run never takes half of one."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix=".making-") as making:
        half = Path(making) / kept.name
        shutil.copytree(data, half, ignore=shutil.ignore_patterns(CACHE))
        half.replace(kept)
