"""A library of any size written straight into SQL: texts by Zipf's law about topics, vectors that lie in clusters.

Vectors without clusters would show an approximate index at its worst (recall 0.35), which no real library does. The
centres are the embedded model's vectors of texts on each topic, so that questions on a topic lie near its chunks.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assistant.providers.minilm import MiniLM
from assistant.storage.migrate import upgrade
from assistant.storage.rows import EMBEDDED

CHUNKS_A_DOCUMENT = 10
TOPICS = 400
WORDS_A_TOPIC = 120
WORDS_A_CHUNK = 110
COMMON_SHARE, TOPIC_SHARE = 0.4, 0.3
"""Of a text's words: function words, words of its topic; the rest are words of any topic."""
VOCABULARY = 40_000
SPREAD_DIMENSIONS, SPREAD = 40, 0.35
QUESTION_WORDS = 5
SEED = 20_261_120
MOMENT = "2026-11-01 09:00:00"

FUNCTION_WORDS = (
    "the", "of", "and", "to", "in", "a", "is", "that", "for", "it", "as", "was", "with", "be", "by", "on", "not",
    "are", "this", "or", "from", "at", "which", "have", "an", "they", "you", "were", "their", "has", "when", "who",
)  # fmt: skip
ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "st", "tr", "pl", "gr", "kl")
VOWELS = ("a", "e", "i", "o", "u", "au")
CODAS = ("n", "r", "l", "k", "m", "t", "x")

Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Library:
    """What was written: where, how much, and questions on it."""

    data_dir: Path
    documents: int
    chunks: int
    questions: tuple[str, ...]


def write_library(data_dir: Path, documents: int, embedder: MiniLM, questions: int = 200) -> Library:
    """Write a library of that many documents, ready and searchable; the same bytes on every run."""
    data_dir.mkdir(parents=True)
    path = data_dir / "assistant.sqlite"
    upgrade(f"sqlite:///{path}")
    texts = _Texts()
    centres = embedder.embed([texts.chunk(topic) for topic in range(TOPICS)])
    connection = sqlite3.connect(path)
    with connection:
        for number in range(documents):
            _write_document(connection, number, texts, centres)
        connection.execute("UPDATE knowledge_state SET documents_added = ?, revision = 1", (documents,))
        connection.execute("INSERT INTO chunks_fts(chunks_fts) VALUES ('optimize')")
    connection.close()
    asked = tuple(texts.question(number % TOPICS) for number in range(questions))
    return Library(data_dir, documents, documents * CHUNKS_A_DOCUMENT, asked)


class _Texts:
    """Words of any topic by Zipf's law, and on each topic words of its own among them."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(SEED)
        words = list(itertools.islice(_words(), VOCABULARY))
        self._chance.shuffle(words)
        self._words = np.array(words)
        weights = 1.0 / np.arange(10, VOCABULARY + 10)
        self._weights = np.cumsum(weights / weights.sum())
        self._of_topic = [self._chance.choice(VOCABULARY, WORDS_A_TOPIC) for _ in range(TOPICS)]

    def chunk(self, topic: int) -> str:
        """A text on the topic."""
        return " ".join(self._drawn(topic, WORDS_A_CHUNK, COMMON_SHARE)) + "."

    def question(self, topic: int) -> str:
        """A question on the topic: function words, words of the topic and common ones."""
        asked = " ".join(self._drawn(topic, QUESTION_WORDS, 0.0))
        return f"what is the {asked}?"

    def title(self, topic: int) -> str:
        """Four words of the topic."""
        return " ".join(self._words[self._chance.choice(self._of_topic[topic], 4)]).title()

    def _drawn(self, topic: int, count: int, common: float) -> list[str]:
        kinds = self._chance.random(count)
        general = self._words[np.searchsorted(self._weights, self._chance.random(count)).clip(max=VOCABULARY - 1)]
        own = self._words[self._chance.choice(self._of_topic[topic], count)]
        function = self._chance.choice(FUNCTION_WORDS, count)
        drawn = np.where(kinds < common, function, np.where(kinds < common + TOPIC_SHARE, own, general))
        return [str(word) for word in drawn]


def _words() -> Iterator[str]:
    syllables = ["".join(parts) for parts in itertools.product(ONSETS, VOWELS)]
    for parts in itertools.product(syllables, syllables, CODAS):
        yield "".join(parts)


def _write_document(connection: sqlite3.Connection, number: int, texts: _Texts, centres: Matrix) -> None:
    topic = number % TOPICS
    version, document, title = number + 1, f"{number:016x}", texts.title(topic)
    chunks = [texts.chunk(topic) for _ in range(CHUNKS_A_DOCUMENT)]
    text, digest = "\n".join(chunks), sha256(document.encode()).hexdigest()
    connection.execute(
        "INSERT INTO documents (id, space_id, name, live_version_id, created_at) VALUES (?, 'general', ?, ?, ?)",
        (document, f"{title} {number}.txt", version, MOMENT),
    )
    connection.execute(
        "INSERT INTO document_versions (id, document_id, number, name, sha256, media_type, size, title, text, chunks,"
        " embedding_model, status, done, total, attempt, starts, uploaded_by, uploaded_at, ready_at)"
        " VALUES (?, ?, 1, ?, ?, 'text/plain', ?, ?, ?, ?, ?, 'ready', ?, ?, 1, 1, 'local', ?, ?)",
        (version, document, f"{title} {number}.txt", digest, len(text), title, text, len(chunks), EMBEDDED,
         len(chunks), len(chunks), MOMENT, MOMENT),
    )  # fmt: skip
    connection.execute(
        'INSERT INTO version_pages (version_id, position, start, "end") VALUES (?, 0, 0, ?)', (version, len(text))
    )
    connection.executemany(
        'INSERT INTO chunks (version_id, number, start, "end", title, heading, text, digest, embedding)'
        " VALUES (?, ?, ?, ?, ?, '', ?, ?, ?)",
        _chunk_rows(version, title, chunks, _near(centres[topic], len(chunks), number)),
    )


def _chunk_rows(version: int, title: str, chunks: Sequence[str], vectors: Matrix) -> Iterator[tuple[object, ...]]:
    start = 0
    for number, (chunk, vector) in enumerate(zip(chunks, vectors, strict=True)):
        end, digest = start + len(chunk), sha256(f"{version}:{number}".encode()).digest()
        yield version, number, start, end, title, chunk, digest, vector.astype("<f2").tobytes()
        start = end + 1


def _near(centre: Matrix, count: int, seed: int) -> Matrix:
    """Unit vectors around a centre, spread in a few directions of its own as real ones are."""
    chance = np.random.default_rng(SEED + seed)
    directions = chance.standard_normal((SPREAD_DIMENSIONS, centre.size)) / np.sqrt(centre.size)
    weights = chance.standard_normal((count, SPREAD_DIMENSIONS)) * SPREAD / np.sqrt(SPREAD_DIMENSIONS) * 2
    spread = centre + weights @ directions
    return np.asarray(spread / np.linalg.norm(spread, axis=1, keepdims=True), np.float32)
