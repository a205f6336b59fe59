"""A truthful line about documents that are still being read."""

from __future__ import annotations

import itertools

import streamlit as st

from pages.components import wording
from pages.components.guard import Entered

REFRESH_SECONDS = 1.0


def draw_reading(entered: Entered) -> None:
    """While documents are under way, say how many are ready; the page is drawn anew when all are done."""
    if entered.services.knowledge.progress(entered.person).pending == 0:
        return
    runs = itertools.count()

    @st.fragment(run_every=REFRESH_SECONDS)
    def line() -> None:
        progress = entered.services.knowledge.progress(entered.person)
        if progress.pending == 0 and next(runs) > 0:
            st.rerun(scope="app")
        next(runs)
        failed = f", {progress.failed} could not be read" if progress.failed else ""
        text = f"Reading documents: {progress.ready} of {wording.counted(progress.total, 'document')} ready{failed}"
        st.progress(progress.ready / max(progress.total, 1), text=text)

    with st.container(key="reading"):
        line()
