"""Knowledge base: add documents, see how far each is, try what a search finds."""

from __future__ import annotations

import streamlit as st

from pages.components import documents, frame, problems, uploads
from pages.components.guard import enter
from pages.components.search_trial import draw_search


def main() -> None:
    """Draw the page; the list draws itself anew while documents are under way."""
    entered = enter()
    frame.header(entered.services.knowledge.queries_go_to())
    st.title("Knowledge base", anchor=False)
    problems.tell_kept()
    if entered.person.may_edit_documents:
        uploads.draw_uploader(entered)
    draw_search(entered)
    documents.draw_list(entered)


main()
