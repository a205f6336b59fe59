"""The sidebar's conversations: new, find, open, rename, clear, delete and undo."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Conversation
from pages.components import sharing
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

PAGE = 30
"""Conversations listed before "Show more"."""
SHOWN, DELETED = "conversations_shown", "deleted_conversation"
RENAMING, CLEARING = "renaming", "clearing"
ADDRESS = "conversation"
"""Query parameter of the open conversation."""
TITLE_WIDTH = 38
"""Characters of a title in the list; the whole title is the button's tooltip."""


def current() -> str | None:
    """Return the conversation id of the address."""
    return st.query_params.get(ADDRESS) or None


def open_conversation(conversation_id: str | None) -> None:
    """Put the conversation into the address; None begins a new one."""
    st.query_params.pop(sharing.ADDRESS, None)
    if conversation_id is None:
        st.query_params.pop(ADDRESS, None)
    else:
        st.query_params[ADDRESS] = conversation_id


def draw_list(entered: Entered) -> None:
    """Draw the sidebar's part of the chat."""
    with st.sidebar:
        st.button("New chat", icon=":material/edit_square:", width="stretch", on_click=open_conversation, args=(None,))
        query = st.text_input(
            "Search conversations", placeholder="Search conversations", label_visibility="collapsed", key="find"
        )
        _draw_undo(entered)
        shown = st.session_state.get(SHOWN, PAGE)
        found = entered.services.chat.conversations(entered.person, query.strip(), limit=shown + 1)
        with st.container(gap=None, key="conversations"):
            for conversation in found[:shown]:
                _draw_row(entered, conversation)
        if not found:
            st.caption("No conversation has these words." if query else "Your conversations will be listed here.")
        if len(found) > shown:
            st.button("Show more", type="tertiary", on_click=_show_more)
        sharing.draw_list(entered)
    sharing.draw_dialog_if_asked(entered)
    if RENAMING in st.session_state:
        st.dialog("Rename conversation", on_dismiss=_end_renaming)(_draw_rename)(entered)
    if CLEARING in st.session_state:
        st.dialog("Clear conversation", on_dismiss=_end_clearing)(_draw_clear)(entered)


def _draw_row(entered: Entered, conversation: Conversation) -> None:
    active = conversation.id == current()
    title = conversation.title
    row = st.container(horizontal=True, wrap=False, gap=None, vertical_alignment="center", key=f"row-{conversation.id}")
    row.button(
        escape(title if len(title) <= TITLE_WIDTH else title[: TITLE_WIDTH - 1].rstrip() + "…"),
        key=f"open-{conversation.id}",
        type="secondary" if active else "tertiary",
        width="stretch",
        help=escape(title) if len(title) > TITLE_WIDTH else None,
        on_click=open_conversation,
        args=(conversation.id,),
    )
    if active:
        row.menu_button(
            "Edit",
            ["Share", "Rename", "Clear", "Delete"],
            key=f"menu-{conversation.id}",
            type="tertiary",
            on_click=_act,
            args=(entered, conversation),
        )


def _act(entered: Entered, conversation: Conversation) -> None:
    wish = st.session_state[f"menu-{conversation.id}"]
    with told_later():
        if wish == "Share":
            sharing.begin(conversation)
        elif wish == "Rename":
            st.session_state[RENAMING] = conversation
        elif wish == "Clear":
            st.session_state[CLEARING] = conversation
        elif wish == "Delete":
            entered.services.chat.delete(entered.person, conversation.id)
            st.session_state[DELETED] = conversation
            open_conversation(None)


def _draw_undo(entered: Entered) -> None:
    conversation: Conversation | None = st.session_state.get(DELETED)
    if conversation is None:
        return
    with st.container(border=True, key="undo", gap="xsmall"):
        st.caption(f"Deleted “{escape(conversation.title)}”.")
        with st.container(horizontal=True, gap="xsmall"):
            st.button("Undo", key="undo-delete", on_click=_restore, args=(entered, conversation))
            st.button("Dismiss", key="dismiss-undo", type="tertiary", on_click=_forget_deleted)


def _restore(entered: Entered, conversation: Conversation) -> None:
    _forget_deleted()
    with told_later():
        entered.services.chat.restore(entered.person, conversation.id)
        open_conversation(conversation.id)


def _draw_rename(entered: Entered) -> None:
    conversation: Conversation = st.session_state[RENAMING]
    with st.form("rename", border=False):
        title = st.text_input("Title", value=conversation.title, max_chars=200)
        if st.form_submit_button("Rename", type="primary"):
            with told_here():
                entered.services.chat.rename(entered.person, conversation.id, title)
                _end_renaming()
                st.rerun()


def _draw_clear(entered: Entered) -> None:
    conversation: Conversation = st.session_state[CLEARING]
    st.markdown(
        f"All questions and answers of **{escape(conversation.title)}** are removed, its title stays. "
        "This cannot be undone."
    )
    row = st.container(horizontal=True)
    if row.button("Clear", type="primary", key="confirm-clear"):
        with told_here():
            entered.services.chat.clear(entered.person, conversation.id)
            _end_clearing()
            st.rerun()
    if row.button("Cancel", key="cancel-clear"):
        _end_clearing()
        st.rerun()


def _end_clearing() -> None:
    st.session_state.pop(CLEARING, None)


def _end_renaming() -> None:
    st.session_state.pop(RENAMING, None)


def _forget_deleted() -> None:
    st.session_state.pop(DELETED, None)


def _show_more() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE
