"""How results are printed: JSON for programs, short lines for people."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from assistant.domain import Document, Passage

if TYPE_CHECKING:
    from assistant.doctor import Check

QUOTE_CHARACTERS = 300


def speak_utf8() -> None:
    """Write UTF-8 whatever the terminal's locale; what it cannot hold (lone surrogates) as JSON escapes it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def silence() -> None:
    """Drop what is still to be written: nobody reads it, and the interpreter would complain at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def line(value: object) -> None:
    """Print a string as it is and anything else as one line of JSON; flushed, so that a reader sees it at once."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def documents(listed: Sequence[Document], *, as_json: bool) -> None:
    """Print the documents: a JSON list, or a line each."""
    if as_json:
        line([document_row(document) for document in listed])
        return
    for document in listed:
        pages = f", {document.pages} pages" if document.pages else ""
        error = f": {document.error}" if document.error else ""
        line(f"{document.id}  {document.status}  {document.name} ({document.chunks} chunks{pages}){error}")


def document_row(document: Document) -> dict[str, object]:
    """The JSON object of one document."""
    return {
        "document_id": document.id,
        "name": document.name,
        "space": document.space,
        "status": str(document.status),
        "version": document.version,
        "pages": document.pages,
        "chunks": document.chunks,
        "size": document.size,
        "sha256": document.sha256,
        "uploaded_by": document.uploaded_by,
        "uploaded_at": document.uploaded_at.isoformat(),
        "error": document.error,
    }


def passages(found: Sequence[Passage], *, as_json: bool) -> None:
    """Print what search found: a JSON list, or three lines each."""
    if as_json:
        line([passage_row(passage) for passage in found])
        return
    for passage in found:
        page = f", page {passage.page}" if passage.page else ""
        excerpt = " ".join(passage.text.split())[:QUOTE_CHARACTERS]
        line(f"{passage.score:.4f}  {passage.document}{page}\n        {excerpt}\n")


def passage_row(passage: Passage) -> dict[str, object]:
    """The JSON object of one passage."""
    return {
        "document_id": passage.document_id,
        "document": passage.document,
        "page": passage.page,
        "chunk_id": passage.chunk_id,
        "score": round(passage.score, 6),
        "text": passage.text,
    }


def checks(results: Sequence[Check], *, as_json: bool) -> None:
    """Print the doctor's results."""
    if as_json:
        line([{"name": check.name, "ok": check.ok, "detail": check.detail} for check in results])
        return
    for check in results:
        line(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.detail}")


def sources(citations: Sequence[Mapping[str, object]]) -> None:
    """Print the numbered sources of an answer."""
    for citation in citations:
        page = f", page {citation['page']}" if citation["page"] else ""
        line(f"[{citation['n']}] {citation['document']}{page}: \u201c{citation['quote']}\u201d")


def unsupported(support: Sequence[Mapping[str, object]]) -> None:
    """Print the sentences of an answer that no source bears out."""
    for sentence in dict.fromkeys(row["sentence"] for row in support if not row["found"]):
        line(f"Not found in the sources: \u201c{sentence}\u201d")


def piece(text: str) -> None:
    """Print part of an answer as it comes."""
    sys.stdout.write(text)
    sys.stdout.flush()
