"""Ctrl-C while a question is being answered."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from command_line import ROOT, CommandLine
from wire_behaviours import never_begins
from wire_server import WireServer


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
