"""The list of documents: what each is, how far it is, and what can be done with it."""

from __future__ import annotations

import itertools

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import Document, DocumentStatus
from pages.components import frame, uploads, wording
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

REFRESH_SECONDS = 0.7
PAGE = 50
"""Documents drawn before "Show more"."""
SHOWN, DIALOG, REDRAW = "documents_shown", "document_dialog", "documents_redraw"
UNITS = {DocumentStatus.PARSING: "pages", DocumentStatus.EMBEDDING: "passages", DocumentStatus.INDEXING: "passages"}


def draw_list(entered: Entered) -> None:
    """Draw the list; while something is under way it draws itself anew, at the end the whole page once."""
    under_way = any(not document.status.is_final for document in _documents(entered))
    runs = itertools.count()

    @st.fragment(run_every=REFRESH_SECONDS if under_way else None)
    def listed() -> None:
        found = _documents(entered)
        by_itself = next(runs) > 0
        done = under_way and all(document.status.is_final for document in found)
        if by_itself and (done or st.session_state.pop(REDRAW, False)):
            st.rerun(scope="app")
        _draw(entered, found)

    listed()
    if DIALOG in st.session_state:
        _draw_dialog(entered)


def _documents(entered: Entered) -> list[Document]:
    """All documents, latest first."""
    found: list[Document] = entered.services.knowledge.documents(entered.person)
    return sorted(found, key=lambda document: document.uploaded_at, reverse=True)


def _draw(entered: Entered, found: list[Document]) -> None:
    if not found:
        st.info("There are no documents yet. Add some above; questions are answered from them.")
        return
    searchable = sum(document.live_version is not None for document in found)
    st.subheader(f"{wording.counted(len(found), 'document')}, {searchable} searchable", anchor=False)
    words = st.text_input(
        "Filter by name", placeholder="Filter by name", label_visibility="collapsed", key="documents-filter"
    )
    matching = [document for document in found if words.strip().lower() in document.name.lower()]
    shown = st.session_state.get(SHOWN, PAGE)
    with st.container(gap="xsmall", key="documents"):
        for document in matching[:shown]:
            _draw_row(entered, document)
    if len(matching) > shown:
        st.button("Show more", key="more-documents", type="tertiary", on_click=_show_more)


def _draw_row(entered: Entered, document: Document) -> None:
    with st.container(border=True, key=f"document-{document.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            st.markdown(f"**{escape(document.name)}** {wording.status_badge(document.status)}")
            st.caption(escape(wording.facts(document, entered.person)))
        if document.live_version is not None:
            line.page_link(
                frame.DOCUMENT, label="Open", icon=":material/visibility:", query_params={"document": document.id}
            )
        if entered.person.may_edit_documents:
            _draw_menu(document, line)
        _draw_state(entered, document)


def _draw_menu(document: Document, line: DeltaGenerator) -> None:
    line.menu_button(
        "Actions",
        ["Replace", "Delete"],
        key=f"document-menu-{document.id}",
        type="tertiary",
        on_click=_act,
        args=(document,),
    )


def _draw_state(entered: Entered, document: Document) -> None:
    if document.status is DocumentStatus.FAILED:
        st.error(escape(document.error or "This document could not be read."), icon=":material/error:")
        if entered.person.may_edit_documents:
            key = f"retry-{document.id}"
            st.button("Retry", key=key, icon=":material/refresh:", on_click=_retry, args=(entered, document))
    elif document.status is not DocumentStatus.READY:
        word = wording.STAGES[document.status]
        unit = UNITS.get(document.status, "")
        count = f": {document.done:,} of {document.total:,} {unit}" if document.total else ""
        st.progress(min(max(document.share, 0.0), 1.0), text=f"{word.capitalize()}{count}")
        if document.error:
            st.caption(f":material/hourglass_empty: Waiting: {escape(document.error)}")


def _retry(entered: Entered, document: Document) -> None:
    with told_later():
        entered.services.knowledge.retry(entered.person, document.id)
    st.session_state[REDRAW] = True  # the list is drawn anew by itself, the page around it must be too


def _act(document: Document) -> None:
    wish = st.session_state[f"document-menu-{document.id}"]
    if wish:
        st.session_state[DIALOG] = (wish, document)
        st.session_state[REDRAW] = True


def _draw_dialog(entered: Entered) -> None:
    wish, document = st.session_state[DIALOG]
    drawing = {"Replace": _draw_replace, "Delete": _draw_delete}[wish]
    st.dialog(f"{wish} document", on_dismiss=_end_dialog)(drawing)(entered, document)


def _draw_replace(entered: Entered, document: Document) -> None:
    st.markdown(
        f"The new file takes the place of **{escape(document.name)}**. The present version answers until it is ready."
    )
    files = st.file_uploader("New file", key=f"replace-{document.id}")
    if st.button("Replace", type="primary", disabled=files is None) and files is not None:
        uploads.keep_results(uploads.take(entered, [files], replaces=document))
        _end_dialog()
        st.rerun()


def _draw_delete(entered: Entered, document: Document) -> None:
    st.markdown(f"**{escape(document.name)}** will no longer answer questions. This cannot be undone.")
    row = st.container(horizontal=True)
    if row.button("Delete", type="primary", key="confirm-delete"):
        with told_here():
            entered.services.knowledge.delete(entered.person, document.id)
            _end_dialog()
            st.rerun()
    if row.button("Cancel", key="cancel-delete"):
        _end_dialog()
        st.rerun()


def _end_dialog() -> None:
    st.session_state.pop(DIALOG, None)


def _show_more() -> None:
    st.session_state[SHOWN] = st.session_state.get(SHOWN, PAGE) + PAGE
