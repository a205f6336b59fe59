"""The knowledge base as somebody else sees it: what a question finds for them, and why. For admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.people.view_as import View

WHAT = (
    "What somebody is given when they ask, by the rights of this moment, and why. Each look is a line of the audit log."
)
EXCERPT = 280
"""Characters of a passage that are shown: enough to know it by."""


def draw(entered: Entered) -> None:
    """Draw the form and what was found last."""
    st.markdown(WHAT)
    with st.form("view-as", border=False):
        email = st.text_input("Mail address of the person", key="view-as-email")
        question = st.text_input("A question of theirs", key="view-as-question")
        asked = st.form_submit_button("Look", type="primary", icon=":material/visibility:")
    if not asked:
        return
    with told_here():
        _draw_view(entered.services.view_as.view(entered.person, email, question), question)


def _draw_view(view: View, question: str) -> None:
    name, role = view.person.name or view.person.email, wording.role(view.person.role)
    st.markdown(f"**{escape(name)}**, {escape(role)}")
    st.caption(escape(f"Groups: {', '.join(view.groups) or 'none'} · Spaces: {', '.join(view.spaces) or 'none'}"))
    if not question.strip():
        return
    st.subheader("Given to them", anchor=False)
    if not view.seen:
        st.info("Nothing that they may read has to do with this.", icon=":material/search_off:")
    for place, one in enumerate(view.seen):
        with st.container(border=True, gap="xsmall", key=f"seen-{place}"):
            page = f", page {one.passage.page}" if one.passage.page else ""
            st.markdown(f"**{escape(one.passage.title or one.passage.document)}**{escape(page)}")
            st.text(_cut(one.passage.text))
            st.caption(f":material/lock_open: {escape(one.why)}")
    if view.unseen:
        st.subheader("Kept from them", anchor=False)
        for place, hidden in enumerate(view.unseen):
            with st.container(border=True, gap="xsmall", key=f"unseen-{place}"):
                st.markdown(f"**{escape(hidden.document)}**")
                st.caption(f":material/lock: {escape(hidden.why)}")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else f"{line[:EXCERPT].rstrip()}…"
