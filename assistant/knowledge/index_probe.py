"""Tries a Chroma folder out in a process of its own: opening a damaged one can end the process that does so.

``python -m assistant.knowledge.index_probe FOLDER OWNER`` (a process id) ends with 0 when the folder can be used, else
says what is wrong; with 3 when that is the disk it stands on.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from assistant.knowledge.index import IndexDamaged, IndexFull, VectorIndex
from assistant.settings import PROJECT

# Importing Chroma takes two to four seconds on a busy machine, opening 100,000 vectors two more.
PROBE_SECONDS = 60.0
POLL_SECONDS = 0.05
NICENESS = 5
DISK_IS_FULL = 3
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")


def fault_in(folder: Path, stop: threading.Event) -> str | None:
    """Return what keeps a folder from being used that nobody has open; None when nothing does, or on ``stop``.

    Raises IndexFull when there is no room to open it.
    """
    process = _start(folder)
    deadline = time.monotonic() + PROBE_SECONDS
    while process.poll() is None:
        if stop.wait(POLL_SECONDS) or time.monotonic() > deadline:
            process.kill()
            process.wait()
            return None if stop.is_set() else f"opening it took longer than {PROBE_SECONDS:.0f} s"
    said, _ = process.communicate()
    if process.returncode == DISK_IS_FULL:
        raise IndexFull(said)
    return (said.strip() or f"it ended a process with code {process.returncode}") if process.returncode else None


def _start(folder: Path) -> subprocess.Popen[str]:
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    command = [sys.executable, "-m", "assistant.knowledge.index_probe", str(folder), str(os.getpid())]
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def main(folder: Path, owner: int) -> int:
    """Use the folder as its owner, the process that started this one, would; return the exit code."""
    _end_with(owner)
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    index = VectorIndex(folder)
    try:
        index.connect()
        index.try_out()
    except IndexDamaged as error:
        sys.stdout.write(str(error))
        return DISK_IS_FULL if isinstance(error, IndexFull) else 1
    index.close()
    return 0


def _end_with(owner: int) -> None:
    """Have the kernel end this process when the owner dies: the next one must find nobody in the folder."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != owner:
        sys.exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
