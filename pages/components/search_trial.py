"""A search box that shows what retrieval finds, without any model."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Passage
from pages.components import frame, wording
from pages.components.guard import Entered
from pages.components.passage_view import lines
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

KEY, LAST = "search-trial", "search-trial-last"
MOST = 10
"""Passages shown."""


def draw_search(entered: Entered) -> None:
    """Draw the box and the passages found for its words."""
    if KEY not in st.session_state:
        st.session_state[KEY] = st.query_params.get(frame.SEARCH, "")
    query = st.text_input("Try the search", placeholder="Words or a question", key=KEY).strip()
    if not query:
        return
    with told_here():
        drawn_again = st.session_state.get(LAST) == query  # by a click somewhere on the page, which is no search
        found = entered.services.knowledge.search(entered.person, query, MOST, limited=not drawn_again)
        st.session_state[LAST] = query
        if not found:
            st.info("Nothing was found.")
        with st.container(key="found", gap="xsmall"):
            for passage in found:
                _draw_passage(passage)


def _draw_passage(passage: Passage) -> None:
    label = f" ({escape(passage.page_label)})" if passage.page_label else ""
    place = "" if passage.page is None else f" · page {passage.page}{label}"
    with st.container(border=True, gap=None):
        line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
        expired = " :orange-badge[expired]" if wording.is_over(passage.valid_until) else ""
        line.markdown(f"**{escape(passage.document)}**{place}{expired}")
        page = {} if passage.page is None else {"page": str(passage.page)}
        address = {"document": passage.document_id, "version": str(passage.version), **page}
        line.page_link(frame.DOCUMENT, label="Open", icon=":material/visibility:", query_params=address)
        headings = " / ".join(escape(heading) for heading in passage.heading_path)
        numbers = f"score {passage.score:.4f} · similarity {passage.similarity:.2f}"
        st.caption(f"{headings} · {numbers}" if headings else numbers)
        st.markdown(lines(passage.text))
