"""Files of JSON objects, one a line, plain or gzip-compressed; what cannot be used is named by file and line."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError

Row = Mapping[str, Any]
SUFFIXES = (".jsonl.gz", ".jsonl")


def find(folder: Path, stem: str) -> Path | None:
    """Return the file of this name in the folder, compressed or not; None without one."""
    return next((path for suffix in SUFFIXES if (path := folder / f"{stem}{suffix}").is_file()), None)


def shown(path: Path) -> str:
    """Return how a sentence names the file: with the folder that it stands in."""
    return f"{path.parent.name}/{path.name}"


def read(path: Path, *needed: str) -> Iterator[Row]:
    """Give the objects, each with the ``needed`` fields as texts; AssistantError names the first that is not so."""
    for number, line in _lines(path):
        if line.strip():
            yield _object(line, f"Line {number} of {shown(path)}", needed)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                yield number, line
    except UnicodeDecodeError:
        raise AssistantError(f"{shown(path)} is not text in UTF-8, from line {number + 1} on.") from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise AssistantError(f"{shown(path)} cannot be unpacked, from line {number + 1} on.") from None
    except OSError as error:
        raise AssistantError(f"{shown(path)} cannot be read: {error.strerror}.") from None


def _object(line: str, where: str, needed: tuple[str, ...]) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise AssistantError(f"{where} is not a JSON object.") from None
    if not isinstance(value, dict):
        raise AssistantError(f"{where} is not a JSON object.")
    for name in needed:
        if not isinstance(value.get(name), str) or (name == "_id" and not value[name]):
            raise AssistantError(f"{where} has no {name!r}, or one that is no text.")
    return value
