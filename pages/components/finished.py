"""Notices of uploads that came to their end in the background, on whichever page the person is."""

from __future__ import annotations

import streamlit as st

from assistant.domain import DocumentStatus
from assistant.library import Finished
from assistant.web.state import HOLDER
from pages.components import wording
from pages.components.guard import Entered, entered_if_ready
from pages.components.safe_markdown import escape

BUSY_SECONDS, QUIET_SECONDS = 2.0, 6.0
"""How often is looked while documents are under way, and otherwise."""
SEEN = "finished_seen"
"""Session key: how far this tab has told; what ended before the tab was opened is no news."""
ONE_BY_ONE = 3
"""Notices shown at a time; more are counted in one."""


def draw_notices() -> None:
    """Look now and then for what has ended, as long as the page is open; draws nothing else."""
    entered = entered_if_ready()
    if entered is None or not entered.person.may_edit_documents:
        return
    knowledge = entered.services.knowledge
    st.session_state.setdefault(SEEN, knowledge.finished_seq(entered.person))
    busy = knowledge.progress(entered.person).pending > 0

    @st.fragment(run_every=BUSY_SECONDS if busy else QUIET_SECONDS)
    def look() -> None:
        if HOLDER.state == "ready":
            _tell(entered)

    look()


def _tell(entered: Entered) -> None:
    news: list[Finished] = entered.services.knowledge.finished_since(entered.person, st.session_state[SEEN])
    if not news:
        return
    st.session_state[SEEN] = max(one.seq for one in news)
    if len(news) <= ONE_BY_ONE:
        for one in news:
            _toast(one)
        return
    ready = sum(one.status is DocumentStatus.READY for one in news)
    failed = len(news) - ready
    parts = [f"{wording.counted(ready, 'document')} ready"] if ready else []
    parts += [f"{failed:,} could not be read"] if failed else []
    st.toast(", ".join(parts), icon=":material/info:", duration="long")


def _toast(one: Finished) -> None:
    if one.status is DocumentStatus.READY:
        st.toast(f"**{escape(one.name)}** is ready: answers use it from now on.", icon=":material/check_circle:")
    else:
        why = escape(one.error or "It could not be read.")
        st.toast(f"**{escape(one.name)}**: {why}", icon=":material/error:", duration="long")
