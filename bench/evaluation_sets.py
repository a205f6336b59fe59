"""Question sets with their documents, cut, stored and searched as the application does it.

A set is a folder with ``corpus.jsonl.gz`` (``_id``, ``title``, ``text`` or ``html``) or ``pdfs/``, and
``queries.jsonl.gz`` (``_id``, ``text``, ``answerable``, and as it has them ``answers``, ``gold_sentences``,
``passage``, ``history``), or with ``queries.jsonl`` alone where the application has ingested the documents itself.
"""

from __future__ import annotations

import hashlib
import html
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from assistant.domain import Passage
from assistant.evaluation import json_rows
from assistant.knowledge.chunking import chunk, contextual_text
from assistant.knowledge.exact import encode
from assistant.knowledge.parsing import markdown, pdf, web
from assistant.knowledge.service import KnowledgeBase
from assistant.providers.minilm import MiniLM
from assistant.settings import load
from assistant.storage.accepting import Accepting, NewVersion
from assistant.storage.database import Database
from assistant.storage.ingestion import Ingestion
from assistant.storage.migrate import prepare_folder, upgrade
from assistant.storage.people import LOCAL
from assistant.storage.vectors import Vectors

HISTORY = tuple[tuple[str, str], ...]
SPACE = "general"
PASSAGES = 8
"""As many as a turn gets (chat/head_start.py)."""
PARSERS = {
    ".html": ("text/html", web.parse),
    ".md": ("text/markdown", markdown.parse),
    ".pdf": ("application/pdf", pdf.parse),
}


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
    """The documents of one set in a data folder under ``cache``: stored once, then only searched (exactly, over SQL).

    They are read and embedded in this process: children that read files and a worker would make it ten times as long.
    ``reader`` embeds the documents where that is not ``embedder``, as a worker does by 8-bit products.
    """

    def __init__(self, folder: Path, cache: Path, embedder: MiniLM, reader: MiniLM | None = None) -> None:
        self.name = folder.name
        self._embedder = embedder
        self._reader = reader or embedder
        settings = load(data_dir=cache / folder.name, samples=False, _env_file=None)
        prepare_folder(settings.data_dir)
        upgrade(settings.sqlalchemy_url)
        self._database = Database(settings.sqlalchemy_url)
        self._knowledge = KnowledgeBase(
            database=self._database, settings=settings, embedder=embedder, own_index=False, serves=False
        )
        known = {document.name for document in self._knowledge.documents(LOCAL)}
        self.ids: dict[str, str] = {}
        for id_, name, data in _files(folder):
            self.ids[name] = id_
            if name not in known:
                self._store(name, data)

    def _store(self, name: str, data: bytes) -> None:
        digest = hashlib.sha256(data).hexdigest()
        media, parse = PARSERS[Path(name).suffix]
        new = NewVersion(SPACE, name, digest, media, len(data), LOCAL.email)
        Accepting(self._database).accept(new, lambda: None, LOCAL)
        store = Ingestion(self._database, worker="bench")
        job = store.due()[-1]
        store.claim(job)
        parsed = parse(BytesIO(data), name, lambda _page, _pages: None)
        chunks = chunk(parsed, self._embedder.token_counts, parsed.title)
        digests = [hashlib.sha256(one.text.encode()).digest() for one in chunks]
        store.store_parsed(job, parsed, chunks, digests, self._embedder.model_id)
        while some := store.unembedded(job.version_id, len(chunks)):
            texts = [contextual_text(one.title, one.heading_path, one.text) for one in some]
            vectors = encode(self._reader.embed(texts))
            store.store_vectors(job, {one.id: blob for one, blob in zip(some, vectors, strict=True)})
        store.finish(job)
        vectors_of = Vectors(self._database)
        for waiting in vectors_of.waiting():
            vectors_of.switch_live(waiting)

    def retrieve(self, question: str, k: int = PASSAGES, also: Sequence[str] = ()) -> list[Passage]:
        """Return the best passages for a question, best first; ``also`` are other words for it."""
        queries = [question, *also]
        return self._knowledge.retrieve(LOCAL, queries, k, self._embedder.embed(queries))

    def close(self) -> None:
        """Let the data folder go."""
        self._knowledge.close()
        self._database.close()


def queries(folder: Path, limit: int, seed: int = 7) -> list[Query]:
    """Return at most ``limit`` questions of a set, drawn at random by ``seed``.

    Where a set says of some whether they can be answered, those of which it does not are left out.
    """
    plain = folder / "queries.jsonl"
    rows = list(json_rows.read(plain if plain.exists() else folder / "queries.jsonl.gz"))
    told = [row for row in rows if "answerable" in row]
    found = [_query(row) for row in told or rows]
    return random.Random(seed).sample(found, min(limit, len(found)))  # noqa: S311 - a sample, no secret


def _query(row: json_rows.Row) -> Query:
    said = tuple((turn["role"], turn["text"]) for turn in row.get("history", ()) if isinstance(turn, dict))
    about = str(row.get("passage") or row["_id"])
    return Query(str(row["_id"]), row["text"], bool(row.get("answerable", True)), _answers(row), said, about)


def _answers(row: json_rows.Row) -> tuple[str, ...]:
    return tuple(row.get("answers") or row.get("gold_sentences") or ())


def _files(folder: Path) -> Iterator[tuple[str, str, bytes]]:
    """Id, file name and content of each document; a PDF goes by its name without the ending."""
    corpus = folder / "corpus.jsonl.gz"
    if (folder / "pdfs").is_dir():
        yield from ((path.stem, path.name, path.read_bytes()) for path in sorted((folder / "pdfs").glob("*.pdf")))
    elif corpus.exists():
        for number, row in enumerate(json_rows.read(corpus)):
            yield str(row["_id"]), f"{number}.{'html' if row.get('html') else 'md'}", _file(row)


def _file(row: json_rows.Row) -> bytes:
    """The document as the Markdown or HTML file that somebody would upload."""
    title = str(row.get("title") or "")
    if row.get("html"):
        named = html.escape(title)
        return f"<html><head><title>{named}</title></head><body><h1>{named}</h1>{row['html']}</body></html>".encode()
    return (f"# {title}\n\n{row['text']}" if title else str(row["text"])).encode()
