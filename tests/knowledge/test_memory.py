"""What a command that works alone does about its memory, seen in the C library's own figures."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from assistant.knowledge import memory

pytestmark = pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}), reason="the C library is not GNU's"
)

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1_000_000
AREAS = """
import ctypes, sys, threading
from assistant.knowledge import memory
if sys.argv[1] == "shared":
    memory.share_areas()
library = ctypes.CDLL(None)
library.malloc.restype = library.fopen.restype = ctypes.c_void_p
together = threading.Barrier(8)
def take():
    together.wait()
    library.malloc(1000)
    together.wait()
threads = [threading.Thread(target=take) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file = ctypes.c_void_p(library.fopen(sys.argv[2].encode(), b"w"))
library.malloc_info(0, file)
library.fclose(file)
"""


def _areas(kind: str, told: Path) -> int:
    subprocess.run([sys.executable, "-c", AREAS, kind, str(told)], cwd=ROOT, check=True)
    return told.read_text().count("<heap nr=")


def test_threads_share_two_areas(tmp_path: Path) -> None:
    assert _areas("own", tmp_path / "own.xml") > memory.ARENAS
    assert _areas("shared", tmp_path / "shared.xml") <= memory.ARENAS


def test_memory_that_is_free_is_given_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    blocks = [library.malloc(10_000) for _ in range(5_000)]
    for block in blocks:
        ctypes.memset(ctypes.c_void_p(block), 1, 10_000)
    for block in blocks[:-1]:  # the last one keeps the area from shrinking by itself
        library.free(ctypes.c_void_p(block))
    before = psutil.Process().memory_info().rss
    memory.give_back()
    assert before - psutil.Process().memory_info().rss > 30 * MEGABYTE
    library.free(ctypes.c_void_p(blocks[-1]))
