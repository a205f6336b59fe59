"""Question sets with their documents, searched the way the application searches (vectors and words, fused).

A set is a folder with ``corpus.jsonl.gz`` (``_id``, ``title``, ``text``) and ``queries.jsonl.gz`` (``_id``, ``text``,
``answerable``, and as it has them ``answers``, ``gold_sentences``, ``passage``).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.domain import Passage
from assistant.knowledge.ranking import Candidate, Words, ranked
from assistant.providers.minilm import MiniLM
from assistant.providers.offline.terms import is_stop, words
from assistant.sentences import sentences
from assistant.storage.lexical import inverse_frequency, stems_in, stems_of

CHUNK_CHARACTERS = 1000
CANDIDATES = 50
LEXICAL_TERMS = 8


@dataclass(frozen=True)
class Query:
    """One question; ``answers`` are the accepted strings, one of which a right answer holds."""

    id: str
    text: str
    answerable: bool
    answers: tuple[str, ...]


class Corpus:
    """The passages of one set with vectors (kept in ``cache``) and a full-text index in memory."""

    def __init__(self, folder: Path, cache: Path, embedder: MiniLM) -> None:
        self.name = folder.name
        self._embedder = embedder
        self.passages = [passage for row in read_rows(folder / "corpus.jsonl.gz") for passage in _chunks(row)]
        self._vectors = _vectors(self.passages, cache, embedder)
        self._siblings = Counter(passage.document_id for passage in self.passages)
        self._db = sqlite3.connect(":memory:")
        self._db.execute("create virtual table t using fts5(title, text, tokenize='porter unicode61')")
        self._db.executemany("insert into t values (?, ?)", [(p.title, p.text) for p in self.passages])

    def retrieve(self, question: str, k: int = 8) -> list[Passage]:
        """Return the best passages, best first, with fused score and cosine."""
        similar = self._vectors @ self._embedder.embed([question])[0]
        by_words = self._by_words(question)
        near = {*np.argsort(-similar)[:CANDIDATES].tolist(), *by_words}
        weights = self._weights(question)
        found = {row: self._candidate(row, float(similar[row]), weights.keys()) for row in sorted(near)}
        fused = ranked(found, [Words(by_words, weights)], CANDIDATES)
        best = sorted(fused, key=lambda row: -fused[row])[:k]
        return [_found(self.passages[row], fused[row], float(similar[row])) for row in best]

    def _candidate(self, row: int, similar: float, stems: Set[str]) -> Candidate:
        passage = self.passages[row]
        held = stems_in("\n".join((passage.title, *passage.heading_path, passage.text)), stems)
        return Candidate(passage.document_id, [similar], held, self._siblings[passage.document_id])

    def _weights(self, question: str) -> dict[str, float]:
        counts = {
            stem: self._db.execute("select count(*) from t where t match ?", (f'"{stem}"',)).fetchone()[0]
            for stem in stems_of(question)
        }
        return {stem: inverse_frequency(count, len(self.passages)) for stem, count in counts.items() if count}

    def _by_words(self, question: str) -> dict[int, float]:
        """The bm25 of the passages that hold any of the question's words, higher is better."""
        asked = list(dict.fromkeys(word for word in words(question) if not is_stop(word)))[:LEXICAL_TERMS]
        if not asked:
            return {}
        match = " OR ".join('"' + word.replace('"', "") + '"' for word in asked)
        sql = "select rowid - 1, -bm25(t, 2.0, 1.0) from t where t match ? order by bm25(t, 2.0, 1.0) limit ?"
        return dict(self._db.execute(sql, (match, CANDIDATES)).fetchall())


def read_rows(path: Path) -> Iterator[dict[str, Any]]:
    """Read gzip-compressed json lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def queries(folder: Path, limit: int, seed: int = 7) -> list[Query]:
    """Return at most ``limit`` questions of a set, drawn at random by ``seed``."""
    found = [
        Query(str(row["_id"]), row["text"], bool(row.get("answerable", True)), _answers(row))
        for row in read_rows(folder / "queries.jsonl.gz")
    ]
    return random.Random(seed).sample(found, min(limit, len(found)))  # noqa: S311 - a sample, no secret


def _answers(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row.get("answers") or row.get("gold_sentences") or ())


def _chunks(row: dict[str, Any]) -> Iterator[Passage]:
    title, text = str(row.get("title", "")), str(row["text"])
    for number, (start, end) in enumerate(_spans(text)):
        yield Passage(
            chunk_id=f"{row['_id']}:1:{number}",
            document_id=str(row["_id"]),
            document=title or str(row["_id"]),
            title=title,
            version=1,
            space="general",
            start=start,
            end=end,
            page=None,
            heading_path=(title,) if title else (),
            text=text[start:end],
            score=0.0,
            similarity=0.0,
        )


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Cut at sentences into stretches of about CHUNK_CHARACTERS."""
    begin: int | None = None
    last = 0
    for start, end in sentences(text):
        if begin is not None and end - begin > CHUNK_CHARACTERS:
            yield begin, last
            begin = None
        begin = start if begin is None else begin
        last = end
    if begin is not None:
        yield begin, last


def _vectors(passages: Sequence[Passage], cache: Path, embedder: MiniLM) -> NDArray[np.float32]:
    texts = [f"{passage.title}\n{passage.text}" for passage in passages]
    kept = cache / (hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16] + ".npy")
    if not kept.exists():
        cache.mkdir(parents=True, exist_ok=True)
        np.save(kept, embedder.embed(texts))
    loaded: NDArray[np.float32] = np.load(kept)
    return loaded


def _found(passage: Passage, score: float, similarity: float) -> Passage:
    import dataclasses

    return dataclasses.replace(passage, score=score, similarity=similarity)
