"""Audit log: what was done, by whom, with which rights. For admins."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components import audit_log, frame, problems
from pages.components.guard import enter

ONLY_ADMINS = "Only admins see this page: it holds what everyone did."


def main() -> None:
    """Draw the page."""
    entered = enter()
    frame.header(entered.services.knowledge.queries_go_to())
    st.title("Audit log", anchor=False)
    if entered.person.role is not Role.ADMIN:
        st.info(ONLY_ADMINS, icon=":material/lock:")
        return
    problems.tell_kept()
    with problems.told_here():
        audit_log.draw(entered)


main()
