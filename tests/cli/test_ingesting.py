"""What ``assistant ingest`` promises beside other processes, and when something dies in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from command_line import ROOT, CommandLine

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.cli import ingesting
from assistant.domain import DocumentStatus

WAIT_SECONDS = 60


def write_notes(folder: Path, count: int) -> list[Path]:
    """Notes of about two thousand words, so that embedding them takes a while."""
    folder.mkdir()
    notes = [folder / f"note-{n}.md" for n in range(count)]
    for n, path in enumerate(notes):
        lines = [
            f"Rule {n}-{line} says that locker {line} of hall {n} opens with code {n}{line}." for line in range(150)
        ]
        path.write_text(f"# Hall {n}\n\n" + "\n\n".join(lines), encoding="utf-8")
    return notes


def await_status(data_dir: Path, *wanted: DocumentStatus) -> None:
    """Return once a document of the folder stands at one of these."""
    deadline = time.monotonic() + WAIT_SECONDS
    with bootstrap.opened(settings_module.load(data_dir=data_dir), own_index=False) as services:
        while time.monotonic() < deadline:
            if any(one.status in wanted for one in services.knowledge.documents(services.people.local())):
                return
            time.sleep(0.02)
    pytest.fail(f"no document came to {wanted}")


@pytest.mark.parametrize("moment", [DocumentStatus.EMBEDDING, DocumentStatus.READY])
def test_a_killed_ingest_is_finished_by_the_next_one(tmp_path: Path, moment: DocumentStatus) -> None:
    notes, data_dir = write_notes(tmp_path / "notes", 4), tmp_path / "data"
    command = CommandLine(data_dir)
    running = subprocess.Popen(
        [sys.executable, "-m", "assistant", "ingest", str(notes[0].parent)],
        cwd=ROOT,
        env=dict(command.environment),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    await_status(data_dir, moment)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    rows = command.lines("ingest", str(notes[0].parent), "--json")
    assert {row["status"] for row in rows} <= {"ready", "unchanged"}
    clean = CommandLine(tmp_path / "clean").lines("ingest", str(notes[0].parent), "--json")
    assert [row["chunks"] for row in rows] == [row["chunks"] for row in clean]
    assert all(check["ok"] for check in command.value("doctor", "--json"))


def test_who_waits_takes_the_work_over_when_its_owner_has_gone(tmp_path: Path) -> None:
    (note,) = write_notes(tmp_path / "notes", 1)
    settings = settings_module.load(data_dir=tmp_path / "data", samples=False)
    owner = bootstrap.build(settings)
    with bootstrap.opened(settings, own_index=True) as waiting:
        assert not waiting.owns_index
        rows = ingesting.rows(waiting, waiting.people.local(), [note], space="general", wait=True)
        owner.close()
        (row,) = rows
    assert row["status"] == "ready"


def test_a_document_that_is_deleted_meanwhile_fails_alone(tmp_path: Path) -> None:
    notes = write_notes(tmp_path / "notes", 2)
    settings = settings_module.load(data_dir=tmp_path / "data", samples=False)
    with bootstrap.opened(settings, own_index=False) as services:
        person = services.people.local()
        rows = ingesting.rows(services, person, notes, space="general", wait=False)
        first = next(rows)
        second = next(d for d in services.knowledge.documents(person) if d.name == "note-1.md")
        services.knowledge.delete(person, second.id)
        assert first["status"] == "queued"
        assert next(rows)["error"] == "The document was deleted meanwhile."


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    done = CommandLine(tmp_path / "data").run("ingest", str(tmp_path / "pipe"))
    assert done.returncode == 1
    assert "There is no file or folder" in done.stderr


def test_files_of_one_name_in_two_folders_stay_two_documents(tmp_path: Path) -> None:
    for folder in ("graz", "leeds"):
        (tmp_path / "in" / folder).mkdir(parents=True)
        (tmp_path / "in" / folder / "guide.md").write_text(f"# Guide\n\nThe {folder} office opens at eight.\n")
    done = CommandLine(tmp_path / "data").run("ingest", str(tmp_path / "in"), "--json")
    names = [json.loads(line)["name"] for line in done.stdout.splitlines()]
    assert names == ["graz - guide.md", "leeds - guide.md"]


def test_a_folder_is_kept_in_step(tmp_path: Path) -> None:
    command, folder = CommandLine(tmp_path / "data"), tmp_path / "in"
    folder.mkdir()
    for name in ("leave", "parking", "guide"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nThe rules on {name} are on page seven.\n")
    first = command.lines("ingest", str(folder), "--sync", "--json")
    assert [row["status"] for row in first] == ["ready"] * 3
    assert set(first[0]) == {"name", "document_id", "status", "pages", "chunks", "error"}
    (folder / "guide.md").unlink()
    (folder / "leave.md").write_text("# leave\n\nThe rules on leave are on page nine.\n")
    second = {row["name"]: row["status"] for row in command.lines("ingest", str(folder), "--sync", "--json")}
    assert second == {"leave.md": "ready", "parking.md": "unchanged", "guide.md": "removed"}
    assert [row["name"] for row in command.value("documents", "--json")] == ["leave.md", "parking.md"]
    assert "page nine" in command.value("search", "rules on leave", "--json")[0]["text"]


def test_an_empty_folder_is_told_and_nothing_is_removed(tmp_path: Path) -> None:
    command, folder = CommandLine(tmp_path / "data"), tmp_path / "in"
    folder.mkdir()
    (folder / "leave.md").write_text("# Leave\n\n27 days.\n")
    command.lines("ingest", str(folder), "--sync", "--json")
    (folder / "leave.md").unlink()
    done = command.run("ingest", str(folder), "--sync", "--json")
    assert done.returncode == 1
    assert "--remove-all" in json.loads(done.stdout)["error"]
    assert command.value("ingest", str(folder), "--sync", "--remove-all", "--json")["status"] == "removed"


@pytest.mark.parametrize("wrong", [["--remove-all"], ["--sync", "--sync-twice"], ["--sync"]])
def test_wrong_use_of_sync_is_told(tmp_path: Path, wrong: list[str]) -> None:
    (tmp_path / "a.md").write_text("Words.")
    done = CommandLine(tmp_path / "data").run("ingest", str(tmp_path / "a.md"), *wrong)
    assert done.returncode == 2
    assert done.stdout == ""


def test_a_web_address_is_fetched_by_its_own_command_and_only_where_that_is_allowed(tmp_path: Path) -> None:
    command = CommandLine(tmp_path / "data")
    hint = command.run("ingest", "https://example.com/leave")
    assert (hint.returncode, "assistant fetch" in hint.stderr) == (2, True)
    off = command.run("fetch", "https://example.com/leave")
    assert (off.returncode, "ASSISTANT_FETCH=on" in off.stderr) == (1, True)
    inside = CommandLine(tmp_path / "data", (), ASSISTANT_FETCH="on").run("fetch", "http://169.254.169.254/latest")
    assert (inside.returncode, "whole world" in inside.stderr) == (1, True)
