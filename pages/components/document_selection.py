"""Which documents of the list are ticked, and what can be done with all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from assistant.library import DocumentPage, DocumentQuery, ListedDocument
from pages.components import wording
from pages.components.document_dialogs import ask
from pages.components.document_filters import is_filtered
from pages.components.document_progress import REDRAW
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

CHOSEN = "documents-chosen"
"""Session key of the ticked documents' ids, which stay ticked on other pages of the list."""
ALL = "select-page"
MOST = 1000
"""Documents that one step takes on at most."""


def chosen() -> list[str]:
    """The ids of the ticked documents."""
    ids: list[str] = st.session_state.setdefault(CHOSEN, [])
    return ids


def draw_tick(listed: ListedDocument, name: str) -> None:
    """Draw the box before a document's row."""
    key = f"select-{listed.document.id}"
    st.checkbox(
        f"Select {escape(name)}",
        value=listed.document.id in chosen(),
        key=key,
        label_visibility="collapsed",
        on_change=_tick,
        args=(listed.document.id,),
    )


def draw_bar(entered: Entered, query: DocumentQuery, page: DocumentPage) -> None:
    """Draw the box for all rows of this page, and the buttons once something is ticked."""
    shown = [listed.document.id for listed in page.documents]
    ticked = chosen()
    whole = bool(shown) and set(shown) <= set(ticked)
    if st.session_state.get(ALL) != whole:
        st.session_state[ALL] = whole
    bar = st.container(horizontal=True, vertical_alignment="center", gap="small", key="documents-bar")
    label = f"{len(ticked):,} selected" if ticked else "Select all on this page"
    bar.checkbox(label, key=ALL, on_change=_tick_all, args=(shown,))
    if not ticked:
        return
    if whole and len(ticked) < page.total:
        what = f"Select all {min(page.total, MOST):,}" + (" found" if is_filtered(query) else "")
        bar.button(what, key="select-found", type="tertiary", on_click=_tick_found, args=(entered, query))
    with bar.container(horizontal=True, gap="small", width="content", key="documents-bulk"):
        _draw_buttons(entered, ticked)


def _draw_buttons(entered: Entered, ids: Sequence[str]) -> None:
    if len(entered.services.knowledge.spaces(entered.person)) > 1:
        st.button("Move", key="bulk-move", icon=":material/drive_file_move:", on_click=ask, args=("Move", ids))
    st.button("Readers", key="bulk-readers", icon=":material/lock:", on_click=ask, args=("Readers", ids))
    st.button("Retry", key="bulk-retry", icon=":material/refresh:", on_click=_retry, args=(entered, ids))
    st.button("Re-index", key="bulk-reindex", icon=":material/build:", on_click=reindex, args=(entered, ids))
    st.button("Delete", key="bulk-delete", icon=":material/delete:", on_click=ask, args=("Delete", ids))
    st.button("Clear", key="bulk-clear", type="tertiary", on_click=clear)


def clear() -> None:
    """Leave nothing ticked."""
    for id_ in chosen():
        st.session_state.pop(f"select-{id_}", None)
    st.session_state[CHOSEN] = []


def reindex(entered: Entered, ids: Sequence[str]) -> None:
    """Cut and embed documents anew in the background; their present passages answer until then."""
    with told_later():
        run = entered.services.knowledge.rebuilds.rechunk(entered.person, list(ids))
        st.toast(f"{wording.counted(run.total, 'document')} will be indexed anew.", icon=":material/build:")
    st.session_state[REDRAW] = True


def _retry(entered: Entered, ids: Sequence[str]) -> None:
    with told_later():
        count = entered.services.knowledge.library.retry_many(entered.person, list(ids))
        word = f"{wording.counted(count, 'failed document')} will be tried again." if count else "None of them failed."
        st.toast(word, icon=":material/refresh:")
    clear()
    st.session_state[REDRAW] = True


def _tick(id_: str) -> None:
    ids = [one for one in chosen() if one != id_]
    st.session_state[CHOSEN] = [*ids, id_] if st.session_state[f"select-{id_}"] else ids


def _tick_all(shown: Sequence[str]) -> None:
    on = st.session_state[ALL]
    others = [one for one in chosen() if one not in shown]
    st.session_state[CHOSEN] = [*others, *shown] if on else others
    for id_ in shown:
        st.session_state[f"select-{id_}"] = on


def _tick_found(entered: Entered, query: DocumentQuery) -> None:
    found = entered.services.knowledge.library.page(entered.person, replace(query, offset=0, limit=MOST))
    st.session_state[CHOSEN] = [listed.document.id for listed in found.documents]
