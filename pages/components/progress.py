"""A truthful line about documents that are still being read."""

from __future__ import annotations

import itertools

import streamlit as st

from assistant.chat.abstention import EMPTY
from pages.components import frame
from pages.components.guard import Entered, fragment

REFRESH_SECONDS = 1.0


def draw_reading(entered: Entered) -> None:
    """While documents are under way, say how many are ready; the page is drawn anew when all are done."""
    if entered.services.knowledge.progress(entered.person).pending == 0:
        return
    runs = itertools.count()

    @fragment(run_every=REFRESH_SECONDS)
    def line() -> None:
        progress = entered.services.knowledge.progress(entered.person)
        if progress.pending == 0 and next(runs) > 0:
            st.rerun(scope="app")
        next(runs)
        failed = f", {progress.failed} could not be read" if progress.failed else ""
        text = (
            f"Reading documents: {progress.ready} of {progress.total} ready{failed}. "
            "You can ask already; answers come from those that are ready."
        )
        st.progress(progress.ready / max(progress.total, 1), text=text)

    with st.container(key="reading"):
        line()


def draw_beginning(entered: Entered) -> None:
    """While there are no documents, or only the shipped samples, say so and where to add one's own."""
    services, person = entered
    total = services.knowledge.progress(person).total
    if total == 0:
        st.info(EMPTY, icon=":material/info:")
        if person.may_edit_documents:
            st.page_link(frame.KNOWLEDGE_BASE, label="Add documents", icon=":material/upload:")
        return
    samples = {path.name for path in services.settings.samples_dir.glob("*")}
    if total > len(samples):
        return
    if all(document.name in samples for document in services.knowledge.documents(person)):
        line = st.container(horizontal=True, vertical_alignment="center", gap="xsmall")
        line.caption("So far these are sample documents of an invented company.", width="content")
        label = "Add your own documents" if person.may_edit_documents else "See the documents"
        line.page_link(frame.KNOWLEDGE_BASE, label=label, icon=":material/library_books:")
