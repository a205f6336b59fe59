"""People: who may use the assistant, groups of people, and which spaces they read. For admins."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from pages.components import frame, groups_list, people_list, problems, rights_watch, spaces_list, view_as
from pages.components.guard import Entered, enter

SECTIONS = {
    "People": people_list.draw,
    "Groups": groups_list.draw,
    "Spaces": spaces_list.draw,
    "View as": view_as.draw,
}
ONLY_ADMINS = "Only admins see this page: it is about who may use the assistant, and who reads what."
DEMO = (
    "This is the demo: signing in is off, and whoever sits at this machine is the local operator. What you prepare "
    "here holds as soon as ASSISTANT_AUTH is set to password, oidc or proxy."
)
MAPPED = (
    "Who may come, and in which groups they are, is said by the company's sign-in. Roles that its groups give are "
    "given again at each sign-in."
)


def main() -> None:
    """Draw the page; of its sections only the open one."""
    entered = enter()
    frame.header(entered.services.knowledge.queries_go_to())
    st.title("People", anchor=False)
    if entered.person.role is not Role.ADMIN:
        st.info(ONLY_ADMINS, icon=":material/lock:")
        return
    problems.tell_kept()
    _draw_notice(entered)
    rights_watch.draw_alarms(entered)
    for tab, draw in zip(
        st.tabs(list(SECTIONS), on_change="rerun", key="people-section"), SECTIONS.values(), strict=True
    ):
        if tab.open:
            with tab, problems.told_here():
                draw(entered)


def _draw_notice(entered: Entered) -> None:
    notice = {"demo": DEMO, "password": ""}.get(entered.services.settings.auth, MAPPED)
    if notice:
        st.info(notice, icon=":material/info:")


main()
