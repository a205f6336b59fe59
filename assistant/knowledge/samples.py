"""The sample documents, which an empty knowledge base begins with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

SUFFIXES = frozenset({".pdf", ".docx", ".xlsx", ".pptx", ".html", ".csv", ".md", ".txt"})


def upload_all(folder: Path, upload: Callable[[str, BinaryIO], object]) -> int:
    """Upload the documents of a folder, by name; return how many."""
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES)
    for path in files:
        with path.open("rb") as stream:
            upload(path.name, stream)
    return len(files)
