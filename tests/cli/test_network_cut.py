"""Everything works with the network cut, and nothing even tries to reach it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import CommandLine

# Loaded by every Python process of the run: writes down each try to leave the machine and refuses it.
GUARD = """
import os, socket, sys
_connect = socket.socket.connect
_resolve = socket.getaddrinfo
def _note(what):
    with open(os.environ["ATTEMPTS"], "a") as file:
        file.write(f"{what} {sys.argv}\\n")
    raise OSError(101, "Network is unreachable")
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1"):
        _note(address)
    return _connect(self, address)
def getaddrinfo(host, *rest, **named):
    if host not in (None, "localhost", "127.0.0.1", "::1"):
        _note(host)
    return _resolve(host, *rest, **named)
socket.socket.connect = connect
socket.getaddrinfo = getaddrinfo
"""
DOCUMENT = "# Printer\nThe printer on floor 9 has the queue name PRN-9-KILO.\n"


def journey(command: CommandLine, folder: Path) -> None:
    """Ingest, search and ask, from an empty data folder."""
    document = folder / "printer.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    assert command.value("ingest", str(document), "--json")["status"] == "ready"
    assert command.value("search", "printer queue", "--json")[0]["document"] == "printer.md"
    answer = command.value("ask", "What is the queue name of the printer on floor 9?", "--json")
    assert "PRN-9-KILO" in answer["answer"]


def test_nothing_tries_to_leave_the_machine(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(GUARD, encoding="utf-8")
    attempts = tmp_path / "attempts"
    journey(CommandLine(tmp_path / "data", PYTHONPATH=str(tmp_path), ATTEMPTS=str(attempts)), tmp_path)
    assert not attempts.exists(), attempts.read_text()


def test_it_works_in_a_process_without_any_network(tmp_path: Path) -> None:
    cut = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--user", "--net")
    if not shutil.which("unshare") or subprocess.run([*cut, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a test cut the network")
    journey(CommandLine(tmp_path / "data", prefix=cut), tmp_path)
