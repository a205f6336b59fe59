"""What is installed when: the locks agree, and what was asked for once stays."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-extras.lock", "requirements-dev.lock")
OF_EXTRAS = {"anthropic", "boto3"}


def pins(lock: str) -> set[str]:
    """The pinned versions of a lock, with the markers they hold under."""
    return set(re.findall(r"^([a-z0-9.-]+==[^\\]+?) *\\", (ROOT / lock).read_text(), flags=re.MULTILINE))


def names(lock: str) -> set[str]:
    return {pin.partition("==")[0] for pin in pins(lock)}


def test_each_wider_lock_holds_the_narrower_one_in_the_same_versions() -> None:
    run, extras, dev = (names(lock) for lock in LOCKS)
    versions = [{pin.split(" ")[0] for pin in pins(lock)} for lock in LOCKS]
    assert len(run) > 100
    assert run < extras < dev
    assert versions[0] <= versions[1] <= versions[2]


def test_the_extras_are_in_their_lock_and_not_in_the_lean_one() -> None:
    assert OF_EXTRAS.isdisjoint(names("requirements.lock"))
    assert names("requirements-extras.lock") >= OF_EXTRAS


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address_and_has_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert text.count("--hash=sha256:") > len(pins(lock))


@pytest.mark.parametrize(
    ("target", "stamps", "lock"),
    [
        ("install", [], "requirements.lock"),
        ("install", [".installed-extras"], "requirements-extras.lock"),
        ("install", [".installed-extras", ".installed-dev"], "requirements-dev.lock"),
        ("extras", [], "requirements-extras.lock"),
        ("extras", [".installed-dev"], "requirements-dev.lock"),
    ],
)
def test_what_was_installed_once_stays(target: str, stamps: list[str], lock: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").touch()
    for stamp in stamps:
        (tmp_path / stamp).touch()
    told = subprocess.run(
        ["make", "--dry-run", "--always-make", f"VENV={tmp_path}", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.findall(r"--require-hashes (\S+)", told) == [lock]
