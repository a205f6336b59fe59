"""The dialogs of the documents list: replace, move, readers, delete, and the password of a protected file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from assistant.domain import Document
from pages.components import document_readers, uploads, wording
from pages.components.document_progress import REDRAW
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

DIALOG, NOT_MOVED = "document_dialog", "documents-not-moved"
TITLES = {
    "Replace": "Replace document",
    "Move": "Move to another space",
    "Delete": "Delete",
    "Password": "Password",
    "Readers": "Who may read",
}
LISTED = 8
"""Names listed in a dialog before the rest is counted."""


def ask(wish: str, ids: Sequence[str]) -> None:
    """Let the dialog for these documents be drawn next."""
    st.session_state[DIALOG] = (wish, tuple(ids))
    st.session_state[REDRAW] = True


def draw_asked(entered: Entered, *, done: Callable[[], None]) -> None:
    """Draw the dialog that was asked for; ``done`` is called once it has done what it is for."""
    if DIALOG not in st.session_state:
        return
    wish, ids = st.session_state[DIALOG]
    drawings = {
        "Replace": _draw_replace,
        "Move": _draw_move,
        "Delete": _draw_delete,
        "Password": _draw_password,
        "Readers": _draw_readers,
    }

    @st.dialog(TITLES[wish], on_dismiss=_end)
    def dialog() -> None:
        with told_here():
            if drawings[wish](entered, ids):
                _end()
                done()
                st.rerun()

    dialog()


def _draw_replace(entered: Entered, ids: Sequence[str]) -> bool:
    document = _seen(entered, ids[0])
    st.markdown(
        f"The new file takes the place of **{escape(document.name)}** as soon as it has arrived. The present version "
        "answers until the new one is ready, and can be restored later."
    )
    return uploads.draw_replacer(entered, document)


def _seen(entered: Entered, document_id: str) -> Document:
    """The document as it was when the dialog opened: who replaced it since then is told of, not overwritten."""
    key = f"seen-{document_id}"
    if key not in st.session_state:
        st.session_state[key] = entered.services.knowledge.document(entered.person, document_id)
    seen: Document = st.session_state[key]
    return seen


def _draw_move(entered: Entered, ids: Sequence[str]) -> bool:
    knowledge, person = entered.services.knowledge, entered.person
    names = {space.id: space.name for space in knowledge.spaces(person)}
    _draw_names(entered, ids)
    space = st.selectbox("Move to", list(names), format_func=lambda one: names[one], key="move-to")
    st.caption("Who may read the new space finds them from then on, and nobody else.")
    if st.button("Move", type="primary", key="confirm-move"):
        refused = knowledge.library.move(person, list(ids), space)
        if refused:
            st.session_state[NOT_MOVED] = [why for _, why in refused]
        return True
    return False


def _draw_delete(entered: Entered, ids: Sequence[str]) -> bool:
    _draw_names(entered, ids)
    whom = "It" if len(ids) == 1 else "They"
    st.markdown(f"{whom} will no longer answer questions. This cannot be undone.")
    row = st.container(horizontal=True)
    if row.button("Delete", type="primary", key="confirm-delete"):
        entered.services.knowledge.library.delete_many(entered.person, list(ids))
        return True
    return bool(row.button("Cancel", key="cancel-delete", on_click=_end))


def _draw_readers(entered: Entered, ids: Sequence[str]) -> bool:
    _draw_names(entered, ids)
    return document_readers.draw_form(entered, ids)


def _draw_password(entered: Entered, ids: Sequence[str]) -> bool:
    _draw_names(entered, ids)
    with st.form("password-form", border=False):
        password = st.text_input("Password of the file", type="password", autocomplete="off")
        st.caption("It is used to read the file once, and not kept.")
        sent = st.form_submit_button("Read the file", type="primary")
    if sent and password:
        entered.services.knowledge.retry(entered.person, ids[0], password=password)
    return bool(sent and password)


def _draw_names(entered: Entered, ids: Sequence[str]) -> None:
    knowledge, person = entered.services.knowledge, entered.person
    gone = knowledge.library.gone(person, list(ids))  # somebody else may have deleted some of them meanwhile
    there = [id_ for id_ in ids if id_ not in gone]
    names = [knowledge.document(person, id_).name for id_ in there[:LISTED]]
    more = f"  \nand {wording.counted(len(there) - LISTED, 'more document')}" if len(there) > LISTED else ""
    st.markdown("  \n".join(f"**{escape(name)}**" for name in names) + more)


def _end() -> None:
    asked = st.session_state.pop(DIALOG, None)
    for id_ in asked[1] if asked else ():
        st.session_state.pop(f"seen-{id_}", None)


def draw_not_moved() -> None:
    """Say once which documents could not be moved."""
    refused = st.session_state.pop(NOT_MOVED, None)
    if refused:
        st.warning("  \n".join(escape(why) for why in refused), icon=":material/warning:")
