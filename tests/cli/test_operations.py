"""What whoever runs the app does from the command line."""

from __future__ import annotations

import json
import signal
from pathlib import Path

from command_line import CommandLine


def test_a_backup_is_restored_into_another_folder_and_answers_the_same(tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("# Leave\n\nEmployees of Ostrava Optics get 31 days of annual leave a year.\n")
    first, second = CommandLine(tmp_path / "first"), CommandLine(tmp_path / "second")
    first.lines("ingest", str(tmp_path / "leave.md"), "--json")
    made = first.value("backup", str(tmp_path / "all.tar"), "--json")
    assert (made["status"], made["documents"], made["originals"], made["damaged"]) == ("done", 1, 1, [])
    assert second.value("restore", str(tmp_path / "all.tar"), "--json")["documents"] == 1
    asked = ("search", "days of annual leave", "--json")
    assert second.value(*asked) == first.value(*asked)
    assert all(check["ok"] for check in second.value("doctor", "--json"))


def test_people_are_told_in_a_sentence_what_a_backup_holds_and_what_hinders_one(tmp_path: Path) -> None:
    command = CommandLine(tmp_path / "data")
    done = command.run("backup", str(tmp_path / "all.tar"))
    assert done.stdout.startswith("all.tar holds 0 documents, 0 originals, ")
    again = command.run("backup", str(tmp_path / "all.tar"))
    assert (again.returncode, again.stderr) == (1, "all.tar is there already: name a file that is not.\n")
    missing = command.run("backup", str(tmp_path / "no" / "such" / "all.tar"))
    assert missing.returncode == 1
    assert "The backup was not made: No such file or directory." in missing.stderr
    full = command.run("restore", str(tmp_path / "all.tar"))
    assert full.returncode == 1
    assert "holds a knowledge base already" in full.stderr


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text(json.dumps({"not": "a backup"}))
    done = CommandLine(tmp_path / "data").run("restore", str(tmp_path / "notes.txt"))
    assert done.returncode == 1
    assert "not a whole backup" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_backup_that_is_killed_leaves_nothing_under_its_name_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    (tmp_path / "leave.md").write_text("# Leave\n\n27 days.\n")
    CommandLine(tmp_path / "data").lines("ingest", str(tmp_path / "leave.md"), "--json")
    target = tmp_path / "out" / "all.tar"
    target.parent.mkdir()
    killed = CommandLine(tmp_path / "data", (), KB_FAULT="backup_copied:1:kill").run("backup", str(target))
    assert killed.returncode == -signal.SIGKILL
    assert not target.exists()
    assert CommandLine(tmp_path / "data").value("backup", str(target), "--json")["originals"] == 1
    assert list(target.parent.iterdir()) == [target]
