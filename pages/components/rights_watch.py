"""Alarms of the watch over the rights, for admins."""

from __future__ import annotations

import streamlit as st

from assistant.access import Canary
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

WHAT = (
    "A document that nobody may read lies in each restricted space, and is looked for in every way after each change "
    "of rights. It was seen, so something shows more than it may: have that found before this space is given more."
)


def draw_alarms(entered: Entered) -> None:
    """Draw what the watch found, with a button for each to say that it was seen to."""
    with told_here():
        for alarm in entered.services.knowledge.watch.alarms(entered.person):
            with st.container(border=True, key=f"alarm-{alarm.space_id}"):
                st.error(escape(alarm.alarm or ""), icon=":material/gpp_bad:")
                st.caption(WHAT)
                st.button("This was seen to", key=f"dismiss-{alarm.space_id}", on_click=_dismiss, args=(entered, alarm))


def _dismiss(entered: Entered, alarm: Canary) -> None:
    with told_later():
        entered.services.knowledge.watch.dismiss(entered.person, alarm.space_id)
