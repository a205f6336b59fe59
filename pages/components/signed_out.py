"""What a tab shows whose session has ended: nothing of the page, and the way back to it through the sign-in."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

ENDED = "Your session has ended"
GO_ON = "Sign in to go on."
KEPT = "What you asked is kept: it will stand in the message field when you are back."
QUESTION_KEPT = "question_kept"
"""Session key: a question that was sent too late is kept for the person."""


def draw(path: str) -> None:
    """Draw the panel; ``path`` is the page's own, without its query."""
    with st.container(border=True, key="signed-out"):
        st.subheader(ENDED, anchor=False)
        st.markdown(f"{GO_ON} {KEPT if st.session_state.get(QUESTION_KEPT) else ''}")
        draw_link("Sign in", f"/login?{urlencode({'next': here(path)})}", prominent=True)


def here(path: str) -> str:
    """The address of this page with its query, on this host."""
    query = urlencode([(name, value) for name in st.query_params for value in st.query_params.get_all(name)])
    return f"/{path}" + (f"?{query}" if query else "")


def draw_link(label: str, address: str, *, prominent: bool = False) -> None:
    """Draw a link to an address of ours that opens in this tab; Streamlit's own links open in another one."""
    kind = "link prominent" if prominent else "link"
    st.html(f'<a class="{kind}" href="{html.escape(address)}">{html.escape(label)}</a>')
