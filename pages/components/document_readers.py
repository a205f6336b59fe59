"""Who may read a document: all readers of its space, or some groups among them."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.library import ListedDocument
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

EVERYONE, SOME = "All readers of its space", "Only certain groups"
BADGE = ":violet-badge[:material/lock: restricted]"
ADMINS_TOO = "Administrators can read it, too. Who is in none of these groups cannot find it."
NO_GROUPS = "There are no groups yet: an administrator can make some under People."
SAVED = "readers-saved"


def draw_readers(entered: Entered, listed: ListedDocument) -> None:
    """Draw who may read a document; whoever may change documents can say so."""
    if not entered.person.may_edit_documents:
        st.markdown(f"Readers: {escape(SOME if listed.restricted else EVERYONE).lower()}")
        return
    st.subheader("Who may read it", anchor=False)
    spaces = {space.id: space.name for space in entered.services.knowledge.spaces(entered.person)}
    st.caption(f"It is in the space {escape(spaces.get(listed.document.space, listed.document.space))}.")
    with told_here():
        if draw_form(entered, [listed.document.id], listed):
            st.session_state[SAVED] = True
            st.rerun()
    if st.session_state.pop(SAVED, False):
        st.success("Saved. It holds from the next question on.", icon=":material/check_circle:")


def draw_form(entered: Entered, ids: Sequence[str], now: ListedDocument | None = None) -> bool:
    """Draw the choice for these documents, as it is ``now`` where it is one; say whether another was stored."""
    library, person = entered.services.knowledge.library, entered.person
    names = {group.id: group.name for group in library.groups(person)}
    held = [group.id for group in now.groups] if now else []
    key = f"{ids[0]}-{'-'.join(held)}-{now.restricted if now else ''}"  # what somebody else stored is drawn anew
    at = int(bool(now and now.restricted))
    who = st.radio("Readers", (EVERYONE, SOME), at, key=f"readers-{key}", label_visibility="collapsed")
    chosen: list[str] = []
    if who == SOME:
        there = [one for one in held if one in names]
        chosen = st.multiselect("Groups", list(names), there, format_func=names.__getitem__, key=f"reader-groups-{key}")
        st.caption(ADMINS_TOO if names else NO_GROUPS)
    if not st.button("Save the readers", key=f"save-readers-{key}", disabled=who == SOME and not chosen):
        return False
    changed = library.restrict(person, list(ids), chosen if who == SOME else None)
    st.toast(f"Changed for {wording.counted(changed, 'document')}.", icon=":material/lock:")
    return True
