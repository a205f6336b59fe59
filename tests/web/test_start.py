"""The demo mode is for this machine only, and a wrong start ends with one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.web.start import is_loopback

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_addresses_of_this_machine_are_loopback(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.4", "example.org"])  # noqa: S104
def test_other_addresses_are_not_loopback(address: str | None) -> None:
    assert not is_loopback(address)


def _start(tmp_path: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", "0", *options],
        cwd=ROOT,
        env={**os.environ, "ASSISTANT_DATA_DIR": str(tmp_path / "data"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_demo_mode_refuses_to_listen_for_other_machines(tmp_path: Path) -> None:
    ended = _start(tmp_path, "--server.address", "0.0.0.0")  # noqa: S104
    assert ended.returncode == 1
    assert ended.stderr.strip().splitlines()[-1].startswith("The demo mode has no sign-in and listens on this machine")
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data").exists()


def test_a_wrong_setting_stops_the_start_with_one_sentence(tmp_path: Path) -> None:
    ended = _start(tmp_path, ASSISTANT_SAMPLES="perhaps")
    assert ended.returncode == 1
    assert "ASSISTANT_SAMPLES" in ended.stderr
    assert "Traceback" not in ended.stderr
