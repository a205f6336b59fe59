"""A search box that shows what retrieval finds, without any model."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Passage
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

MOST = 10
"""Passages shown."""


def draw_search(entered: Entered) -> None:
    """Draw the box and the passages found for its words."""
    query = st.text_input("Try the search", placeholder="Words or a question", key="search-trial").strip()
    if not query:
        return
    with told_here():
        found = entered.services.knowledge.search(entered.person, query, MOST)
        if not found:
            st.info("Nothing was found.")
        with st.container(key="found", gap="xsmall"):
            for passage in found:
                _draw_passage(passage)


def _draw_passage(passage: Passage) -> None:
    place = "" if passage.page is None else f" · page {passage.page}"
    with st.container(border=True, gap=None):
        st.markdown(f"**{escape(passage.document)}**{place}")
        headings = " / ".join(escape(heading) for heading in passage.heading_path)
        numbers = f"score {passage.score:.4f} · similarity {passage.similarity:.2f}"
        st.caption(f"{headings} · {numbers}" if headings else numbers)
        st.markdown(escape(passage.text))
