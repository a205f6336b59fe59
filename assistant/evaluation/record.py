"""A run as a record: its figures, what they were measured with, and the facts of the machine that bear on them."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.evaluation.figures import Figure
from assistant.settings import PROJECT

COMMITTED = PROJECT / "bench" / "results" / "evaluation.json"
"""The last record that was committed."""
LIBRARIES = ("chromadb", "numpy", "onnxruntime", "pypdfium2", "tokenizers")
DIGITS = 4


@dataclass(frozen=True)
class Record:
    """What one run found. ``options`` are how it was asked for, ``notes`` sentences about what was left out."""

    figures: Sequence[Figure]
    options: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[str] = ()
    seconds: float = 0.0


def as_row(record: Record) -> dict[str, Any]:
    """Return the JSON object; nothing in it names the machine."""
    return {
        "name": "evaluation",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "machine": _machine(),
        "options": dict(record.options),
        "minutes": round(record.seconds / 60, 1),
        "notes": list(record.notes),
        "figures": [_figure_row(figure) for figure in record.figures],
    }


def as_text(record: Record) -> str:
    """Return the record's object as text, a line a figure, so that two versions can be compared by eye."""
    row = as_row(record)
    figures = ",\n".join(f"  {json.dumps(figure, ensure_ascii=False)}" for figure in row.pop("figures"))
    head = json.dumps(row, indent=1, ensure_ascii=False).removesuffix("\n}")
    return f'{head},\n "figures": [\n{figures}\n ]\n}}\n'


def read_figures(path: Path) -> list[Figure]:
    """Return the figures of a record; none where the file is missing. AssistantError when it is no record."""
    if not path.is_file():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["figures"]
        return [Figure(**{**row, "value": math.nan if row["value"] is None else row["value"]}) for row in rows]
    except (ValueError, KeyError, TypeError, OSError):
        raise AssistantError(f"{path.name} is no record of an evaluation.") from None


def _figure_row(figure: Figure) -> dict[str, object]:
    return {**asdict(figure), "value": None if math.isnan(figure.value) else round(figure.value, DIGITS)}


def _commit() -> str | None:
    """The commit that the sources stand at, with a plus where they were changed since; None outside a checkout."""
    told = _git("rev-parse", "--short", "HEAD")
    return None if told is None else told + ("+" if _git("status", "--porcelain", "--", "assistant") else "")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=PROJECT, capture_output=True, text=True, check=True)  # noqa: S607  # git is where the machine has it
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _machine() -> dict[str, object]:
    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := _version(name))},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
