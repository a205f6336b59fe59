"""The list of documents: found and sorted, a page at a time, with what each is, how far it is and what can be done."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import Document, DocumentStatus
from assistant.library import DocumentPage, DocumentQuery, ListedDocument
from pages.components import document_dialogs, document_selection, frame, wording
from pages.components.document_filters import draw_filters, draw_pages, is_filtered, of_page
from pages.components.document_progress import REDRAW, draw_progress
from pages.components.document_readers import BADGE
from pages.components.guard import Entered, fragment
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

REFRESH_SECONDS = 1.0
NEEDS_PASSWORD = "password"  # noqa: S105 - the word by which the sentence of a protected file is known
EMPTY = "There are no documents yet. Add some above; questions are answered from them."
EMPTY_FOR_READERS = "There are no documents yet."


def draw_list(entered: Entered) -> None:
    """Draw the list; while something is under way it draws itself anew, at the end the whole page once."""
    document_dialogs.draw_not_moved()
    under_way = entered.services.knowledge.progress(entered.person).pending > 0
    runs = itertools.count()

    @fragment(run_every=REFRESH_SECONDS if under_way else None)
    def listed() -> None:
        by_itself = next(runs) > 0
        pending = by_itself and entered.services.knowledge.progress(entered.person).pending > 0
        if by_itself and (pending != under_way or st.session_state.pop(REDRAW, False)):
            st.rerun(scope="app")
        _draw(entered)

    with st.container(key="documents-list"):
        listed()
    document_dialogs.draw_asked(entered, done=document_selection.clear)


def _draw(entered: Entered) -> None:
    top = st.container(gap="small")
    with st.container(gap="small"):
        query = draw_filters(entered)
    page: DocumentPage = entered.services.knowledge.library.page(entered.person, of_page(query))
    with top:
        _draw_summary(query, page)
    if not page.total:
        _draw_nothing(entered, query)
        return
    if entered.person.may_edit_documents:
        document_selection.draw_bar(entered, query, page)
    spaces = {space.id: space.name for space in entered.services.knowledge.spaces(entered.person)}
    with st.container(gap="xsmall", key="documents"):
        for listed in page.documents:
            _draw_row(entered, listed, spaces if len(spaces) > 1 else {})
    draw_pages(page.total)


def _draw_summary(query: DocumentQuery, page: DocumentPage) -> None:
    if is_filtered(query):
        st.subheader(f"{wording.counted(page.total, 'document')} found", anchor=False)
        return
    parts = [wording.counted(page.total, "document"), f"{page.searchable:,} searchable"]
    parts += [f"{page.under_way:,} under way"] if page.under_way else []
    parts += [f"{page.failed:,} failed"] if page.failed else []
    if page.total:
        st.subheader(", ".join(parts), anchor=False)


def _draw_nothing(entered: Entered, query: DocumentQuery) -> None:
    if is_filtered(query):
        st.info("No document is like that. Use fewer words or filters.")
    else:
        st.info(EMPTY if entered.person.may_edit_documents else EMPTY_FOR_READERS)


def _draw_row(entered: Entered, listed: ListedDocument, spaces: Mapping[str, str]) -> None:
    """Draw a document; ``spaces`` are the names of all by their ids where there are several."""
    document, editor = listed.document, entered.person.may_edit_documents
    name = listed.facts.title or document.name
    with st.container(border=True, key=f"document-{document.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line-{document.id}")
        if editor:
            with line.container(width="content"):
                document_selection.draw_tick(listed, name)
        with line.container(gap=None):
            st.markdown(f"**{escape(name)}** {' '.join(_badges(listed))}")
            st.caption(escape(wording.listed_facts(listed, entered.person, spaces.get(document.space, ""))))
        line.page_link(
            frame.DOCUMENT, label="Open", icon=":material/visibility:", query_params={"document": document.id}
        )
        if editor:
            _draw_menu(entered, document, line, several_spaces=bool(spaces))
        _draw_state(entered, listed)


def _badges(listed: ListedDocument) -> list[str]:
    badges = [wording.status_badge(listed.document.status)]
    if listed.restricted:
        badges.append(BADGE)
    if wording.is_over(listed.facts.valid_until):
        badges.append(":orange-badge[expired]")
    return badges + [f":gray-badge[{escape(tag)}]" for tag in listed.facts.tags]


def _draw_menu(entered: Entered, document: Document, line: DeltaGenerator, *, several_spaces: bool) -> None:
    optional = {"Move": several_spaces, "Re-index": document.live_version is not None}
    wishes = ["Replace", *(wish for wish, possible in optional.items() if possible), "Delete"]
    line.menu_button(
        "Actions",
        wishes,
        key=f"document-menu-{document.id}",
        type="tertiary",
        on_click=_act,
        args=(entered, document),
    )


def _draw_state(entered: Entered, listed: ListedDocument) -> None:
    document = listed.document
    if document.status is DocumentStatus.FAILED:
        _draw_failure(entered, document)
    elif document.status is not DocumentStatus.READY:
        draw_progress(entered, listed)


def _draw_failure(entered: Entered, document: Document) -> None:
    why = document.error or "This document could not be read."
    st.error(escape(why), icon=":material/error:")
    if not entered.person.may_edit_documents:
        return
    row = st.container(horizontal=True, gap="small")
    row.button(
        "Retry", key=f"retry-{document.id}", icon=":material/refresh:", on_click=_retry, args=(entered, document)
    )
    if NEEDS_PASSWORD in why.lower():
        row.button(
            "Give the password",
            key=f"password-{document.id}",
            icon=":material/key:",
            on_click=document_dialogs.ask,
            args=("Password", (document.id,)),
        )


def _retry(entered: Entered, document: Document) -> None:
    with told_later():
        entered.services.knowledge.retry(entered.person, document.id)
    st.session_state[REDRAW] = True  # the list is drawn anew by itself, the page around it must be too


def _act(entered: Entered, document: Document) -> None:
    wish = st.session_state[f"document-menu-{document.id}"]
    if wish == "Re-index":
        document_selection.reindex(entered, [document.id])
    elif wish:
        document_dialogs.ask(wish, (document.id,))
