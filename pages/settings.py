"""Settings: how the app looks, and what holds for everyone. For admins."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components import branding, frame, limit_rules, link_rules, problems
from pages.components.guard import enter

SECTIONS = {"Look": branding.draw, "Limits": limit_rules.draw, "Links": link_rules.draw}
ONLY_ADMINS = "Only admins see this page: it is about what holds for everyone."


def main() -> None:
    """Draw the page; of its sections only the open one."""
    entered = enter()
    frame.header(entered.services.knowledge.queries_go_to())
    st.title("Settings", anchor=False)
    if entered.person.role is not Role.ADMIN:
        st.info(ONLY_ADMINS, icon=":material/lock:")
        return
    problems.tell_kept()
    for tab, draw in zip(
        st.tabs(list(SECTIONS), on_change="rerun", key="settings-section"), SECTIONS.values(), strict=True
    ):
        if tab.open:
            with tab, problems.told_here():
                draw(entered)


main()
