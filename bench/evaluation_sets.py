"""Question sets with their documents, ingested and searched by the application itself.

A set is a folder with ``corpus.jsonl.gz`` (``_id``, ``title``, ``text``) and ``queries.jsonl.gz`` (``_id``, ``text``,
``answerable``, and as it has them ``answers``, ``gold_sentences``, ``passage``, ``history``).
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.bootstrap import build
from assistant.domain import Passage
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.people import LOCAL

HISTORY = tuple[tuple[str, str], ...]
INGEST_SECONDS = 600.0
PASSAGES = 8
"""As many as a turn gets (chat/head_start.py)."""


@dataclass(frozen=True)
class Query:
    """One question; ``answers`` are the accepted strings, one of which a right answer holds.

    ``history`` is what was said before, as (role, text). ``about`` names what several questions have in common, the
    passage that was asked about, so that they are not told apart when a part is held out.
    """

    id: str
    text: str
    answerable: bool
    answers: tuple[str, ...]
    history: HISTORY = ()
    about: str = ""


class Corpus:
    """The documents of one set in a data folder under ``cache``: ingested once, then only searched."""

    def __init__(self, folder: Path, cache: Path, embedder: MiniLM) -> None:
        self.name = folder.name
        self._embedder = embedder
        data_dir = cache / folder.name
        self._services = build(load(data_dir=data_dir, samples=False, _env_file=None), serves=False)
        if not self._services.knowledge.documents(LOCAL):
            self._ingest(folder)

    def _ingest(self, folder: Path) -> None:
        knowledge = self._services.knowledge
        ids = [
            knowledge.upload(LOCAL, f"{number}.md", _file(row)).document_id
            for number, row in enumerate(read_rows(folder / "corpus.jsonl.gz"))
        ]
        knowledge.wait_until_done(ids, INGEST_SECONDS)
        knowledge.wait_until_indexed(INGEST_SECONDS)

    def retrieve(self, question: str, k: int = PASSAGES, also: Sequence[str] = ()) -> list[Passage]:
        """Return the best passages for a question, best first; ``also`` are other words for it."""
        queries = [question, *also]
        return self._services.knowledge.retrieve(LOCAL, queries, k, self._embedder.embed(queries))

    def close(self) -> None:
        """Let the data folder go."""
        self._services.close()


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read gzip-compressed json lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def queries(folder: Path, limit: int, seed: int = 7) -> list[Query]:
    """Return at most ``limit`` questions of a set, drawn at random by ``seed``."""
    found = [_query(row) for row in read_rows(folder / "queries.jsonl.gz")]
    return random.Random(seed).sample(found, min(limit, len(found)))  # noqa: S311 - a sample, no secret


def _query(row: dict[str, Any]) -> Query:
    said = tuple((turn["role"], turn["text"]) for turn in row.get("history", ()) if isinstance(turn, dict))
    about = str(row.get("passage") or row["_id"])
    return Query(str(row["_id"]), row["text"], bool(row.get("answerable", True)), _answers(row), said, about)


def _answers(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row.get("answers") or row.get("gold_sentences") or ())


def _file(row: dict[str, Any]) -> bytes:
    """The document as the Markdown file that somebody would upload."""
    title = str(row.get("title") or "")
    return (f"# {title}\n\n{row['text']}" if title else str(row["text"])).encode()
