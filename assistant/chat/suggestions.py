"""Questions to begin with, taken from the documents that are there: a suggestion must have an answer."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.domain import Document, Passage, Person

if TYPE_CHECKING:
    from assistant.knowledge.service import KnowledgeBase

SHOWN = 4
SAMPLES = Path(__file__).with_name("suggestions.toml")
PASSAGES = 12


def suggested_questions(knowledge: KnowledgeBase, person: Person) -> list[str]:
    """Return at most four questions that documents this person may read can answer."""
    documents = [document for document in knowledge.documents(person) if document.live_version is not None]
    names = {document.name for document in documents}
    prepared = [text for name, text in _prepared() if name in names]
    return prepared[:SHOWN] or _from_headings(knowledge, person, documents[:SHOWN])


@cache
def _prepared() -> list[tuple[str, str]]:
    read = tomllib.loads(SAMPLES.read_text(encoding="utf-8"))
    return [(question["document"], question["text"]) for question in read["questions"]]


def _from_headings(knowledge: KnowledgeBase, person: Person, documents: Sequence[Document]) -> list[str]:
    """One question a document, about a heading under which it has text."""
    if not documents:
        return []
    wanted = {document.id for document in documents}
    found = knowledge.retrieve(person, [Path(document.name).stem for document in documents], PASSAGES)
    asked = {
        passage.document_id: f"What does {passage.title} say about {passage.heading_path[-1]}?"
        for passage in reversed(found)
        if passage.document_id in wanted and _heading(passage) not in ("", passage.title.casefold())
    }
    return list(asked.values())[::-1]


def _heading(passage: Passage) -> str:
    return passage.heading_path[-1].casefold() if passage.heading_path else ""
