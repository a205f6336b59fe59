"""Text recognition of a PDF's pages in a child process that may be killed: this is the side that asks.

The models take about a gigabyte of memory and some seconds a page, so one child works page by page, and only while
somebody waits for a scan. They come in the wheel of the extra ``ocr``; nothing is ever loaded from a network.
"""

from __future__ import annotations

import importlib.util
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from assistant.knowledge.parsing.limits import end

# A page of an A4 scan takes 1.5 to 4 seconds on two cores, and 16 to 32 on a busy machine.
PAGE_SECONDS = 180.0
# Loading the models takes a second; the first page waits for it.
START_SECONDS = 60.0
# Address space: 1.5 GB at most were seen.
MEMORY_MB = 3000
MAX_ANSWER_BYTES = 1024 * 1024
# A page of a newspaper has some 30,000; nothing that a child says is trusted.
PAGE_CHARACTERS = 100_000
LOOK_SECONDS = 1.0
MODELS = ("PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx")
_PROJECT = Path(__file__).resolve().parents[3]


class PageUnread(Exception):
    """A page could not be recognised: its child died, was too slow or refused it. Others may still be."""


def is_installed() -> bool:
    """Return whether the extra ``ocr`` is there, with the models in its wheel. Imports nothing."""
    folder = models_folder()
    return (
        folder is not None
        and importlib.util.find_spec("cv2") is not None
        and all((folder / name).is_file() for name in MODELS)
    )


def models_folder() -> Path | None:
    """Return where the wheel keeps its models; None without the extra."""
    spec = importlib.util.find_spec("rapidocr")
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) / "models" if places else None


class PageRecogniser:
    """A child that recognises pages of one PDF. Close it when done; it ends with this process in any case."""

    def __init__(self, path: Path, password: str | None, pages: int, page_seconds: float = PAGE_SECONDS) -> None:
        """Start the child, for at most so many pages."""
        self._page_seconds = page_seconds
        self._waits = START_SECONDS
        self._rest = b""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "assistant.knowledge.parsing.ocr_child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=_PROJECT, env=_environment(),
        )  # fmt: skip
        self._asks, self._answers = _pipes(self._child)
        seconds = START_SECONDS + pages * page_seconds
        request = {"path": str(path), "password": password, "seconds": seconds, "memory_mb": MEMORY_MB}
        self._ask({**request, "models": str(models_folder())})

    def text(self, page: int, alive: Callable[[], None]) -> str:
        """Return what stands on a page, counted from 1, top to bottom; empty when nothing is recognised.

        ``alive`` is called about every second; what it raises passes through. Raises PageUnread, after which this
        recogniser is of no more use.
        """
        self._ask({"page": page})
        deadline = time.monotonic() + self._page_seconds + self._waits
        self._waits = 0.0
        answer = self._answer(deadline, alive)
        if "text" not in answer:
            raise PageUnread(str(answer.get("failed", "no answer")))
        return str(answer["text"])[:PAGE_CHARACTERS]

    def close(self) -> None:
        """End the child at once."""
        if self._child.poll() is None:
            end(self._child.pid)
        self._child.wait()
        self._asks.close()
        self._answers.close()

    def _ask(self, request: dict[str, object]) -> None:
        try:
            os.write(self._asks.fileno(), json.dumps(request).encode() + b"\n")
        except (OSError, ValueError):  # it died, or was closed by another thread
            raise PageUnread("the child is gone") from None

    def _answer(self, deadline: float, alive: Callable[[], None]) -> dict[str, Any]:
        """Read one line, piece by piece: a child that stops within it must not hold this process."""
        while b"\n" not in self._rest:
            piece = self._piece(deadline)
            self._rest += piece
            if not piece:
                alive()
            if len(self._rest) > MAX_ANSWER_BYTES:
                raise PageUnread("too much")
        line, _, self._rest = self._rest.partition(b"\n")
        try:
            answer = json.loads(line)
        except (ValueError, RecursionError):
            raise PageUnread("nonsense") from None
        return answer if isinstance(answer, dict) else {}

    def _piece(self, deadline: float) -> bytes:
        if time.monotonic() >= deadline:
            raise PageUnread("too slow")
        if not select.select([self._answers], [], [], LOOK_SECONDS)[0]:
            return b""
        piece = os.read(self._answers.fileno(), 65_536)
        if not piece:
            raise PageUnread("the child died")
        return piece


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None:
        raise ValueError("the child was started without pipes")
    return child.stdin, child.stdout


def _environment() -> dict[str, str]:
    """What Python needs to start, and one thread for arithmetic beside the models' own; no keys of providers."""
    kept = ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH")
    return {"OPENBLAS_NUM_THREADS": "1"} | {name: os.environ[name] for name in kept if name in os.environ}
