"""Ctrl-C while a question is being answered."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import ROOT, CommandLine
from wire_behaviours import never_begins
from wire_server import WireServer


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Have Ctrl-C heard by what is started here: a shell that starts the tests behind it has them ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupted_question_ends_at_once_and_never_as_done(tmp_path: Path, wire: WireServer) -> None:
    line = CommandLine(
        tmp_path, OPENAI_API_KEY="sk-0123456789", OPENAI_BASE_URL=f"{wire.url}/v1", ASSISTANT_SAMPLES="off"
    )
    wire.answers(never_begins)
    # No document is asked for this one, so the model is at once.
    command = [sys.executable, "-m", "assistant", "ask", "Hello, who are you?", "--provider", "openai", "--json"]
    asking = subprocess.Popen(
        command, cwd=ROOT, env=dict(line.environment), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert wire.wait_for_requests(1, 60)
    asking.send_signal(signal.SIGINT)
    said, told = asking.communicate(timeout=30)
    assert (asking.returncode, said, told) == (1, "", "")
    assert wire.wait_for_hang_up() is not None
