"""The passages of a document as the search and the models are given them."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Document
from assistant.library import StoredChunk
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

PAGE = 20
NUMBER = "chunks-page"
WHAT = (
    "A question is compared with these passages, each with the title and headings it stands under, and an answer is "
    "given the best of them."
)


def draw_chunks(entered: Entered, document: Document) -> None:
    """Draw the passages of the version that answers, a page of them at a time."""
    if document.live_version is None:
        st.info("There are no passages yet: this document has not been read.")
        return
    with told_here():
        st.caption(WHAT)
        pages = -(-document.chunks // PAGE)
        number = st.pagination(pages, key=NUMBER) if pages > 1 else 1
        chunks: list[StoredChunk] = entered.services.knowledge.library.chunks(
            entered.person, document.id, offset=(number - 1) * PAGE, limit=PAGE
        )
        for chunk in chunks:
            _draw_chunk(chunk)


def _draw_chunk(chunk: StoredChunk) -> None:
    with st.container(key=f"chunk-{chunk.number}", gap=None):
        parts = [f"**{chunk.number + 1}**", *([_pages(chunk)] if chunk.page_from is not None else [])]
        parts += [escape(" / ".join(chunk.heading_path))] if chunk.heading_path else []
        parts.append(wording.counted(len(chunk.text), "character"))
        st.caption(" · ".join(parts))
        st.code(chunk.as_embedded, language=None, wrap_lines=True)


def _pages(chunk: StoredChunk) -> str:
    if chunk.page_to in (None, chunk.page_from):
        return f"page {chunk.page_from}"
    return f"pages {chunk.page_from} to {chunk.page_to}"
