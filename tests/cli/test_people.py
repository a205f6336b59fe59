"""``users``, ``groups`` and ``spaces`` on the command line: what they print, refuse and change."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import LONGEST_SECONDS, ROOT, CommandLine

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.domain import Role
from assistant.people import passwords

PASSWORD = "heather on 3 hills"  # made up for these tests


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    return CommandLine(tmp_path_factory.mktemp("data"), ASSISTANT_AUTH="password")


@pytest.fixture(scope="module")
def services(command: CommandLine) -> Iterator[bootstrap.Services]:
    """The same data folder, looked at from another process."""
    settings = settings_module.load(data_dir=Path(command.environment["ASSISTANT_DATA_DIR"]), _env_file=None)
    with bootstrap.opened(settings, own_index=False) as opened:
        yield opened


def run_with_input(command: CommandLine, given: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assistant", *arguments],
        cwd=ROOT,
        env=dict(command.environment),
        input=given,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )


def test_a_person_is_added_with_groups_and_a_password_from_the_standard_input(
    command: CommandLine, services: bootstrap.Services
) -> None:
    arguments = ("users", "add", "Ann@Example.com", "--role", "staff", "--group", "hr", "--password-stdin", "--json")
    done = run_with_input(command, f"{PASSWORD}\n", *arguments)
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    (row,) = [row for row in command.value("users", "list", "--json") if row["email"] == "ann@example.com"]
    assert (row["role"], row["groups"], row["sign_in"], row["disabled"]) == ("staff", ["hr"], ["password"], False)
    with services.database.engine.connect() as connection:
        (kept,) = connection.exec_driver_sql("SELECT password_hash FROM people WHERE id = ?", (row["id"],)).one()
    assert passwords.verified(kept, PASSWORD)


def test_a_person_reads_what_their_groups_may(
    command: CommandLine, services: bootstrap.Services, tmp_path: Path
) -> None:
    local = services.people.local()
    services.accounts.add(local, "cleo@example.com", Role.KB_ADMIN)
    services.accounts.add(local, "ben@example.com", Role.STAFF)
    space = command.value("spaces", "add", "Pay", "--group", "Payroll", "--json")
    assert (space["restricted"], space["groups"]) == (True, ["Payroll"])
    assert command.value("users", "groups", "ben@example.com", "--group", "Payroll", "--json")["groups"] == ["Payroll"]
    note = tmp_path / "bonus.md"
    note.write_text("# Bonus\n\nThe bonus of the year is paid on 17 March.\n")
    command.value("ingest", str(note), "--space", "Pay", "--json")
    for name, may in (("ben", True), ("cleo", False)):
        hits = command.value("search", "bonus of the year", "--as", f"{name}@example.com", "--json")
        assert [hit["document"] for hit in hits] == ["bonus.md"] * may


def test_a_role_is_changed_and_a_person_disabled(command: CommandLine, services: bootstrap.Services) -> None:
    services.accounts.add(services.people.local(), "hal@example.com", Role.STAFF)
    assert command.value("users", "role", "hal@example.com", "kb_admin", "--json")["role"] == "kb_admin"
    assert command.value("users", "disable", "hal@example.com", "--json")["disabled"] is True
    assert command.run("documents", "--as", "hal@example.com").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["users", "add", "no-address", "--role", "staff"], 2),
        (["users", "add", "dora@example.com"], 2),
        (["users", "disable", "nobody@example.com"], 1),
        (["users", "role", "local@localhost", "staff"], 1),
        (["spaces", "restrict", "nothing of this name"], 1),
        (["spaces", "delete", "general"], 1),
    ],
)
def test_what_cannot_be_done_ends_with_one_sentence(command: CommandLine, arguments: list[str], status: int) -> None:
    done = command.run(*arguments)
    assert done.returncode == status
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_a_weak_or_missing_password_adds_nobody(command: CommandLine) -> None:
    for given, status in (("short\n", 1), ("", 2)):
        done = run_with_input(command, given, "users", "add", "fay@example.com", "--role", "staff", "--password-stdin")
        assert done.returncode == status
        assert len(done.stderr.strip().splitlines()) == 1
    assert command.value("users", "list", "fay", "--json") == []


def test_links_are_printed_once_and_stand_in_no_log(command: CommandLine, services: bootstrap.Services) -> None:
    services.accounts.add(services.people.local(), "gus@example.com", Role.STAFF)
    made = [command.value("users", kind, "gus@example.com", "--json") for kind in ("invite", "reset")]
    assert [row["link"].split("?")[0] for row in made] == ["/auth/invite", "/auth/reset"]
    secrets = [row["link"].rpartition("=")[2] for row in made]
    logs = [path.read_text() for path in services.settings.data_dir.rglob("*.log*")]
    assert not any(secret in log for secret in secrets for log in logs)


def test_a_deleted_group_leaves_its_space_restricted(command: CommandLine, services: bootstrap.Services) -> None:
    local, spaces = services.people.local(), services.accounts.spaces
    spaces.add(local, "Board papers", ["Board"], make_groups=True)
    row = command.value("groups", "delete", "Board", "--json")
    assert row["for_admins_alone"] == ["Board papers"]
    assert (spaces.one(local, "Board papers").restricted, spaces.one(local, "Board papers").groups) == (True, ())
    assert command.value("spaces", "open", "Board papers", "--json")["restricted"] is False
    assert command.value("spaces", "delete", "Board papers", "--json")["status"] == "deleted"


def test_an_account_with_a_password_is_released_for_who_comes_from_outside(command: CommandLine) -> None:
    run_with_input(command, f"{PASSWORD}\n", "users", "add", "eva@example.com", "--role", "staff", "--password-stdin")
    command.value("users", "release", "Eva@example.com", "--json")
    (row,) = command.value("users", "list", "eva", "--json")
    assert row["sign_in"] == []
    assert command.run("users", "release", "eva@example.com").returncode == 1
