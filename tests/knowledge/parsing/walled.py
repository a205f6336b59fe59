"""What a process behind the walls can still do; a process of its own, since a fork of the tests' could hang on a lock.

``walled.py files FOLDER PORT`` and ``walled.py threads`` print how many attempts failed.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.knowledge.parsing.limits import Limits


def files(folder: Path, port: int) -> int:
    """Try memory, network, processes and files of others, as a parser that was taken over might."""
    Limits(5, 400).apply()
    victim = folder / "victim.txt"
    return _failed(
        lambda: (folder / "out.txt").write_text("escaped"),
        lambda: bytearray(1024**3),
        lambda: socket.create_connection(("127.0.0.1", port), timeout=1),
        os.fork,
        lambda: os.execv("/bin/true", ["true"]),  # noqa: S606  # only tried
        lambda: os.kill(os.getppid(), 0),
        victim.unlink,
        lambda: victim.rename(folder / "elsewhere.txt"),
        lambda: os.truncate(victim, 0),
        lambda: victim.open("r+").close(),
        lambda: victim.chmod(0o600),
        (folder / "new").mkdir,
    )


def threads() -> int:
    """Try a thread, which models need, and a process."""
    Limits(5, 400, threads=True).apply()
    return _failed(_run_thread, os.fork)


def _run_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def _failed(*attempts: Callable[[], object]) -> int:
    failed = 0
    for attempt in attempts:
        try:
            attempt()
        except (OSError, MemoryError):
            failed += 1
    return failed


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    failures = threads() if what == "threads" else files(Path(rest[0]), int(rest[1]))
    sys.stdout.write(str(failures))
