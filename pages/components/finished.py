"""Notices of uploads that came to their end in the background, on whichever page the person is."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.domain import DocumentStatus
from assistant.library import Finished
from assistant.web.state import HOLDER
from pages.components import wording
from pages.components.guard import Entered, entered_if_ready, fragment
from pages.components.safe_markdown import escape

LOOK_SECONDS = 3.0
"""How often is looked: one row is read each time."""
SEEN = "finished_seen"
"""Session key: how far this tab has told; what ended before the tab was opened is no news."""
ONE_BY_ONE = 3
"""Notices shown at a time; more are counted in one."""


def draw_notices() -> None:
    """Look now and then for what has ended, as long as the page is open; draws nothing else."""
    entered = entered_if_ready()
    if entered is None or not entered.person.may_edit_documents:
        return
    if SEEN not in st.session_state:
        st.session_state[SEEN] = entered.services.knowledge.finished_seq(entered.person)

    @fragment(run_every=LOOK_SECONDS)
    def look() -> None:
        if HOLDER.state == "ready":
            _tell(entered)

    look()


def _tell(entered: Entered) -> None:
    now = entered.services.knowledge.finished_seq(entered.person)
    if now == st.session_state[SEEN]:
        return
    news = everything_since(entered, st.session_state[SEEN])
    st.session_state[SEEN] = max([now, *(one.seq for one in news)])
    if len(news) <= ONE_BY_ONE:
        for one in news:
            _toast(one)
    else:
        _toast_counts(news)


def everything_since(entered: Entered, seen: int) -> list[Finished]:
    """Return all that has ended after ``seen``, which the service gives a part at a time."""
    news: list[Finished] = []
    while part := entered.services.knowledge.finished_since(entered.person, news[-1].seq if news else seen):
        news += part
    return news


def _toast_counts(news: Sequence[Finished]) -> None:
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
