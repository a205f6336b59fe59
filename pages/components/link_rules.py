"""To which hosts the addresses in answers are links, as admins set it."""

from __future__ import annotations

import streamlit as st

from assistant.people.links_allowed import Allowed
from pages.components.guard import Entered
from pages.components.problems import told_here

SAVED = "links-saved"
MEANING = (
    "An address in an answer may come from a document or a model, and may lead anywhere. Those of the hosts below are "
    "links (only https); all others are shown as text. Pictures from other hosts are never shown."
)
HELP = "One a line: wiki.example.com for this host alone, *.example.com for all below it."


def draw(entered: Entered) -> None:
    """Draw the list, and store it when it is changed."""
    service = entered.services.links_allowed
    present = service.allowed()
    if st.session_state.pop(SAVED, False):
        st.success("Saved. It holds for every answer, earlier ones too.", icon=":material/check_circle:")
    st.caption(MEANING)
    with st.form(f"links-{present.revision}"):
        lines = st.text_area("Hosts that answers may link to", "\n".join(present.hosts), help=HELP)
        if st.form_submit_button("Save", type="primary"):
            with told_here():
                service.set(entered.person, Allowed(tuple(lines.split()), present.revision))
                st.session_state[SAVED] = True
                st.rerun()
