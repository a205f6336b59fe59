"""A notice while the index is not well: searches still work, and it mends itself."""

from __future__ import annotations

import streamlit as st

from assistant.library import IndexHealth, Run
from pages.components import wording
from pages.components.guard import Entered, fragment
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

REFRESH_SECONDS = 2.0
QUIET = ("well", "opening")
"""States in which there is nothing to tell: opening takes seconds at each start."""


def draw_index_health(entered: Entered) -> None:
    """Draw what is wrong with the index, if anything, and the rebuilds that were asked for."""
    if _is_quiet(entered):
        return

    @fragment(run_every=REFRESH_SECONDS)
    def notice() -> None:
        if _is_quiet(entered):
            st.rerun(scope="app")
        health: IndexHealth = entered.services.knowledge.index_health(entered.person)
        if health.state not in QUIET and health.sentence:
            _draw_health(health)
        for run in _runs(entered):
            _draw_run(entered, run)

    with st.container(key="index-health"):
        notice()


def draw_rebuild(entered: Entered) -> None:
    """Draw the button that has everything read anew, after a newer version of the app reads files better, say."""
    st.button(
        "Index all documents anew",
        key="index-all-anew",
        icon=":material/build:",
        type="tertiary",
        help="Reads and cuts every document again, in the background; passages that stay the same keep their vectors. "
        "Answers use what is there until all are done.",
        on_click=_rebuild,
        args=(entered,),
    )


def _rebuild(entered: Entered) -> None:
    with told_later():
        entered.services.knowledge.rebuilds.rechunk(entered.person)


def _is_quiet(entered: Entered) -> bool:
    return entered.services.knowledge.index_health(entered.person).state in QUIET and not _runs(entered)


def _runs(entered: Entered) -> list[Run]:
    if not entered.person.may_edit_documents:
        return []
    runs: list[Run] = entered.services.knowledge.rebuilds.running(entered.person)
    return runs


def _draw_health(health: IndexHealth) -> None:
    st.warning(escape(health.sentence), icon=":material/healing:")
    if health.total:
        share = min(health.done / health.total, 1.0)
        st.progress(share, text=f"{health.done:,} of {wording.counted(health.total, 'passage')} rebuilt")


def _draw_run(entered: Entered, run: Run) -> None:
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    share = min(run.done / run.total, 1.0) if run.total else 0.0
    words = f"Re-indexing: {run.done:,} of {wording.counted(run.total, 'document')}. Answers use the present passages."
    line.progress(share, text=words)
    line.button("Cancel", key=f"cancel-run-{run.id}", type="tertiary", on_click=_cancel, args=(entered, run))


def _cancel(entered: Entered, run: Run) -> None:
    with told_later():
        entered.services.knowledge.rebuilds.cancel(entered.person, run.id)
