"""Spaces, who may read each of them, and what a change of that means."""

from __future__ import annotations

import streamlit as st

from assistant.access import SpaceAccess
from pages.components import wording
from pages.components.guard import Entered
from pages.components.people_dialogs import Dialog, act, ask, confirmed, draw_asked, kept, listed, say
from pages.components.safe_markdown import escape

EVERYONE, GROUPS = "Everyone who can sign in", "Only some groups"
ADMINS = "administrators alone"
WISHES = {"Who may read": "Space readers", "Rename": "Space rename", "Delete": "Space delete"}
WHAT = (
    "A space is a set of documents with one set of readers. What somebody may not read does not exist for them: not in "
    "answers, searches, counts or suggestions. Administrators read everything."
)


def draw(entered: Entered) -> None:
    """Draw the list and the dialog that was asked for."""
    spaces = entered.services.accounts.spaces.all(entered.person)
    st.caption(WHAT)
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    line.subheader(wording.counted(len(spaces), "space"), anchor=False)
    line.button("Add space", icon=":material/add:", key="add-space", on_click=ask, args=("Space add",))
    with st.container(gap="xsmall", key="spaces"):
        for space in spaces:
            _draw_row(space)
    draw_asked(entered, DIALOGS)


def _draw_row(space: SpaceAccess) -> None:
    key = f"space-menu-{space.id}"
    with st.container(border=True, key=f"space-{space.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line-{space.id}")
        with line.container(gap=None):
            st.markdown(f"**{escape(space.name)}** {_badge(space)}")
            st.caption(wording.counted(space.documents, "document"))
        line.menu_button(
            "Actions",
            list(WISHES.values()),
            format_func=lambda wish: next(word for word, one in WISHES.items() if one == wish),
            key=key,
            type="tertiary",
            on_click=act,
            args=(key, space.id),
        )


def _badge(space: SpaceAccess) -> str:
    if not space.restricted:
        return ":green-badge[everyone]"
    if not space.groups:
        return f":orange-badge[{ADMINS}]"
    return f":blue-badge[only {escape(listed(space.groups))}]"


def _draw_add(entered: Entered, _about: str) -> bool:
    name = st.text_input("Name", key="new-space-name", autocomplete="off")
    chosen, readers = _draw_readers(entered, None, "new-space")
    if chosen:
        st.markdown(_told(entered, readers, "what is put there"))
    if not st.button("Add", type="primary", key="new-space", disabled=not chosen):
        return False
    space = entered.services.accounts.spaces.add(entered.person, name, readers)
    return say(f"The space {escape(space.name)} is there: move documents to it, or upload to it.")


def _draw_set_readers(entered: Entered, about: str) -> bool:
    service = entered.services.accounts.spaces
    seen = kept(lambda: service.one(entered.person, about))
    st.markdown(f"**{escape(seen.name)}**")
    _, readers = _draw_readers(entered, seen, f"readers-{about}")
    st.markdown(_told(entered, readers, _documents(seen.documents)))
    if readers is not None and (not seen.restricted or set(seen.groups) - set(readers)):
        gone = "Everyone else" if not seen.restricted else listed([one for one in seen.groups if one not in readers])
        st.warning(
            f"{escape(gone)} will no longer find them, nor see earlier answers that quote them.",
            icon=":material/warning:",
        )
    elif readers is None and seen.restricted:
        st.warning("Everybody will find them from then on.", icon=":material/warning:")
    if not st.button("Save", type="primary", key="save-readers"):
        return False
    service.set_readers(entered.person, about, readers, seen=seen)
    return say(f"Who may read {escape(seen.name)} holds from the next question on.")


def _draw_readers(entered: Entered, seen: SpaceAccess | None, key: str) -> tuple[bool, list[str] | None]:
    """Draw the choice of readers; say whether one was made, and which: None is everyone."""
    index = None if seen is None else int(seen.restricted)
    whom = st.radio("Who may read it", [EVERYONE, GROUPS], index=index, key=f"{key}-whom")
    if whom != GROUPS:
        return whom is not None, None
    names = [group.name for group in entered.services.accounts.groups.all(entered.person)]
    now = [name for name in seen.groups if name in names] if seen else []
    groups = st.multiselect("Groups", names, now, key=f"{key}-groups", placeholder="None: administrators alone")
    return True, groups


def _told(entered: Entered, readers: list[str] | None, what: str) -> str:
    """What it means that these may read, in a sentence."""
    if readers is None:
        return f"Everyone who can sign in will find {what}."
    if not readers:
        return f"Only administrators will find {what}."
    people = entered.services.accounts.spaces.people_in(entered.person, readers)
    count = f"{people:,} {'person' if people == 1 else 'people'}"
    return f"Only {escape(listed(readers))} will find {what}: {count}, and administrators."


def _documents(count: int) -> str:
    return {0: "what is put there", 1: "this document"}.get(count, f"these {count:,} documents")


def _draw_rename(entered: Entered, about: str) -> bool:
    seen = kept(lambda: entered.services.accounts.spaces.one(entered.person, about))
    with st.form("rename-space-form", border=False):
        name = st.text_input("Name", seen.name, key="space-name", autocomplete="off")
        sent = st.form_submit_button("Save", type="primary", key="save-space-name")
    if not sent:
        return False
    space = entered.services.accounts.spaces.rename(entered.person, about, name)
    return say(f"The space is {escape(space.name)} now.")


def _draw_delete(entered: Entered, about: str) -> bool:
    seen = kept(lambda: entered.services.accounts.spaces.one(entered.person, about))
    st.markdown(f"**{escape(seen.name)}** can be deleted when no document is in it ({seen.documents:,} now).")
    if not confirmed("Delete", "confirm-delete-space"):
        return False
    entered.services.accounts.spaces.delete(entered.person, about)
    return say(f"The space {escape(seen.name)} is gone.")


DIALOGS = {
    "Space add": Dialog("Add space", _draw_add),
    WISHES["Who may read"]: Dialog("Who may read", _draw_set_readers),
    WISHES["Rename"]: Dialog("Rename space", _draw_rename),
    WISHES["Delete"]: Dialog("Delete space", _draw_delete),
}
