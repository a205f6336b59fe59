"""Shows the page a citation stands on, with the cited words marked.

Drawn pages are kept in a folder for each original, named by its hash, so that nothing of a deleted document stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from assistant.errors import UnreadableDocument
from assistant.knowledge.parsing.formats import PDF, media_type

# A page takes 0.3 s as a rule; drawings with very many lines some seconds.
SECONDS = 20.0
MEMORY_MB = 1000
MAX_PNG_BYTES = 30 * 1024 * 1024
WIDTHS = range(100, 4001)
# Drawn pages kept on disk, at about 150 kB each.
KEPT = 500
# Drawing at once takes memory; more requests wait their turn.
_AT_ONCE = threading.BoundedSemaphore(2)
_VERSION = 2
PAGES = "pages"
_PROJECT = Path(__file__).resolve().parents[2]
CANNOT = "This page cannot be drawn; download the document to see it."


def render_pdf_page(path: Path, page: int, quotes: Sequence[str], cache: Path, width_px: int = 1000) -> bytes:
    """Return a PNG of the page (counted from 1) with each quote marked, ``width_px`` wide.

    Quotes are found by their letters and digits alone; one that is not there leaves no mark. Drawn in a child process
    under limits, kept under ``cache`` in a folder with the file's own name, its hash. Raises UnreadableDocument when
    the page cannot be drawn.
    """
    width_px = min(max(width_px, WIDTHS.start), WIDTHS.stop - 1)
    try:
        kind, key = media_type(path, path.name), _key(path, page, quotes, width_px)
    except FileNotFoundError:  # deleted meanwhile
        raise UnreadableDocument(CANNOT) from None
    if kind != PDF:
        raise UnreadableDocument("Only pages of PDF files can be shown here.")
    kept = cache / path.name / f"{key}.png"
    if kept.exists():
        return kept.read_bytes()
    with _AT_ONCE:
        image = _drawn(path, page, quotes, width_px)
    with suppress(OSError):  # a full disk, say: the picture is there all the same
        _keep(image, kept)
    if not path.exists():  # deleted meanwhile
        shutil.rmtree(kept.parent, ignore_errors=True)
    return image


def forget_pictures(cache: Path, sha256: str) -> None:
    """Remove all drawn pages of an original; ``cache`` is the data folder's cache.

    Pictures of earlier releases, which do not tell whose they are, go as well.
    """
    shutil.rmtree(cache / PAGES / sha256, ignore_errors=True)
    for stray in (cache / PAGES).glob("*.png"):
        stray.unlink(missing_ok=True)


def pictures_of(cache: Path, sha256: str) -> int:
    """Count the drawn pages of an original."""
    return sum(1 for _ in (cache / PAGES / sha256).glob("*"))


def _key(path: Path, page: int, quotes: Sequence[str], width_px: int) -> str:
    state = path.stat()
    parts = [_VERSION, state.st_size, state.st_mtime_ns, page, list(quotes), width_px]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _drawn(path: Path, page: int, quotes: Sequence[str], width_px: int) -> bytes:
    request = {
        "path": str(path.resolve()),
        "page": page,
        "quotes": list(quotes),
        "width_px": width_px,
        "seconds": SECONDS,
        "memory_mb": MEMORY_MB,
    }
    command = [sys.executable, "-m", "assistant.knowledge.parsing.page_image"]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, timeout=SECONDS, check=False,
            cwd=_PROJECT, env=_environment(),
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UnreadableDocument(CANNOT) from None
    if done.returncode == 1 and 0 < len(done.stderr) < 300:
        raise UnreadableDocument(done.stderr.decode("utf-8", "replace"))
    if done.returncode or not done.stdout.startswith(b"\x89PNG") or len(done.stdout) > MAX_PNG_BYTES:
        raise UnreadableDocument(CANNOT)
    return done.stdout


def _environment() -> dict[str, str]:
    """What Python needs to start; no keys of providers."""
    return {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}


def _keep(image: bytes, target: Path) -> None:
    """Write whole or not at all; the oldest pages make room."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
        part = Path(file.name)
    try:
        part.write_bytes(image)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    pages = sorted(target.parent.parent.glob("*/*.png"), key=_drawn_at)
    for old in pages[:-KEPT]:
        old.unlink(missing_ok=True)


def _drawn_at(picture: Path) -> float:
    """When it was drawn; another thread may have removed it since."""
    try:
        return picture.stat().st_mtime
    except FileNotFoundError:
        return 0.0
