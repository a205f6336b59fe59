"""Keeps the memory of a command that works alone small; where the C library is not GNU's, both functions do nothing."""

from __future__ import annotations

import ctypes
from contextlib import suppress

# `M_ARENA_MAX` of mallopt(3). Each thread takes from an area of its own by default, and what it frees stays there.
ARENAS_OPTION, ARENAS = -8, 2


def share_areas() -> None:
    """Have all threads that begin after this take their memory from two areas, so that one uses what another freed."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(ARENAS_OPTION, ARENAS)


def give_back() -> None:
    """Give memory that is free to the system: what comes next takes it in other pieces."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
