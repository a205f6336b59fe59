"""Run one command and write what its whole process tree cost. Usage: OUTPUT COMMAND...

This process adopts orphans of the tree (Linux's child subreaper), so that a worker that outlives the command is
waited for and its processor time is counted exactly by RUSAGE_CHILDREN. Memory is sampled.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
SAMPLE_SECONDS = 0.02
MB = 1e6


@dataclass
class Cost:
    """Seconds and megabytes of one run: ``cpu`` is user plus system of every process of the tree to its end."""

    exit_status: int
    wall: float
    wall_to_last_process: float
    cpu: float
    peak_rss_mb: float
    peak_pss_mb: float
    output: str = ""


class PeakMemory(threading.Thread):
    """Samples the tree below this process; resident pages every 20 ms, shared ones divided every tenth time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.rss = 0
        self.pss = 0
        self._done = threading.Event()

    def run(self) -> None:
        """Sample until stopped."""
        turns = 0
        while not self._done.wait(SAMPLE_SECONDS):
            tree = psutil.Process().children(recursive=True)
            self.rss = max(self.rss, sum(resident(process) for process in tree))
            if turns % 10 == 0:
                self.pss = max(self.pss, sum(proportional(process) for process in tree))
            turns += 1

    def stop(self) -> None:
        """Stop sampling."""
        self._done.set()
        self.join()


def resident(process: psutil.Process) -> int:
    """Resident bytes of a process; 0 when it has ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def proportional(process: psutil.Process) -> int:
    """Resident bytes, each shared page divided by the processes that map it; 0 when the process has ended."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def run(command: list[str]) -> Cost:
    """Run the command to the end of its last process."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    memory = PeakMemory()
    memory.start()
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
    wall = time.perf_counter() - began
    _wait_for_orphans()
    last = time.perf_counter() - began
    memory.stop()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime
    return Cost(done.returncode, wall, last, cpu, memory.rss / MB, memory.pss / MB, done.stdout)


def _wait_for_orphans() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def measure(command: list[str], *, env: dict[str, str], cwd: Path) -> Cost:
    """Run the command under a process of its own that measures it; SystemExit with its output when it fails."""
    report = cwd / "cost.json"
    runner = [sys.executable, str(Path(__file__).resolve()), str(report), *command]
    subprocess.run(runner, env=env, cwd=cwd, check=True)
    cost = Cost(**json.loads(report.read_text()))
    if cost.exit_status:
        raise SystemExit(f"{command[0]} ended with {cost.exit_status}:\n{cost.output}")
    return cost


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(asdict(run(sys.argv[2:]))))
