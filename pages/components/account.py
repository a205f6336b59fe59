"""Who is signed in: name, address, role and groups."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

ROLES = {
    Role.STAFF: "Staff: asks questions",
    Role.KB_ADMIN: "Knowledge base administrator: asks questions and changes documents",
    Role.ADMIN: "Administrator: changes documents, models, people and settings",
}


def draw_person(entered: Entered) -> None:
    """Draw who the person is to this installation."""
    person = entered.person
    with st.container(border=True, key="account-person", gap="xsmall"):
        st.markdown(f"**{escape(person.name)}**  \n{escape(person.email)}")
        st.caption(f"{ROLES[person.role]}.")
