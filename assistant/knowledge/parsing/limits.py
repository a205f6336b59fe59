"""What a process that opens other people's files may take."""

from __future__ import annotations

import ctypes
import math
import resource
import signal
from dataclasses import dataclass

MEGABYTE = 1024 * 1024
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux' prctl
_NO_NEW_RIGHTS = 38  # PR_SET_NO_NEW_PRIVS


@dataclass(frozen=True, slots=True)
class Limits:
    """Wall and processor seconds, and megabytes of address space."""

    seconds: float
    memory_mb: int

    def apply(self) -> None:
        """Bind this process, for ever: no file can be written, no core dumped, no process started."""
        processor = math.ceil(self.seconds) + 1
        _bound(resource.RLIMIT_AS, self.memory_mb * MEGABYTE)
        _bound(resource.RLIMIT_CPU, processor)
        _bound(resource.RLIMIT_FSIZE, 0)
        _bound(resource.RLIMIT_CORE, 0)
        die_with_parent()


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends (Linux; elsewhere the processor limit ends it)."""
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
    except (OSError, AttributeError):
        return


def _bound(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
