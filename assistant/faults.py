"""Labelled points at which tests make the program fail, SQLite's way: the n-th passing of a point kills or raises.

In use each point costs a look at one variable. ``KB_FAULT=point:n:action`` sets a fault for a process and its children,
with the actions ``kill`` (as kill -9 does), ``disk_full`` (ENOSPC) and ``fail`` (an input/output error).
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

VARIABLE = "KB_FAULT"
POINTS = (
    "received",  # the bytes of an upload are complete, in a file that nobody knows yet
    "fsynced",
    "placed",  # under their hash
    "row_committed",  # acknowledged
    "leased",
    "child_started",
    "parsed",
    "text_stored",
    "vectors_stored",
    "finished",
    "vectors_added",
    "switched",
    "vectors_removed",
    "chunk_rows_removed",
    "original_removed",
    "old_removed",
    "generation_built",
    "committing",
    "committed",
    "migrating",
    "backup_copied",
)


@dataclass
class Fault:
    """What happens at the ``nth`` passing of a point; ``passed`` counts them."""

    point: str
    nth: int
    happen: Callable[[], None]
    passed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, point: str) -> None:
        """Count a passing; let the fault happen at the one that is meant."""
        if point != self.point:
            return
        with self._lock:
            self.passed += 1
            meant = self.passed == self.nth
        if meant:
            self.happen()


def point(name: str) -> None:
    """Pass a point: nothing happens unless a fault is set for it."""
    if _fault is not None:
        _fault.at(name)


@contextmanager
def injected(name: str, nth: int, happen: Callable[[], None]) -> Iterator[Fault]:
    """Let something happen at the ``nth`` passing of a point in this process, for as long as the block lasts."""
    global _fault  # noqa: PLW0603  # one fault at a time, looked at everywhere
    before, fault = _fault, Fault(_known(name), nth, happen)
    _fault = fault
    try:
        yield fault
    finally:
        _fault = before


def kill() -> None:
    """End this process as kill -9 does: nothing of it runs any more."""
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full() -> None:
    """Raise what a full disk raises."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fail() -> None:
    """Raise what a broken disk raises."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def _known(name: str) -> str:
    if name not in POINTS:
        raise ValueError(f"there is no point {name!r}")
    return name


def _from_environment() -> Fault | None:
    name, _, rest = os.environ.get(VARIABLE, "").partition(":")
    if not name:
        return None
    nth, _, action = rest.partition(":")
    return Fault(_known(name), int(nth), {"kill": kill, "disk_full": disk_full, "fail": fail}[action])


_fault = _from_environment()
