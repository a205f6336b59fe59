"""The documents of a set as the files that somebody would upload."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.evaluation import json_rows
from assistant.evaluation.json_rows import Row
from assistant.evaluation.question_sets import QuestionSet

_NOT_IN_NAMES = re.compile(r"[^\w .-]+")
NAME_CHARACTERS = 120
HEAD_BYTES = 16


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """One file; ``id`` is what the judgements call it."""

    id: str
    name: str
    data: bytes


def files_of(one: QuestionSet) -> Iterator[CorpusFile]:
    """Give the files of a set, each with a name of its own."""
    if one.documents is not None:
        yield from _whole_files(one.documents)
    elif one.corpus is not None:
        yield from _written(one.corpus)


def _whole_files(folder: Path) -> Iterator[CorpusFile]:
    """Files as they stand; a PDF goes by its name without the ending, as its pages do (``NAME#p0``)."""
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        yield CorpusFile(path.stem if path.suffix.lower() == ".pdf" else path.name, path.name, path.read_bytes())


def _written(corpus: Path) -> Iterator[CorpusFile]:
    """A page for a document with HTML, Markdown under its title for one with a title, plain text for others."""
    taken: set[str] = set()
    for row in json_rows.read(corpus, "_id", "text"):
        ending, text = _contents(row)
        yield CorpusFile(row["_id"], _name(row["_id"], ending, taken), text.encode())


def _contents(row: Row) -> tuple[str, str]:
    title = str(row.get("title") or "").strip()
    if row.get("html"):
        return "html", str(row["html"])
    return ("md", f"# {title}\n\n{row['text']}") if title else ("txt", str(row["text"]))


def _name(id_: str, ending: str, taken: set[str]) -> str:
    stem = _NOT_IN_NAMES.sub("-", id_.removesuffix(f".{ending}"))[:NAME_CHARACTERS].strip(" .-") or "document"
    name, number = f"{stem}.{ending}", 1
    while name.casefold() in taken:
        number += 1
        name = f"{stem} {number}.{ending}"
    taken.add(name.casefold())
    return name


def digest(files: Iterator[CorpusFile]) -> str:
    """Return what tells equal corpora: a digest of all names and contents."""
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.id}\0{file.name}\0".encode() + hashlib.sha256(file.data).digest())
    return whole.hexdigest()[:HEAD_BYTES]
