"""Waiting for what another thread or process does."""

from __future__ import annotations

import time
from collections.abc import Callable

WAIT_SECONDS = 90.0
"""Longer than anything takes, on a machine that is busy with other things."""
LOOK_SECONDS = 0.02


def until(condition: Callable[[], object], seconds: float = WAIT_SECONDS) -> None:
    """Return once the condition holds; fails when it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(LOOK_SECONDS)
