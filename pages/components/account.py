"""Who is signed in: name, address, role and groups, and their password."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

ROLES = {
    Role.STAFF: "Staff: asks questions",
    Role.KB_ADMIN: "Knowledge base administrator: asks questions and changes documents",
    Role.ADMIN: "Administrator: changes documents, models, people and settings",
}
ENDS_SESSIONS = "You are signed out everywhere then, here too, and sign in with the new password."
NOT_THE_SAME = "The new password was written in two different ways: write it again."


def draw_person(entered: Entered) -> None:
    """Draw who the person is to this installation."""
    with told_here():
        groups = entered.services.rights.groups(entered.person)
        with st.container(border=True, key="account-person", gap="xsmall"):
            st.markdown(f"**{escape(entered.person.name)}**  \n{escape(entered.person.email)}")
            st.caption(ROLES[entered.person.role])
            st.caption(f"Groups: {escape(', '.join(groups))}" if groups else "In no group")


def draw_password(entered: Entered) -> None:
    """Draw the form for another password, for who signs in with one."""
    if entered.services.settings.auth != "password" or not entered.services.sign_in.has_password(entered.person):
        return
    with st.expander("Change password", icon=":material/key:", key="account-password"):
        with st.form("change-password", border=False, clear_on_submit=True, enter_to_submit=False):
            present = st.text_input("Present password", type="password", autocomplete="current-password")
            new = st.text_input("New password", type="password", autocomplete="new-password")
            again = st.text_input("New password again", type="password", autocomplete="new-password")
            st.caption(ENDS_SESSIONS)
            sent = st.form_submit_button("Change password", type="primary")
        if sent:
            _change(entered, present, new, again)


def _change(entered: Entered, present: str, new: str, again: str) -> None:
    if new != again:
        st.error(NOT_THE_SAME, icon=":material/error:")
        return
    with told_here():
        entered.services.sign_in.change_password(entered.person, present, new)
        st.rerun()
