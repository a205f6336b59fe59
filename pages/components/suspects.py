"""Documents that give orders to assistants: what admins see of them, decide about them and set for all."""

from __future__ import annotations

import streamlit as st

from assistant.library import SuspectDocument, UploadGuard
from pages.components import document_dialogs, frame, wording
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

SHOWN = 5
"""Documents, and sentences of each, that are shown before the rest is counted."""
POLICIES = {
    UploadGuard.FLAG: "Only show them here",
    UploadGuard.STRIP: "Keep the sentences from models",
    UploadGuard.QUARANTINE: "Keep the whole document out of answers",
}
WHAT_NOW = "Release what is harmless. Otherwise delete the document, or upload it again without these sentences."
HELD = {
    UploadGuard.FLAG: "Models see it, as the setting below says.",
    UploadGuard.STRIP: "Models do not see it.",
    UploadGuard.QUARANTINE: "The document is kept out of answers.",
}


def draw_suspects(entered: Entered) -> None:
    """Draw the documents whose suspected sentences nobody has decided about; nothing where there are none."""
    held = [one for one in entered.services.knowledge.quarantine.documents(entered.person) if not one.released]
    if not held:
        return
    with st.container(border=True, key="suspects"):
        count = wording.counted(len(held), "document")
        st.markdown(f":material/shield: **{count} with orders to an assistant**")
        st.caption(WHAT_NOW)
        for one in held[:SHOWN]:
            _draw_document(entered, one)
        if len(held) > SHOWN:
            st.caption(f"and {len(held) - SHOWN:,} more")


def draw_suspected(entered: Entered, document_id: str) -> None:
    """Draw what is suspected of one document, on its own page."""
    if not entered.person.may_edit_documents:
        return
    one = entered.services.knowledge.quarantine.document(entered.person, document_id)
    if one is not None and not one.released:
        with st.container(border=True, key="suspects"):
            _draw_document(entered, one, linked=False)


def draw_policy(entered: Entered) -> None:
    """Let whoever keeps the documents say what becomes of such sentences."""
    quarantine = entered.services.knowledge.quarantine
    present = quarantine.policy(entered.person)
    options = list(UploadGuard)
    picked = st.selectbox(
        "Sentences in documents that give orders to an assistant",
        options,
        options.index(present),
        format_func=POLICIES.__getitem__,
        key=f"upload-guard-{present}",
        help="A document may try to tell a model what to do. Such sentences are found when the document is read.",
    )
    if picked is not None and picked is not present:
        with told_here():
            quarantine.set_policy(entered.person, picked)
            st.rerun()


def _draw_document(entered: Entered, one: SuspectDocument, *, linked: bool = True) -> None:
    policy = entered.services.knowledge.quarantine.policy(entered.person)
    if linked:
        st.page_link(frame.DOCUMENT, label=escape(one.name), query_params={"document": one.document_id})
    else:
        st.markdown(":material/shield: **This document gives orders to an assistant**")
    for suspect in one.suspects[:SHOWN]:
        st.markdown(f"> {escape(' '.join(suspect.text.split()))}")
    more = f" And {len(one.suspects) - SHOWN:,} more sentences." if len(one.suspects) > SHOWN else ""
    st.caption(f"{HELD[policy]}{more}")
    row = st.container(horizontal=True, gap="small")
    row.button(
        "Release",
        key=f"release-{one.document_id}",
        icon=":material/lock_open:",
        help="The sentences are harmless: models may see them, in later versions too.",
        on_click=_release,
        args=(entered, one.document_id),
    )
    if linked:  # the list of documents, on the same page, draws the dialog
        row.button(
            "Delete",
            key=f"delete-suspect-{one.document_id}",
            icon=":material/delete:",
            on_click=document_dialogs.ask,
            args=("Delete", (one.document_id,)),
        )


def _release(entered: Entered, document_id: str) -> None:
    with told_later():
        entered.services.knowledge.quarantine.release(entered.person, document_id)
