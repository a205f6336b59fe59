"""A password goes sealed to the worker, opens its file and is gone."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest
from persons import known
from reportlab.pdfgen.canvas import Canvas
from small_library import EDITOR, Library
from sqlalchemy import func, select

from assistant.bootstrap import build
from assistant.domain import DocumentStatus
from assistant.errors import Conflict
from assistant.knowledge.passwords import KEY_FILE, Passwords
from assistant.settings import Settings
from assistant.storage.database import Database
from assistant.storage.ingestion import Job
from assistant.storage.library_rows import SecretRow

WORDS = "The safe in the cellar is opened on Mondays only."
PASSWORD = "open sesame"


@pytest.fixture
def failed(library: Library) -> tuple[str, Job]:
    """A document whose only version failed."""
    document_id, job = library.accept("Safe.pdf", [WORDS])
    library.store.claim(job)
    library.store.fail(job, "It is protected.")
    return document_id, job


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    canvas = Canvas(str(tmp_path / "open.pdf"))
    canvas.drawString(72, 700, WORDS)
    canvas.save()
    writer = pypdf.PdfWriter(clone_from=tmp_path / "open.pdf")
    writer.encrypt(PASSWORD, algorithm="AES-256")
    writer.write(tmp_path / "Safe.pdf")
    return tmp_path / "Safe.pdf"


def secrets(database: Database) -> int:
    with database.read() as session:
        return session.execute(select(func.count()).select_from(SecretRow)).scalar_one()


def test_a_password_is_kept_sealed_for_the_next_attempt(library: Library, failed: tuple[str, Job]) -> None:
    document_id, job = failed
    folder = library.settings.data_dir
    Passwords(folder, library.database).keep(document_id, PASSWORD, EDITOR)
    assert Passwords(folder, library.database).of(job.version_id) == PASSWORD
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    library.database.close()
    assert not any(PASSWORD.encode() in path.read_bytes() for path in folder.glob("assistant.sqlite*"))


def test_a_later_password_takes_the_place_of_an_earlier_one(library: Library, failed: tuple[str, Job]) -> None:
    document_id, job = failed
    passwords = Passwords(library.settings.data_dir, library.database)
    passwords.keep(document_id, "wrong", EDITOR)
    passwords.keep(document_id, PASSWORD, EDITOR)
    assert passwords.of(job.version_id) == PASSWORD
    passwords.keep(document_id, None, EDITOR)
    assert passwords.of(job.version_id) is None


def test_a_password_for_a_document_that_is_being_read_is_refused_and_not_lost_silently(library: Library) -> None:
    document_id, job = library.accept("Safe.pdf", [WORDS])
    passwords = Passwords(library.settings.data_dir, library.database)
    with pytest.raises(Conflict, match="being read already: give the password again"):
        passwords.keep(document_id, PASSWORD, EDITOR)
    passwords.keep(document_id, None, EDITOR)
    assert passwords.of(job.version_id) is None


@pytest.mark.parametrize(
    "end",
    [
        lambda library, job: library.read(job, "Safe.pdf", [WORDS]),
        lambda library, job: library.store.fail(job, "It is still protected."),
    ],
    ids=["read", "failed"],
)
def test_a_password_is_gone_when_its_file_was_read_or_not(
    library: Library, failed: tuple[str, Job], end: Callable[[Library, Job], None]
) -> None:
    document_id, _ = failed
    Passwords(library.settings.data_dir, library.database).keep(document_id, PASSWORD, EDITOR)
    library.accepting.retry(document_id, EDITOR)
    (job,) = library.store.due()
    library.store.claim(job)
    end(library, job)
    assert secrets(library.database) == 0


def test_a_password_without_its_key_is_none(library: Library, failed: tuple[str, Job]) -> None:
    document_id, job = failed
    passwords = Passwords(library.settings.data_dir, library.database)
    passwords.keep(document_id, PASSWORD, EDITOR)
    (library.settings.data_dir / KEY_FILE).unlink()
    assert passwords.of(job.version_id) is None


def test_a_protected_pdf_becomes_searchable_with_its_password(settings: Settings, locked: Path) -> None:
    services = build(settings)
    known(services.database, EDITOR)
    knowledge = services.knowledge
    try:
        document_id = knowledge.upload(EDITOR, "Safe.pdf", locked.read_bytes()).document_id
        (document,) = knowledge.wait_until_done([document_id], timeout=90)
        assert "try again with the password" in (document.error or "")
        knowledge.retry(EDITOR, document_id, "wrong")
        (document,) = knowledge.wait_until_done([document_id], timeout=90)
        assert "does not open" in (document.error or "")
        knowledge.retry(EDITOR, document_id, PASSWORD)
        (document,) = knowledge.wait_until_done([document_id], timeout=90)
        assert document.status is DocumentStatus.READY
        assert knowledge.search(EDITOR, "When is the safe opened?")[0].text == WORDS
        assert secrets(services.database) == 0
    finally:
        services.close()
