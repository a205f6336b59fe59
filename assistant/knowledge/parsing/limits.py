"""What a process that opens other people's files may take, and what walls stand around it.

``python -m assistant.knowledge.parsing.limits`` prints as JSON which walls this machine does not give.
"""

from __future__ import annotations

import ctypes
import json
import math
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from assistant.knowledge.parsing import calls

MEGABYTE = 1024 * 1024
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux' prctl
_NO_NEW_RIGHTS = 38  # PR_SET_NO_NEW_PRIVS
_OWN_USERS = 0x10000000  # CLONE_NEWUSER of Linux' unshare, without which only root may do the next
_OWN_NETWORK = 0x40000000  # CLONE_NEWNET
_PROJECT = Path(__file__).resolve().parents[3]
_LOOK_SECONDS = 20.0

NO_NETWORK_WALL = (
    "Readers of uploaded files cannot be kept from the network here (the container or kernel forbids it): "
    "a file that takes its reader over could reach it."
)
NO_PROCESS_WALL = (
    "Readers of uploaded files cannot be kept from starting programs and removing files here (the kernel or machine "
    "has no filter of calls): a file that takes its reader over could do so."
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Wall and processor seconds, and megabytes of address space. ``threads`` are needed by models, not by parsers."""

    seconds: float
    memory_mb: int
    threads: bool = False

    def apply(self) -> list[str]:
        """Bind this process for ever; return a sentence for each wall that could not be raised.

        Beside its bounds it can neither write nor remove any file, dump no core, reach no network, start no process
        and signal no other, and it leads a process group of its own.
        """
        _lead_a_group()
        _bound(resource.RLIMIT_AS, self.memory_mb * MEGABYTE)
        _bound(resource.RLIMIT_CPU, math.ceil(self.seconds * (os.cpu_count() or 1 if self.threads else 1)) + 1)
        _bound(resource.RLIMIT_FSIZE, 0)
        _bound(resource.RLIMIT_CORE, 0)
        alone = _let_go()
        filtered = calls.refuse()
        if not self.threads:
            _bound(resource.RLIMIT_NPROC, 0)
        return [*([] if alone or filtered else [NO_NETWORK_WALL]), *([] if filtered else [NO_PROCESS_WALL])]


def end(pid: int) -> None:
    """Kill a child and all that it started, if it is still there."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # it leads no group yet, or is gone
            continue


def missing_walls() -> list[str]:
    """Say in a sentence each which walls around readers of files this machine does not give; empty when all stand."""
    command = [sys.executable, "-m", "assistant.knowledge.parsing.limits"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LOOK_SECONDS, check=True, cwd=_PROJECT)
        return [str(sentence) for sentence in json.loads(done.stdout)]
    except (OSError, ValueError, subprocess.SubprocessError):
        return ["The walls around readers of uploaded files could not be tried here."]


def _lead_a_group() -> None:
    """Lead a new session, unless this process leads a group already."""
    try:
        os.setsid()
    except PermissionError:
        return


def _let_go() -> bool:
    """End with the parent, gain no rights, and move to a network of one's own that leads nowhere.

    This is Linux' own; elsewhere, and where a container forbids such a network, say so by False.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        libc.prctl(_NO_NEW_RIGHTS, 1, 0, 0, 0)
        return bool(libc.unshare(_OWN_USERS | _OWN_NETWORK) == 0 or libc.unshare(_OWN_NETWORK) == 0)
    except (OSError, AttributeError):
        return False


def _bound(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


if __name__ == "__main__":
    missing = Limits(_LOOK_SECONDS, 1000).apply()
    sys.stdout.write(json.dumps(missing))
