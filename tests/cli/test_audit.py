"""The audit log from the command line."""

from __future__ import annotations

import csv
import sqlite3
from contextlib import closing
from pathlib import Path

from command_line import CommandLine


def _filled(tmp_path: Path) -> CommandLine:
    (tmp_path / "leave.md").write_text("# Leave\n\n27 days.\n")
    command = CommandLine(tmp_path / "data")
    (row,) = command.lines("ingest", str(tmp_path / "leave.md"), "--json")
    command.run("delete", str(row["document_id"]))
    return command


def _around_the_triggers(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "assistant.sqlite")) as connection:
        for change in ("update", "delete"):
            connection.execute(f"DROP TRIGGER audit_log_no_{change}")
        connection.execute(statement)
        connection.commit()


def test_a_log_as_written_verifies_and_a_changed_or_cut_one_is_told(tmp_path: Path) -> None:
    command = _filled(tmp_path)
    sound = command.value("audit", "verify", "--json")
    assert sound["status"] == "done"
    assert command.run("audit", "verify").stdout.startswith(f"{sound['lines']} lines, each as it was written.")
    assert command.run("audit", "verify", "--head", str(sound["head"])).returncode == 0
    cut = command.run("audit", "verify", "--head", "00" * 32)
    assert (cut.returncode, "was cut" in cut.stderr) == (1, True)
    _around_the_triggers(tmp_path / "data", "UPDATE audit_log SET subject = 'x' WHERE action = 'document.deleted'")
    changed = command.run("audit", "verify", "--json")
    assert changed.returncode == 1
    assert "is not as it was written" in changed.stderr


def test_lines_are_listed_and_exported(tmp_path: Path) -> None:
    command = _filled(tmp_path)
    (line,) = command.lines("audit", "list", "--action", "document.deleted", "--json")
    assert (line["person"], line["details"]) == ("local@localhost", {"name": "leave.md"})
    assert line["rights"] == {"role": "admin", "groups": []}
    file = tmp_path / "audit.csv"
    assert command.run("audit", "export", str(file)).returncode == 0
    with file.open(encoding="utf-8-sig", newline="") as rows:
        assert "document.deleted" in {row["action"] for row in csv.DictReader(rows)}
    assert command.run("audit", "export", str(file)).returncode == 1
