"""What the list of documents shows: found by words, filtered, sorted, a page at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import streamlit as st

from assistant.domain import DocumentStatus
from assistant.library import DocumentQuery, SortKey
from pages.components import wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

PAGE = 25
"""Documents on one page: each row is six elements, and the browser draws them all anew at every step."""
WORDS, IN_TEXT, STATUS, SPACES, TAGS, VALID, SORT, NUMBER = (
    "documents-filter", "documents-in-text", "documents-status", "documents-spaces", "documents-tags",
    "documents-valid", "documents-sort", "documents-page",
)  # fmt: skip
NOT_DONE = "not done"
STAGES = {
    wording.STAGES[DocumentStatus.READY]: (DocumentStatus.READY,),
    NOT_DONE: tuple(status for status in DocumentStatus if not status.is_final),
    wording.STAGES[DocumentStatus.FAILED]: (DocumentStatus.FAILED,),
}
EXPIRED = {"All": None, "Valid": False, "Expired": True}


class Order(NamedTuple):
    """A way to sort, as the list offers it."""

    key: SortKey
    descending: bool


ORDERS = {
    "Newest first": Order("uploaded", descending=True),
    "Oldest first": Order("uploaded", descending=False),
    "Name, A to Z": Order("name", descending=False),
    "Name, Z to A": Order("name", descending=True),
    "Largest first": Order("size", descending=True),
    "Status": Order("status", descending=False),
    "Owner": Order("owner", descending=False),
    "Expiring first": Order("valid_until", descending=False),
}


def draw_filters(entered: Entered) -> DocumentQuery:
    """Draw the fields and return what they ask for, from its first document on."""
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="documents-filters")
    words = line.text_input(
        "Filter by name", placeholder="Filter by name", label_visibility="collapsed", key=WORDS, on_change=first_page
    )
    order = ORDERS[
        line.selectbox("Sort", list(ORDERS), label_visibility="collapsed", key=SORT, width=170, on_change=first_page)
    ]
    query = DocumentQuery(words=words.strip(), sort=order.key, descending=order.descending, limit=PAGE)
    with line.popover(_label(), icon=":material/filter_list:"):
        return _draw_more(entered, query)


def is_filtered(query: DocumentQuery) -> bool:
    """Say whether a query leaves any document out."""
    return bool(query.words or query.statuses or query.spaces or query.tags or query.expired is not None)


def of_page(query: DocumentQuery) -> DocumentQuery:
    """Return the query for the page that was turned to."""
    number = st.session_state.get(NUMBER) or 1
    return replace(query, offset=(number - 1) * query.limit)


def draw_pages(total: int) -> None:
    """Draw the numbers of the list's pages where there are several."""
    pages = -(-total // PAGE)
    if pages < 2:
        return
    with st.container(horizontal_alignment="center", key="documents-pages"):
        st.pagination(pages, key=NUMBER, width="stretch")


def first_page() -> None:
    """Turn to the first page: what is asked for has changed."""
    st.session_state.pop(NUMBER, None)


def _label() -> str:
    """How many filters are set in the menu that hides them."""
    chosen = [st.session_state.get(key) for key in (IN_TEXT, STATUS, SPACES, TAGS)]
    count = sum(bool(one) for one in chosen) + (st.session_state.get(VALID, "All") not in ("All", None))
    return f"Filters ({count})" if count else "Filters"


def _draw_more(entered: Entered, query: DocumentQuery) -> DocumentQuery:
    knowledge, person = entered.services.knowledge, entered.person
    in_text = st.checkbox("Look for the words in the text too", key=IN_TEXT, on_change=first_page)
    stages = st.pills("Status", list(STAGES), selection_mode="multi", key=STATUS, on_change=first_page)
    expired = st.segmented_control("Validity", list(EXPIRED), default="All", key=VALID, on_change=first_page)
    spaces: list[str] = []
    names = {space.id: space.name for space in knowledge.spaces(person)}
    if len(names) > 1:
        spaces = st.multiselect(
            "Spaces", list(names), format_func=lambda one: names[one], key=SPACES, on_change=first_page
        )
    known: list[str] = knowledge.library.tags(person)
    tags = st.multiselect("Tags", known, format_func=escape, key=TAGS, on_change=first_page) if known else []
    return replace(
        query,
        in_text=in_text,
        statuses=tuple(status for stage in stages for status in STAGES[stage]),
        spaces=tuple(spaces),
        tags=tuple(tags),
        expired=EXPIRED[expired or "All"],
    )
