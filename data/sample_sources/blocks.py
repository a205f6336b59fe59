"""Read a sample's source: a few `key: value` lines, then a small markdown dialect."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["heading", "subheading", "text", "note", "numbered", "bullets", "table"]

_PREFIXES: tuple[tuple[str, Kind], ...] = (
    ("### ", "subheading"),
    ("## ", "heading"),
    ("> ", "note"),
    ("- ", "bullets"),
    ("| ", "table"),
)
_NUMBER = re.compile(r"^\d+\. ")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


@dataclass(frozen=True)
class Block:
    """One piece of a document: its kind and its lines (or table rows)."""

    kind: Kind
    lines: list[str]

    @property
    def text(self) -> str:
        """The lines as one running text."""
        return " ".join(self.lines)

    @property
    def rows(self) -> list[list[str]]:
        """The cells of a table, its header row first."""
        cells = [[c.strip() for c in line.strip("|").split("|")] for line in self.lines]
        return [row for row in cells if not set("".join(row)) <= set("-: ")]


@dataclass(frozen=True)
class Source:
    """A parsed source file: what its head says, and its blocks in order."""

    facts: dict[str, str]
    blocks: list[Block] = field(default_factory=list)

    @property
    def title(self) -> str:
        """The title printed on the document."""
        return self.facts["title"]


def read(path: Path) -> Source:
    """Parse one source file."""
    _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
    pairs = (line.split(": ", 1) for line in head.strip().splitlines())
    facts = {key.strip(): value.strip() for key, value in pairs}
    chunks = (c.strip("\n") for c in re.split(r"\n\s*\n", body) if c.strip())
    return Source(facts, [_block(chunk.splitlines()) for chunk in chunks])


def bold_runs(text: str) -> list[tuple[str, bool]]:
    """Split a text at its **bold** marks into (words, is bold) runs."""
    parts = _BOLD.split(text)
    return [(part, i % 2 == 1) for i, part in enumerate(parts) if part]


def _block(lines: list[str]) -> Block:
    first = lines[0]
    if _NUMBER.match(first):
        return Block("numbered", [_NUMBER.sub("", line) for line in lines])
    for prefix, kind in _PREFIXES:
        if first.startswith(prefix):
            return Block(kind, [line.removeprefix(prefix) for line in lines])
    return Block("text", lines)
