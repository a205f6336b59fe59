"""A folder's files are kept as documents; a folder that looks as if it were not there takes nothing away."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from pathlib import Path

import pytest
from small_library import EDITOR, STAFF, Library, Opener, opening
from waiting import until

from assistant import faults
from assistant.domain import Person
from assistant.errors import AssistantError, NotAllowed, UploadRefused
from assistant.knowledge.folder_sync import FEW
from assistant.knowledge.folders import Folders, Watching
from assistant.knowledge.service import KnowledgeBase
from assistant.library import SyncOutcome
from assistant.storage.people import LOCAL, People


@pytest.fixture
def knowledge(library: Library) -> KnowledgeBase:
    """Nothing is ingested: the job list is enough for what a folder brings."""
    return KnowledgeBase(
        database=library.database, settings=library.settings, embedder=library.embedder, own_index=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "shared"
    (found / "graz").mkdir(parents=True)
    (found / "leave.md").write_text("# Leave\n\n27 days.\n")
    (found / "parking.md").write_text("# Parking\n\n42 spaces.\n")
    (found / "graz" / "guide.md").write_text("# Guide\n\nOpens at eight.\n")
    (found / ".hidden.md").write_text("Not this one.")
    return found


def _sync(knowledge: KnowledgeBase, folder: Path, *, remove_all: bool = False) -> dict[str, SyncOutcome]:
    return {one.name: one.outcome for one in knowledge.folders.sync(LOCAL, folder, remove_all=remove_all)}


def _names(knowledge: KnowledgeBase) -> list[str]:
    return [document.name for document in knowledge.documents(EDITOR)]


def test_a_folder_is_brought_in_and_once_in_stays_as_it_is(knowledge: KnowledgeBase, folder: Path) -> None:
    assert set(_sync(knowledge, folder).values()) == {SyncOutcome.ADDED}
    assert _names(knowledge) == ["guide.md", "leave.md", "parking.md"]
    assert set(_sync(knowledge, folder).values()) == {SyncOutcome.UNCHANGED}


def test_what_changed_is_replaced_and_what_vanished_is_removed(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    (folder / "leave.md").write_text("# Leave\n\n31 days.\n")
    (folder / "parking.md").unlink()
    (folder / "new.md").write_text("# New\n\nCame later.\n")
    assert _sync(knowledge, folder) == {
        "guide.md": SyncOutcome.UNCHANGED,
        "leave.md": SyncOutcome.REPLACED,
        "new.md": SyncOutcome.ADDED,
        "parking.md": SyncOutcome.REMOVED,
    }
    assert _names(knowledge) == ["guide.md", "leave.md", "new.md"]


def test_a_change_that_keeps_size_and_time_is_found_by_what_the_file_holds(
    knowledge: KnowledgeBase, folder: Path
) -> None:
    _sync(knowledge, folder)
    before = (folder / "leave.md").stat()
    (folder / "leave.md").write_text("# Leave\n\n28 days.\n")
    os.utime(folder / "leave.md", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _sync(knowledge, folder)["leave.md"] is SyncOutcome.REPLACED


def test_a_file_that_was_moved_stays_the_document_it_was(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    before = {document.name: document.id for document in knowledge.documents(EDITOR)}
    (folder / "leave.md").rename(folder / "graz" / "annual-leave.md")
    assert _sync(knowledge, folder)["annual-leave.md"] is SyncOutcome.REPLACED
    after = {document.name: document.id for document in knowledge.documents(EDITOR)}
    assert after["annual-leave.md"] == before["leave.md"]
    assert "leave.md" not in after


def test_files_of_one_name_in_two_folders_stay_two_documents(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    (folder / "leeds").mkdir()
    (folder / "leeds" / "guide.md").write_text("# Guide\n\nOpens at nine.\n")
    _sync(knowledge, folder)
    assert _names(knowledge) == ["guide.md", "leave.md", "leeds - guide.md", "parking.md"]
    assert set(_sync(knowledge, folder).values()) == {SyncOutcome.UNCHANGED}


def test_a_document_that_others_put_there_is_never_removed(knowledge: KnowledgeBase, folder: Path) -> None:
    knowledge.upload(EDITOR, "leave.md", b"# Leave\n\nAs uploaded by hand.\n")
    assert _sync(knowledge, folder)["leave.md"] is SyncOutcome.REPLACED
    (folder / "leave.md").unlink()
    assert "leave.md" not in _sync(knowledge, folder)
    assert "leave.md" in _names(knowledge)


def test_what_was_refused_and_then_uploaded_by_hand_is_never_removed(
    knowledge: KnowledgeBase, folder: Path, library: Library
) -> None:
    os.truncate(folder / "leave.md", (library.settings.upload_max_mb + 1) * 1_000_000)
    assert _sync(knowledge, folder)["leave.md"] is SyncOutcome.FAILED
    knowledge.upload(LOCAL, "leave.md", b"Uploaded by hand.")
    (folder / "leave.md").write_bytes(b"Uploaded by hand.")
    _sync(knowledge, folder)
    (folder / "leave.md").unlink()
    _sync(knowledge, folder)
    assert "leave.md" in _names(knowledge)


@pytest.mark.parametrize("name", ["\u200b", "\u202e\u200b", "x" * 120 + "/" + "y" * 250 + "/same.md"])
def test_a_file_whose_name_cannot_be_taken_harms_only_itself(knowledge: KnowledgeBase, folder: Path, name: str) -> None:
    for path in (name, name.replace("x", "z").replace("y", "w")):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("Strange.")
    (folder / "zzz.md").write_text("After it.")
    outcomes = _sync(knowledge, folder)
    assert outcomes["zzz.md"] is SyncOutcome.ADDED
    (folder / "zzz.md").unlink()
    assert _sync(knowledge, folder)["zzz.md"] is SyncOutcome.REMOVED


def test_a_document_that_was_replaced_by_hand_since_is_kept(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    knowledge.upload(EDITOR, "leave.md", b"# Leave\n\nCorrected by hand.\n")
    (folder / "leave.md").unlink()
    assert _sync(knowledge, folder)["leave.md"] is SyncOutcome.KEPT
    assert "leave.md" in _names(knowledge)
    assert "leave.md" not in _sync(knowledge, folder)


def test_a_folder_that_is_not_there_takes_nothing_away(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    folder.rename(folder.with_name("unmounted"))
    with pytest.raises(UploadRefused, match="There is no folder"):
        _sync(knowledge, folder)
    assert len(_names(knowledge)) == 3


def test_an_empty_folder_takes_nothing_away_unless_it_is_meant(knowledge: KnowledgeBase, folder: Path) -> None:
    _sync(knowledge, folder)
    shutil.rmtree(folder)
    folder.mkdir()
    (told,) = knowledge.folders.sync(LOCAL, folder)
    assert told.outcome is SyncOutcome.FAILED
    assert "empty" in str(told.why)
    assert len(_names(knowledge)) == 3
    assert Counter(_sync(knowledge, folder, remove_all=True).values()) == {SyncOutcome.REMOVED: 3}
    assert _names(knowledge) == []


def test_when_most_of_many_files_vanish_at_once_nothing_is_removed(knowledge: KnowledgeBase, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for n in range(2 * FEW):
        (many / f"{n}.md").write_text(f"Rule {n}.")
    _sync(knowledge, many)
    for n in range(FEW + 1):
        (many / f"{n}.md").unlink()
    *_, told = knowledge.folders.sync(LOCAL, many)
    assert f"{FEW + 1} of {2 * FEW} files have vanished" in str(told.why)
    assert len(_names(knowledge)) == 2 * FEW


def test_links_are_not_followed(knowledge: KnowledgeBase, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("Not for the documents.")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "tree").symlink_to(tmp_path)
    assert set(_sync(knowledge, folder)) == {"guide.md", "leave.md", "parking.md"}


def test_a_pass_that_died_after_an_upload_still_knows_its_document(knowledge: KnowledgeBase, folder: Path) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    with faults.injected("row_committed", 2, die), pytest.raises(Died):
        _sync(knowledge, folder)
    _sync(knowledge, folder)
    assert len(_names(knowledge)) == 3
    for name in ("leave.md", "graz/guide.md"):
        (folder / name).unlink()
    _sync(knowledge, folder)
    assert _names(knowledge) == ["parking.md"]


def test_a_folder_belongs_to_one_space_and_is_never_the_apps_own(
    knowledge: KnowledgeBase, folder: Path, library: Library
) -> None:
    space = knowledge.add_space(EDITOR, "Sales")
    _sync(knowledge, folder)
    with pytest.raises(UploadRefused, match="documents of the space"):
        knowledge.folders.watch(LOCAL, folder, space.name)
    for own in (library.settings.data_dir, library.settings.data_dir.parent, Path("/")):
        with pytest.raises(UploadRefused, match="the app's own data"):
            list(knowledge.folders.sync(LOCAL, own))


@pytest.mark.parametrize("path", ["/proc/self", "/proc", "/etc", "/sys", "/usr/share", "hidden"])
def test_folders_that_may_hold_secrets_are_not_watched(knowledge: KnowledgeBase, tmp_path: Path, path: str) -> None:
    (tmp_path / ".ssh").mkdir()
    with pytest.raises(UploadRefused, match="system's or hidden"):
        knowledge.folders.watch(LOCAL, tmp_path / ".ssh" if path == "hidden" else path)


def test_the_memory_of_processes_is_never_brought_in(knowledge: KnowledgeBase) -> None:
    with pytest.raises(UploadRefused, match="system's or hidden"):
        list(knowledge.folders.sync(LOCAL, Path("/proc/self")))


def test_where_a_folder_is_named_only_those_below_it_are_watched(
    knowledge: KnowledgeBase, library: Library, folder: Path
) -> None:
    below = library.settings.model_copy(update={"watch_below": folder.resolve()})
    folders = Folders(library.database, below, knowledge, knowledge.library)
    assert folders.watch(LOCAL, folder / "graz").path == str((folder / "graz").resolve())
    (folder / "out").symlink_to(folder.parent)
    for outside in (folder.parent, folder / "out", folder / ".." / ".."):
        with pytest.raises(UploadRefused, match="WATCH_BELOW"):
            folders.watch(LOCAL, outside)


@pytest.mark.parametrize("person", [STAFF, EDITOR])
def test_only_admins_have_to_do_with_folders(knowledge: KnowledgeBase, folder: Path, person: Person) -> None:
    with pytest.raises(NotAllowed):
        knowledge.folders.watch(person, folder)
    with pytest.raises(NotAllowed):
        list(knowledge.folders.sync(person, folder))
    with pytest.raises(NotAllowed):
        knowledge.folders.watched(person)


def _settle(folder: Path) -> None:
    """Let the files be an hour old."""
    for file in folder.rglob("*.md"):
        os.utime(file, (time.time() - 3600,) * 2)


@pytest.fixture
def watching(knowledge: KnowledgeBase, library: Library) -> Watching:
    People(library.database).local()
    return Watching(library.database, knowledge, knowledge.library, every_seconds=60.0)


def test_a_watched_folder_is_followed(knowledge: KnowledgeBase, watching: Watching, folder: Path) -> None:
    watched = knowledge.folders.watch(LOCAL, folder)
    _settle(folder)
    watching.look()
    assert _names(knowledge) == ["guide.md", "leave.md", "parking.md"]
    (seen,) = knowledge.folders.watched(LOCAL)
    assert (seen.files, seen.problem, seen.looked_at is not None) == (3, None, True)
    knowledge.folders.unwatch(LOCAL, watched.id)
    (folder / "leave.md").unlink()
    watching.look()
    assert len(_names(knowledge)) == 3


def test_a_watcher_waits_for_a_file_that_is_being_written(
    knowledge: KnowledgeBase, watching: Watching, folder: Path
) -> None:
    knowledge.folders.watch(LOCAL, folder)
    _settle(folder)
    (folder / "growing.md").write_text("# Half")
    watching.look()
    assert "growing.md" not in _names(knowledge)
    _settle(folder)
    watching.look()
    assert "growing.md" in _names(knowledge)


def test_a_watcher_does_not_bring_back_what_was_deleted_in_the_app(
    knowledge: KnowledgeBase, watching: Watching, folder: Path
) -> None:
    knowledge.folders.watch(LOCAL, folder)
    _settle(folder)
    watching.look()
    knowledge.delete(LOCAL, knowledge.documents(LOCAL)[1].id)
    watching.look()
    assert _names(knowledge) == ["guide.md", "parking.md"]
    assert _sync(knowledge, folder)["leave.md"] is SyncOutcome.ADDED


def test_what_a_watcher_cannot_take_is_told_until_it_changes(
    knowledge: KnowledgeBase, watching: Watching, folder: Path, library: Library
) -> None:
    knowledge.folders.watch(LOCAL, folder)
    os.truncate(folder / "leave.md", (library.settings.upload_max_mb + 1) * 1_000_000)
    _settle(folder)
    for _ in range(2):
        watching.look()
        (seen,) = knowledge.folders.watched(LOCAL)
        assert "larger than the limit" in str(seen.problem)
    (folder / "leave.md").write_text("# Leave\n\n27 days.\n")
    _settle(folder)
    watching.look()
    assert knowledge.folders.watched(LOCAL)[0].problem is None


def test_a_watched_folder_that_is_gone_says_so_and_keeps_its_documents(
    knowledge: KnowledgeBase, watching: Watching, folder: Path
) -> None:
    knowledge.folders.watch(LOCAL, folder)
    _settle(folder)
    watching.look()
    shutil.rmtree(folder)
    watching.look()
    assert "is not there" in str(knowledge.folders.watched(LOCAL)[0].problem)
    assert len(_names(knowledge)) == 3


def test_an_app_looks_at_its_folders_by_itself(library: Library, folder: Path) -> None:
    _settle(folder)
    with opening(library) as start:
        _follow(start, library, folder)


def _follow(start: Opener, library: Library, folder: Path) -> None:
    People(library.database).local()
    start(own_index=False).folders.watch(LOCAL, folder)
    app = start()
    until(lambda: len(_names(app)) == 3)


def test_a_relative_path_is_no_place_on_a_server(knowledge: KnowledgeBase) -> None:
    with pytest.raises(AssistantError, match="whole path"):
        knowledge.folders.watch(LOCAL, "documents")
