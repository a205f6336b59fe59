"""A backup holds every byte that was acknowledged, and a folder restored from it answers as the first one did."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from persons import known
from small_library import ADMIN, EDITOR, STAFF
from waiting import until

from assistant import bootstrap, faults
from assistant import settings as settings_module
from assistant.bootstrap import Services
from assistant.errors import AssistantError, NotAllowed, StartError
from assistant.knowledge import backups
from assistant.settings import Settings
from assistant.storage import backup
from assistant.storage.vectors import Vectors

NOTES = {f"hall-{n}.md": f"# Hall {n}\n\nThe gate of hall {n} opens with code {n}{n}7.\n" for n in range(4)}
WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """A running app with a few documents, one of them replaced."""
    settings = settings_module.load(data_dir=tmp_path_factory.mktemp("first") / "data", samples=False)
    services = bootstrap.build(settings)
    known(services.database, ADMIN, EDITOR, STAFF)
    ids = [services.knowledge.upload(EDITOR, name, text.encode()).document_id for name, text in NOTES.items()]
    services.knowledge.wait_until_done(ids, WAIT_SECONDS)
    services.knowledge.upload(EDITOR, "hall-0.md", b"# Hall 0\n\nThe gate of hall 0 stays shut.\n")
    services.knowledge.wait_until_done(ids, WAIT_SECONDS)
    yield services
    services.close()


@pytest.fixture
def made(first: Services, tmp_path: Path) -> Path:
    """A backup of the app once nothing that an earlier test deleted waits to be removed."""
    until(lambda: len(_digests(first.settings)) == len(_named(first.settings)) == len(NOTES) + 1)
    backups.back_up(ADMIN, first.database, first.settings, tmp_path / "all.tar")
    return tmp_path / "all.tar"


def _empty(tmp_path: Path) -> Settings:
    return settings_module.load(data_dir=tmp_path / "second", samples=False)


def _found(services: Services) -> list[list[str]]:
    asked = [f"Which code opens hall {n}?" for n in range(len(NOTES))]
    return [[hit.text for hit in services.knowledge.search(EDITOR, question, 3)] for question in asked]


def _named(settings: Settings) -> list[tuple[str, int]]:
    return backup.originals_named(backup.database_file(settings.sqlalchemy_url))


def _digests(settings: Settings) -> set[str]:
    files = (settings.data_dir / "originals").glob("??/*")
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_restored_folder_has_every_original_and_finds_the_same(first: Services, made: Path, tmp_path: Path) -> None:
    settings = _empty(tmp_path)
    done = backups.restore(settings, made)
    assert (done.documents, done.originals, done.damaged) == (len(NOTES), len(NOTES) + 1, ())
    assert _digests(settings) == _digests(first.settings)
    second = bootstrap.build(settings)
    try:
        assert second.knowledge.wait_until_indexed(WAIT_SECONDS)
        assert _found(second) == _found(first)
        assert second.knowledge.damaged_originals(EDITOR) == []
    finally:
        second.close()


def test_what_is_uploaded_during_a_backup_is_in_it_whole_or_not_at_all(first: Services, tmp_path: Path) -> None:
    def upload() -> None:
        late = first.knowledge.upload(EDITOR, "late.md", b"# Late\n\nThis came while originals were copied.\n")
        first.knowledge.delete(EDITOR, late.document_id)

    with faults.injected("backup_copied", 1, upload):
        backups.back_up(ADMIN, first.database, first.settings, tmp_path / "all.tar")
    settings = _empty(tmp_path)
    assert backups.restore(settings, tmp_path / "all.tar").damaged == ()
    assert len(_digests(settings)) == len(NOTES) + 1


def test_an_original_that_is_deleted_during_a_backup_is_still_in_it(first: Services, tmp_path: Path) -> None:
    late = first.knowledge.upload(EDITOR, "short-lived.md", b"# Short\n\nThis goes while originals are copied.\n")
    first.knowledge.wait_until_done([late.document_id], WAIT_SECONDS)

    def delete() -> None:
        first.knowledge.delete(EDITOR, late.document_id)
        until(lambda: not Vectors(first.database).removals())  # what is left is to purge its original

    with faults.injected("backup_copied", 1, delete):
        done = backups.back_up(ADMIN, first.database, first.settings, tmp_path / "all.tar")
    assert (done.documents, done.damaged) == (len(NOTES) + 1, ())


@pytest.mark.parametrize("nth", [1, 3])
def test_a_backup_that_fails_leaves_nothing_under_its_name(first: Services, tmp_path: Path, nth: int) -> None:
    target = tmp_path / "out" / "all.tar"
    target.parent.mkdir()
    with faults.injected("backup_copied", nth, faults.disk_full), pytest.raises(AssistantError, match="disk is full"):
        backups.back_up(ADMIN, first.database, first.settings, target)
    assert list(target.parent.iterdir()) == []


def test_a_backup_never_writes_over_a_file(first: Services, made: Path) -> None:
    before = made.read_bytes()
    with pytest.raises(AssistantError, match="there already"):
        backups.back_up(ADMIN, first.database, first.settings, made)
    assert made.read_bytes() == before


def test_a_backup_is_for_its_owner_alone(first: Services, made: Path) -> None:
    assert made.stat().st_mode & 0o077 == 0
    with pytest.raises(NotAllowed):
        backups.back_up(STAFF, first.database, first.settings, made.with_name("theirs.tar"))


def test_a_restore_needs_an_empty_folder_and_no_running_app(first: Services, made: Path, tmp_path: Path) -> None:
    with pytest.raises(StartError, match="in use"):
        backups.restore(first.settings, made)
    settings = _empty(tmp_path)
    backups.restore(settings, made)
    with pytest.raises(StartError, match="holds a knowledge base already"):
        backups.restore(settings, made)


def test_a_restore_that_broke_off_can_be_run_again(first: Services, made: Path, tmp_path: Path) -> None:
    settings = _empty(tmp_path)
    with faults.injected("placed", 2, faults.fail), pytest.raises(AssistantError, match="not restored"):
        backups.restore(settings, made)
    backups.restore(settings, made)
    assert _digests(settings) == _digests(first.settings)


def test_nothing_starts_in_a_folder_whose_restore_broke_off(made: Path, tmp_path: Path) -> None:
    settings = _empty(tmp_path)
    with faults.injected("placed", 2, faults.fail), pytest.raises(AssistantError, match="not restored"):
        backups.restore(settings, made)
    with pytest.raises(StartError, match="was not finished"):
        bootstrap.build(settings)
    backups.restore(settings, made)
    bootstrap.build(settings, own_index=False).close()


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_half_a_backup_is_refused_and_nothing_is_started_from_it(made: Path, tmp_path: Path, share: float) -> None:
    whole = made.read_bytes()
    made.write_bytes(whole[: int(len(whole) * share)])
    settings = _empty(tmp_path)
    with pytest.raises(AssistantError, match="not a whole backup"):
        backups.restore(settings, made)
    assert not (settings.data_dir / "assistant.sqlite").exists()


def test_a_changed_original_is_refused(made: Path, tmp_path: Path) -> None:
    made.write_bytes(made.read_bytes().replace(b"stays shut", b"stays open"))
    with pytest.raises(AssistantError, match="not a whole backup"):
        backups.restore(_empty(tmp_path), made)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "originals/../../evil", "originals/xyz", "extra"])
def test_a_member_that_no_backup_has_is_refused(tmp_path: Path, name: str) -> None:
    facts = {"format": 1, "schema": "0005", "documents": 0, "originals": 0, "damaged": [], "database": ""}
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        for member, data in (("assistant.sqlite", b""), ("manifest.json", json.dumps(facts).encode()), (name, b"x")):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    with pytest.raises(AssistantError, match="not a whole backup"):
        backups.restore(_empty(tmp_path), tmp_path / "evil.tar")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("content", [b"", b"not a tar", b"{}" * 1000])
def test_what_is_no_backup_is_told_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.bin").write_bytes(content)
    with pytest.raises(AssistantError, match="not a whole backup"):
        backups.restore(_empty(tmp_path), tmp_path / "other.bin")


def test_a_pipe_is_no_backup(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AssistantError, match="not a whole backup"):
        backups.restore(_empty(tmp_path), tmp_path / "pipe")


def test_a_database_that_stands_elsewhere_is_restored_to_there(made: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "databases" / "kb.sqlite"
    settings = settings_module.load(data_dir=tmp_path / "second", samples=False, database_url=f"sqlite:///{elsewhere}")
    backups.restore(settings, made)
    assert elsewhere.exists()
    assert not (tmp_path / "second" / "assistant.sqlite").exists()
