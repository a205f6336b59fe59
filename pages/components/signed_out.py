"""What a tab shows whose session has ended: nothing of the page, and the way back to it through the sign-in."""

from __future__ import annotations

import html
from urllib.parse import urlencode

import streamlit as st

from assistant.domain import Person
from assistant.web.state import HOLDER
from pages.components import keeper

ENDED = "Your session has ended"
GO_ON = "Sign in to go on."
KEPT = "What you asked is kept: it will stand in the message field when you are back."
QUESTION_KEPT = "question_kept"
"""Session key: a question that was sent too late is kept for the person."""
WHO, PAGE = "who", "page"
"""Session keys: the person for whom this tab drew its last page, and the path of that page."""


def draw() -> None:
    """Draw the panel, with a link that leads back here."""
    with st.container(border=True, key="signed-out"):
        st.subheader(ENDED, anchor=False)
        st.markdown(f"{GO_ON} {KEPT if st.session_state.get(QUESTION_KEPT) else ''}")
        draw_link("Sign in", f"/login?{urlencode({'next': here()})}", prominent=True)
    if not _may_go_on():
        keeper.forget()  # who logged out leaves nothing behind


def here() -> str:
    """The address of the page with its query, on this host."""
    query = urlencode([(name, value) for name in st.query_params for value in st.query_params.get_all(name)])
    return f"/{st.session_state.get(PAGE, '')}" + (f"?{query}" if query else "")


def draw_link(label: str, address: str, *, prominent: bool = False) -> None:
    """Draw a link to an address of ours that opens in this tab; Streamlit's own links open in another one."""
    kind = "link prominent" if prominent else "link"
    st.html(f'<a class="{kind}" href="{html.escape(address)}">{html.escape(label)}</a>')


def _may_go_on() -> bool:
    """Whether the session only lapsed, so that what was being typed is still the person's own."""
    services, last = HOLDER.wait(0), st.session_state.get(WHO)
    return services is not None and isinstance(last, Person) and services.drafts.may_go_on(last)
