"""The embedding model's graph, built once a run and lent to whatever a test starts, which would take a second each."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from assistant.providers.minilm import MiniLM
from assistant.providers.offline.attacks import AttackClassifier, kept_file

VARIABLE = "TESTS_MODEL_CACHE"
"""Names the folder of a run; processes that run tests side by side are given it by the one that started them."""


def open_shelf() -> None:
    """Make the run's folder, in the process that starts the others."""
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="model-")


def close_shelf() -> None:
    """Remove the run's folder."""
    shutil.rmtree(os.environ.pop(VARIABLE), ignore_errors=True)


@cache
def shelf() -> Path:
    """Return the run's folder with the graph in it; it is looked through once a process."""
    folder = Path(os.environ[VARIABLE])
    embedder = MiniLM(folder)
    embedder.warm()
    AttackClassifier(embedder, kept_file(folder, embedder)).warm()
    return folder


def lend(data_dir: Path) -> None:
    """Put the graph into a data folder that has none and can be written; it takes no room there."""
    cache = data_dir / "cache"
    if cache.exists():
        return
    with suppress(NotADirectoryError):
        shutil.copytree(shelf(), cache, copy_function=os.link)
