"""Small question sets, written as files."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def write_lines(path: Path, rows: Sequence[Any]) -> None:
    """Write JSON lines; compressed when the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def write_qrels(path: Path, rows: Sequence[tuple[str, str, int]]) -> None:
    """Write judgements under their header."""
    lines = ["query-id\tcorpus-id\tscore", *(f"{query}\t{document}\t{score}" for query, document, score in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
