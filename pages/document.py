"""One document: the place that a source has, its versions, its passages, and what admins say of it."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import Citation, Document, DocumentStatus, Turn
from assistant.errors import NotFound
from assistant.library import ListedDocument
from pages.components import frame, problems, wording
from pages.components.document_chunks import draw_chunks
from pages.components.document_facts import draw_facts
from pages.components.document_readers import draw_readers
from pages.components.document_versions import draw_versions
from pages.components.findings import draw_found
from pages.components.guard import Entered, enter
from pages.components.passage_view import draw_place
from pages.components.problems import told_here
from pages.components.safe_markdown import escape
from pages.components.sources import close_dialog, draw_deleted
from pages.components.suspects import draw_suspected

SECTIONS = READ, VERSIONS, PASSAGES, ABOUT = "Read", "Versions", "Passages", "About"
NOT_YET = "This document cannot be shown yet: it has not been read."


def main() -> None:
    """Draw the document that the address names, of its sections only the open one."""
    entered = enter()
    close_dialog()
    _draw_way_back(entered, frame.header(entered.services.knowledge.queries_go_to()))
    problems.tell_kept()
    with told_here():
        listed = _document(entered)
        if listed is None:
            return
        draw_suspected(entered, listed.document.id)
        draw_found(entered, listed.document.id)
        for tab, name in zip(st.tabs(SECTIONS, on_change="rerun", key="document-section"), SECTIONS, strict=True):
            if tab.open:
                with tab:
                    _draw_section(entered, listed, name)


def _draw_section(entered: Entered, listed: ListedDocument, name: str) -> None:
    if name != READ:  # where the place says which document it is in
        title = listed.facts.title or listed.document.name
        st.markdown(f"**{escape(title)}** {wording.status_badge(listed.document.status)}")
    if name == VERSIONS:
        draw_versions(entered, listed.document)
    elif name == PASSAGES:
        draw_chunks(entered, listed.document)
    elif name == ABOUT:
        draw_facts(entered, listed)
        draw_readers(entered, listed)
    else:
        with told_here():
            _draw_reading(entered, listed.document)


def _draw_reading(entered: Entered, document: Document) -> None:
    version = _number("version") or document.live_version
    if version is None:
        failed = document.status is DocumentStatus.FAILED
        raise NotFound(document.error if failed and document.error else NOT_YET)
    page = _number("page") or (1 if document.pages else None)
    _draw_page_buttons(document, page)
    draw_place(entered, document.id, version, page, _citations(entered, document.id, version, page))


def _draw_way_back(entered: Entered, line: DeltaGenerator) -> None:
    """A link to the conversation that the person came from, else to the list of documents."""
    turn = _turn(entered)
    if turn is None:
        line.page_link(frame.KNOWLEDGE_BASE, label="All documents", icon=":material/arrow_back:")
    else:
        address = {"conversation": turn.conversation_id}
        line.page_link(frame.CHAT, label="Back to the answer", icon=":material/arrow_back:", query_params=address)


def _document(entered: Entered) -> ListedDocument | None:
    """The document; None when it was deleted and the address names an answer that keeps its words."""
    document_id = st.query_params.get("document")
    if not document_id:
        raise NotFound("The address names no document; open one from an answer or from the knowledge base.")
    try:
        listed: ListedDocument = entered.services.knowledge.library.facts(entered.person, document_id)
    except NotFound:
        kept = _kept(entered, document_id)
        if kept is None:
            raise
        draw_deleted(kept)
        return None
    return listed


def _kept(entered: Entered, document_id: str) -> Citation | None:
    """The citation that the address names, of a document that is gone."""
    turn, source = _turn(entered), _number("source")
    cited = turn.citations if turn else ()
    return next((c for c in cited if c.document_id == document_id and source in (None, c.n)), None)


def _number(name: str) -> int | None:
    value = st.query_params.get(name, "")
    return int(value) if value.isdecimal() and len(value) < 10 and int(value) > 0 else None


def _citations(entered: Entered, document_id: str, version: int, page: int | None) -> list[Citation]:
    """The citation that the address names, when it is the person's own and on this page."""
    turn, source = _turn(entered), _number("source")
    if turn is None:
        return []
    place = (document_id, version, page)
    return [c for c in turn.citations if (c.document_id, c.version, c.page) == place and source in (None, c.n)]


def _turn(entered: Entered) -> Turn | None:
    """The turn that the address names, when it is the person's own or shared with them."""
    turn_id, chat = st.query_params.get("turn", ""), entered.services.chat
    for look in (chat.turn, chat.sharing.turn):
        with suppress(NotFound):
            found: Turn = look(entered.person, turn_id)
            return found
    return None


def _draw_page_buttons(document: Document, page: int | None) -> None:
    if page is None or not document.pages or document.pages < 2:
        return
    row = st.container(horizontal=True, vertical_alignment="center", key="page-buttons")
    row.button("Previous page", icon=":material/chevron_left:", disabled=page <= 1, on_click=_go, args=(page - 1,))
    last = page >= document.pages
    row.button("Next page", icon=":material/chevron_right:", disabled=last, on_click=_go, args=(page + 1,))


def _go(page: int) -> None:
    st.query_params["page"] = str(page)


main()
