"""The time that limits go by: a clock that nobody can move, with the wall clock beside it."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: ``at`` in seconds since 1970 by the wall clock, ``tick`` in seconds of a clock that runs since ``boot``.

    That one never goes back, and all processes of a machine share it. Ticks of two boots cannot be compared.
    """

    at: float
    boot: str
    tick: float


Clock = Callable[[], Moment]


MINUTES_FROM = 100
"""Seconds; a longer wait is told in minutes."""


def now() -> Moment:
    """Return the present moment."""
    return Moment(time.time(), _boot(), _tick())


def in_words(seconds: float) -> str:
    """Return a wait for people: whole seconds, or minutes where those are many, never too few."""
    count, unit = (math.ceil(seconds), "second") if seconds < MINUTES_FROM else (math.ceil(seconds / 60), "minute")
    return f"{max(count, 1)} {unit}{'' if count <= 1 else 's'}"


@cache
def _boot() -> str:
    """The machine's run; where the system does not name it, that of this process, whose own clock is taken then."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        try:
            return BOOT_ID.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            pass
    return f"process {secrets.token_hex(8)}"


def _tick() -> float:
    # Unlike the monotonic clock this one goes on while a laptop sleeps.
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
