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
_OWN_USERS = 0x10000000  # CLONE_NEWUSER of Linux' unshare, without which only root may do the next
_OWN_NETWORK = 0x40000000  # CLONE_NEWNET


@dataclass(frozen=True, slots=True)
class Limits:
    """Wall and processor seconds, and megabytes of address space."""

    seconds: float
    memory_mb: int

    def apply(self) -> None:
        """Bind this process for ever: beside its bounds it can write no file, dump no core and reach no network."""
        _bound(resource.RLIMIT_AS, self.memory_mb * MEGABYTE)
        _bound(resource.RLIMIT_CPU, math.ceil(self.seconds) + 1)
        _bound(resource.RLIMIT_FSIZE, 0)
        _bound(resource.RLIMIT_CORE, 0)
        _let_go()


def _let_go() -> None:
    """End with the parent, gain no rights, and move to a network of one's own that leads nowhere.

    This is Linux' own; elsewhere, and where a container forbids it, the other bounds hold alone.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
        libc.unshare(_OWN_USERS | _OWN_NETWORK)
    except (OSError, AttributeError):
        return


def _bound(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
