"""Groups of people, with their members and what is open to them."""

from __future__ import annotations

import streamlit as st

from assistant.access import Account, AccountQuery, Group, SpaceAccess
from pages.components import wording
from pages.components.guard import Entered
from pages.components.people_dialogs import Dialog, act, ask, confirmed, draw_asked, kept, listed, say
from pages.components.safe_markdown import escape

SHOWN = 20
"""People in the dialog of members; of more, one is found by name."""
NONE = "There are no groups yet. A space or a document can be opened to a group, and to nobody else."
WISHES = {"Members": "Group members", "Rename": "Group rename", "Delete": "Group delete"}


def draw(entered: Entered) -> None:
    """Draw the list and the dialog that was asked for."""
    groups = entered.services.accounts.groups.all(entered.person)
    spaces = entered.services.accounts.spaces.all(entered.person)
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    line.subheader(wording.counted(len(groups), "group"), anchor=False)
    line.button("Add group", icon=":material/group_add:", key="add-group", on_click=ask, args=("Group add",))
    if not groups:
        st.info(NONE)
    with st.container(gap="xsmall", key="groups"):
        for group in groups:
            _draw_row(group, [space for space in spaces if group.name in space.groups])
    draw_asked(entered, DIALOGS)


def _draw_row(group: Group, spaces: list[SpaceAccess]) -> None:
    reads = [f"reads {listed([space.name for space in spaces])}"] if spaces else []
    key = f"group-menu-{group.id}"
    with st.container(border=True, key=f"group-{group.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line-{group.id}")
        with line.container(gap=None):
            st.markdown(f"**{escape(group.name)}**")
            st.caption(escape(" · ".join([_people(group.members), *reads])))
        line.menu_button(
            "Actions",
            list(WISHES.values()),
            format_func=lambda wish: next(word for word, one in WISHES.items() if one == wish),
            key=key,
            type="tertiary",
            on_click=act,
            args=(key, group.name),
        )


def _people(count: int) -> str:
    return f"{count:,} {'person' if count == 1 else 'people'}"


def _draw_add(entered: Entered, _about: str) -> bool:
    with st.form("add-group-form", border=False):
        name = st.text_input("Name", key="new-group-name", autocomplete="off")
        sent = st.form_submit_button("Add", type="primary", key="new-group")
    if not sent:
        return False
    group = entered.services.accounts.groups.add(entered.person, name)
    ask(WISHES["Members"], group.name)
    return st.rerun()


def _draw_rename(entered: Entered, about: str) -> bool:
    with st.form("rename-group-form", border=False):
        name = st.text_input("Name", about, key="group-name", autocomplete="off")
        st.caption(
            "What is open to the group stays open to it. Groups of the company's sign-in are found by this name."
        )
        sent = st.form_submit_button("Save", type="primary", key="save-group-name")
    if not sent:
        return False
    group = entered.services.accounts.groups.rename(entered.person, about, name)
    return say(f"The group is {escape(group.name)} now.")


def _draw_delete(entered: Entered, about: str) -> bool:
    use = kept(lambda: entered.services.accounts.groups.use(entered.person, about))
    still = [name for name in use.spaces if name not in use.only]
    said = [f"**{escape(about)}** has {_people(use.group.members)} in it, who stay."]
    if use.only:
        said.append(f"{escape(listed(use.only))} will be for administrators alone.")
    if still:
        said.append(f"{escape(listed(still))} will be for the other groups only.")
    if use.documents:
        said.append(f"{wording.counted(use.documents, 'document')} open to it will be for fewer people.")
    said.append("Nothing becomes open to anybody else.")
    st.markdown(" ".join(said))
    if not confirmed("Delete", "confirm-delete-group"):
        return False
    entered.services.accounts.groups.delete(entered.person, about)
    return say(f"The group {escape(about)} is gone.")


def _draw_members(entered: Entered, about: str) -> bool:
    service = entered.services.accounts
    st.markdown(f"**{escape(about)}**")
    words = st.text_input("Find people to add or take out", key="member-words", placeholder="Name or address").strip()
    query = AccountQuery(words, group="" if words else about, limit=SHOWN)
    page = service.page(entered.person, query)
    if not page.total:
        st.caption("Nobody is like that." if words else "Nobody is in it yet: find people above.")
    with st.container(gap="xsmall", key="members"):
        for account in page.accounts:
            _draw_member(entered, about, account)
    if page.total > SHOWN:
        st.caption(f"And {page.total - SHOWN:,} more: find them by name.")
    return st.button("Done", type="primary", key="members-done")


def _draw_member(entered: Entered, group: str, account: Account) -> None:
    service, id_ = entered.services.accounts.groups, account.person.id
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"member-{id_}")
    with line.container(gap=None):
        st.markdown(escape(account.person.name))
        st.caption(escape(account.person.email))
    if group in account.claimed:
        line.caption("by the company's sign-in")
    elif group in account.groups:
        if line.button("Take out", key=f"take-out-{id_}"):
            service.remove_member(entered.person, group, id_)
            st.rerun()
    elif line.button("Add", key=f"put-in-{id_}"):
        service.add_member(entered.person, group, id_)
        st.rerun()


DIALOGS = {
    "Group add": Dialog("Add group", _draw_add),
    WISHES["Members"]: Dialog("Members", _draw_members),
    WISHES["Rename"]: Dialog("Rename group", _draw_rename),
    WISHES["Delete"]: Dialog("Delete group", _draw_delete),
}
