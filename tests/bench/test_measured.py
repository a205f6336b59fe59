"""The cost of a command is that of its whole process tree."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bench.measured import measure

BURN = "import time\nwhile time.process_time() < 0.5: pass"
LEAVE_ORPHAN = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}], start_new_session=True)"
HOLD_IN_CHILD = (
    "import subprocess, sys; "
    "subprocess.run([sys.executable, '-c', 'import time; kept = bytearray(200_000_000); time.sleep(0.5)'])"
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="adopting orphans is a call of Linux")


def test_processor_time_of_a_process_that_outlives_the_command_is_counted(tmp_path: Path) -> None:
    cost = measure([sys.executable, "-c", LEAVE_ORPHAN], env=dict(os.environ), cwd=tmp_path)
    assert cost.cpu >= 0.5
    assert cost.wall < cost.wall_to_last_process


def test_memory_of_a_child_is_counted(tmp_path: Path) -> None:
    cost = measure([sys.executable, "-c", HOLD_IN_CHILD], env=dict(os.environ), cwd=tmp_path)
    assert cost.peak_rss_mb > 200
    assert cost.peak_pss_mb > 200


def test_a_command_that_fails_is_told_with_its_output(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"ended with 3:\nsaid"):
        measure([sys.executable, "-c", "print('said'); raise SystemExit(3)"], env=dict(os.environ), cwd=tmp_path)
