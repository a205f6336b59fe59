"""Workers and owners may be killed at any moment: the next start finishes, and nothing is doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest
from filelock import FileLock
from small_library import EDITOR, Library
from waiting import WAIT_SECONDS, until

from assistant import faults
from assistant.domain import Document, DocumentStatus, Person
from assistant.knowledge.service import KnowledgeBase
from assistant.knowledge.worker import LOCK_FILE
from assistant.knowledge.worker_process import STALL_SECONDS, WorkerProcess, WorkerThread
from assistant.settings import PROJECT
from assistant.storage.rows import EMBEDDED

RULES = "\n\n".join(
    f"# Rule {n}\n\n" + " ".join(f"Staff in room {n} answer request {k} within {n + k} days." for k in range(18))
    for n in range(120)
)
OWNER = """
import sys
from assistant.bootstrap import build
from assistant.settings import load
services = build(load(), own_index=True)
print("started", flush=True)
sys.stdin.read()
"""


@contextmanager
def _owner(library: Library) -> Iterator[KnowledgeBase]:
    knowledge = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=True
    )
    knowledge.start()
    try:
        yield knowledge
    finally:
        knowledge.close()


def _worker(knowledge: KnowledgeBase) -> WorkerProcess | WorkerThread:
    assert knowledge._own is not None
    return knowledge._own.indexer._worker


def _assert_whole(library: Library, document: Document) -> None:
    """Ready, each chunk stored once with its vector, and the text there."""
    assert (document.status, document.error) == (DocumentStatus.READY, None)
    stored = library.vectors.stored(list(library.vectors.live_versions()), EMBEDDED)
    assert len(stored) == len({one.chunk_id for one in stored}) == document.chunks
    assert library.documents.text(document.id, 1, EDITOR)[0].count("# Rule") in (0, 120)


@pytest.mark.parametrize("stage", [DocumentStatus.PARSING, DocumentStatus.EMBEDDING])
def test_killed_worker_is_followed_by_one_that_finishes(
    library: Library, editor: Person, stage: DocumentStatus
) -> None:
    with _owner(library) as knowledge:
        document_id = knowledge.upload(editor, "Rules.md", RULES.encode()).document_id

        def reached() -> bool:
            document = knowledge.document(editor, document_id)
            return document.status is stage and (stage is DocumentStatus.PARSING or document.done > 0)

        until(reached)
        killed = _worker(knowledge).pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        document = knowledge.wait_until_done([document_id], WAIT_SECONDS)[0]
        _assert_whole(library, document)
        assert _worker(knowledge).pid != killed
        assert knowledge.search(editor, "request 3 in room 77")[0].document_id == document_id


# The sweep kills a command that works by itself; here it is the worker of a process that serves people.
WORKER_POINTS = ("leased", "child_started", "parsed", "text_stored", "vectors_stored", "finished", "committing")


@pytest.mark.parametrize(
    "point", [pytest.param(one, marks=[] if one == "text_stored" else [pytest.mark.nightly]) for one in WORKER_POINTS]
)
def test_worker_that_dies_at_a_labelled_point_is_followed_by_one_that_finishes(
    library: Library, editor: Person, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setenv(faults.VARIABLE, f"{point}:1:kill")
    with _owner(library) as knowledge:
        document_id = knowledge.upload(editor, "Rules.md", RULES.encode()).document_id
        until(lambda: _worker(knowledge).pid)
        doomed = psutil.Process(_worker(knowledge).pid)
        monkeypatch.delenv(faults.VARIABLE)
        until(lambda: not doomed.is_running() or doomed.status() == psutil.STATUS_ZOMBIE)
        _assert_whole(library, knowledge.wait_until_done([document_id], WAIT_SECONDS)[0])


def test_killed_owner_takes_its_worker_along_and_is_followed_by_a_start_that_finishes(
    library: Library, editor: Person
) -> None:
    environment = {
        **os.environ,
        "ASSISTANT_DATA_DIR": str(library.settings.data_dir),
        "ASSISTANT_WORKER_IDLE_SECONDS": "2",
        "PYTHONPATH": os.pathsep.join([str(PROJECT), *sys.path]),
    }
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    assert owner.stdin is not None
    assert owner.stdout.readline() == b"started\n"
    beside = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )
    document_id = beside.upload(EDITOR, "Rules.md", RULES.encode()).document_id
    until(lambda: beside.document(editor, document_id).status is DocumentStatus.EMBEDDING)
    family = psutil.Process(owner.pid).children(recursive=True)
    owner.kill()
    owner.wait()
    psutil.wait_procs(family, WAIT_SECONDS)
    assert not any(process.is_running() for process in family)
    owner.stdin.close()
    owner.stdout.close()
    with _owner(library) as knowledge:
        _assert_whole(library, knowledge.wait_until_done([document_id], WAIT_SECONDS)[0])


def test_stopped_worker_is_replaced_by_one_that_finishes(library: Library, editor: Person) -> None:
    knowledge = KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )
    document_id = knowledge.upload(editor, "Rules.md", RULES.encode()).document_id
    worker = WorkerProcess(library.settings, library.database)

    def reaches(status: DocumentStatus) -> bool:
        worker.ensure_running()
        return knowledge.document(editor, document_id).status is status

    try:
        until(lambda: reaches(DocumentStatus.EMBEDDING))
        stopped = worker.pid
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)
        worker.stall_seconds = 1.0
        until(lambda: reaches(DocumentStatus.EMBEDDING) and worker.pid not in (None, stopped))
        worker.stall_seconds = STALL_SECONDS
        until(lambda: reaches(DocumentStatus.INDEXING))
        assert not psutil.pid_exists(stopped)
    finally:
        worker.stop()


def test_worker_leaves_when_idle_and_the_next_upload_starts_another(library: Library, editor: Person) -> None:
    with _owner(library) as knowledge:
        first = knowledge.upload(editor, "One.md", b"The first rule stands here.").document_id
        knowledge.wait_until_done([first], WAIT_SECONDS)
        until(lambda: _worker(knowledge).pid is None)
        with FileLock(library.settings.data_dir / LOCK_FILE, timeout=0):
            pass
        second = knowledge.upload(editor, "Two.md", b"The second rule stands here.").document_id
        documents = knowledge.wait_until_done([first, second], WAIT_SECONDS)
        assert [document.status for document in documents] == [DocumentStatus.READY] * 2


def test_lost_record_of_the_jobs_does_not_strand_documents(library: Library, editor: Person) -> None:
    with _owner(library) as knowledge:
        document_id = knowledge.upload(editor, "Rules.md", RULES.encode()).document_id
        until(lambda: knowledge.document(editor, document_id).status is DocumentStatus.EMBEDDING)
    for path in library.settings.data_dir.glob("jobs.sqlite*"):
        path.unlink()
    with _owner(library) as knowledge:
        _assert_whole(library, knowledge.wait_until_done([document_id], WAIT_SECONDS)[0])


def test_one_broken_document_does_not_hold_up_the_others(library: Library, editor: Person) -> None:
    with _owner(library) as knowledge:
        broken = knowledge.upload(editor, "Broken.pdf", b"%PDF-1.7 nothing").document_id
        good = knowledge.upload(editor, "Good.md", b"A good document.").document_id
        states = [document.status for document in knowledge.wait_until_done([broken, good], WAIT_SECONDS)]
        assert states == [DocumentStatus.FAILED, DocumentStatus.READY]
