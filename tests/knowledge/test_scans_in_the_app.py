"""A scan on its way through the worker: recognised, marked, taken up again where a killed worker left it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from persons import known
from scanned import write_scan
from small_library import EDITOR
from sqlalchemy import func, select
from waiting import until

from assistant.bootstrap import Services, build
from assistant.domain import DocumentStatus
from assistant.knowledge.parsing import ocr
from assistant.library import DocumentQuery
from assistant.settings import load
from assistant.storage.library_rows import OcrTextRow
from assistant.storage.rows import PageRow, VersionRow

pytestmark = pytest.mark.skipif(not ocr.is_installed(), reason="the extra 'ocr' is not installed")
CITIES = ["Berlin", "Paris", "Madrid", "Rome", "Vienna", "Oslo"]


@pytest.fixture
def services(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services with recognition switched on, for the worker process as well."""
    monkeypatch.setenv("ASSISTANT_OCR", "on")
    services = build(load(data_dir=data_dir, worker_idle_seconds=2.0, _env_file=None))
    known(services.database, EDITOR)
    yield services
    services.close()


def recognised(services: Services) -> int:
    with services.database.read() as session:
        return session.execute(select(func.count()).select_from(OcrTextRow)).scalar_one()


def workers() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "worker" in child.cmdline()]


def test_a_scan_becomes_searchable_though_its_worker_is_killed(services: Services, tmp_path: Path) -> None:
    pages = [[f"The hotel cap in {city} is EUR {100 + 10 * n}."] for n, city in enumerate(CITIES)]
    scan = write_scan(tmp_path / "caps.pdf", pages)
    document_id = services.knowledge.upload(EDITOR, "caps.pdf", scan.read_bytes()).document_id
    until(lambda: recognised(services) >= 2)
    (worker,) = workers()
    worker.kill()
    (document,) = services.knowledge.wait_until_done([document_id], timeout=120)
    assert (document.status, document.error) == (DocumentStatus.READY, None)
    found = services.knowledge.search(EDITOR, "What is the hotel cap in Vienna?")[0]
    assert "Vienna is EUR 140" in found.text
    assert 5 in [span.number for span in found.spans]
    with services.database.read() as session:
        assert set(session.scalars(select(PageRow.origin))) == {"ocr"}
        note = session.scalars(select(VersionRow.note)).one()
    assert note == "6 of 6 pages were read by text recognition (OCR), which makes mistakes."


def test_while_a_scan_is_read_its_pages_are_counted_and_others_go_ahead(services: Services, tmp_path: Path) -> None:
    knowledge = services.knowledge
    scans = []
    for name in ("first.pdf", "second.pdf"):
        scan = write_scan(tmp_path / name, [[f"Rule {n} of {name}"] for n in range(4)])
        scans.append(knowledge.upload(EDITOR, name, scan.read_bytes()).document_id)
    note = knowledge.upload(EDITOR, "note.txt", b"The canteen opens at noon.").document_id
    page = partial(knowledge.library.page, EDITOR, DocumentQuery())
    until(lambda: any(one.progress and one.progress.recognising for one in page().documents))
    (document,) = knowledge.wait_until_done([note], timeout=90)
    assert document.status is DocumentStatus.READY
    assert any(not knowledge.document(EDITOR, scan).status.is_final for scan in scans)
    assert all(one.status is DocumentStatus.READY for one in knowledge.wait_until_done(scans, timeout=180))
