"""The app tells that it is well all along while files made to break readers are read, and reads the next sound one."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import hostile
import httpx
import pytest
from running_app import RunningApp
from small_files import small_files
from waiting import until

from assistant.domain import Document, DocumentStatus
from assistant.storage.database import Database
from assistant.storage.documents import Documents
from assistant.storage.people import LOCAL
from assistant.web import uploads
from assistant.web.admission import MARK

SECONDS = 2.0
"""Within which the app has to answer, whatever is read beside it."""
PARSE_SECONDS = 5
CONTROL = "control.docx"


class Looks(threading.Thread):
    """Asks for the app's health again and again, each time for its status and how long it took."""

    def __init__(self, app: RunningApp) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[int, float]] = []
        self._app = app
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            began = time.monotonic()
            status, _ = self._app.health()
            self.seen.append((status, time.monotonic() - began))

    def end(self) -> list[tuple[int, float]]:
        self._ended.set()
        self.join()
        return self.seen


def _files() -> Iterator[tuple[str, bytes]]:
    some = (hostile.archives(), hostile.office(), hostile.pdfs(), hostile.slow_texts())
    return itertools.chain(*some, [(CONTROL, small_files()["a.docx"])])


def _put(app: RunningApp, name: str, data: bytes) -> str:
    headers = {"Origin": app.url, MARK[0]: MARK[1]}
    answer = httpx.put(f"{app.url}{uploads.PATH}", content=data, params={"name": name}, headers=headers, timeout=60)
    assert answer.status_code == 201, answer.text
    return name


@pytest.mark.alone
@pytest.mark.timeout(600)
def test_the_app_answers_all_along_and_every_file_ends_ready_or_refused_in_a_sentence(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    with RunningApp(data_dir, ASSISTANT_SAMPLES="off", ASSISTANT_PARSE_SECONDS=str(PARSE_SECONDS)) as app:
        assert app.health()[1]["index"] == "well"
        looks = Looks(app)
        looks.start()
        names = [_put(app, name, data) for name, data in _files()]
        documents = _ended(data_dir, names)
        seen = looks.end()
    assert {status for status, _ in seen} == {200}
    assert max(took for _, took in seen) < SECONDS
    assert documents[CONTROL].status is DocumentStatus.READY
    for document in documents.values():
        assert document.status is DocumentStatus.READY or (document.error or "").endswith(".")


def _ended(data_dir: Path, names: list[str]) -> dict[str, Document]:
    """Wait until every file has come to its end, ready or refused."""
    database = Database(f"sqlite:///{data_dir / 'assistant.sqlite'}")
    store = Documents(database)
    try:
        until(lambda: all(document.status.is_final for document in store.readable_by(LOCAL)), seconds=400)
        documents = {document.name: document for document in store.readable_by(LOCAL)}
    finally:
        database.close()
    assert documents.keys() == set(names)
    return documents
