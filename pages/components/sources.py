"""Source chips under an answer, and the view of the place they cite."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from assistant.domain import Citation, Person, Turn
from assistant.errors import NotFound
from pages.components import frame
from pages.components.guard import Entered
from pages.components.passage_view import draw_place
from pages.components.problems import told_here
from pages.components.safe_markdown import escape
from pages.components.support import supporting

QUOTE_WIDTH = 240
"""Characters of a quote above its place, where it stands whole: a list of ten steps would push the place away."""
OPEN, MARKS = "open_source", "source_marks"
"""Session keys: the source whose dialog is open, as (turn id, citation number), and what became of sources."""
DELETED = "source deleted"
Look = Callable[[Person, str], Turn]
"""Returns a turn, by its id, as the person may see it now."""


def look_up(entered: Entered, turns: Sequence[Turn]) -> None:
    """Learn, at once for all these turns, which of their sources were deleted or do not hold any more."""
    ids = list({citation.document_id for turn in turns for citation in turn.citations})
    library, person = entered.services.knowledge.library, entered.person
    marks = dict.fromkeys(library.expired(person, ids), "expired") if ids else {}
    st.session_state[MARKS] = {**marks, **dict.fromkeys(library.gone(person, ids) if ids else (), DELETED)}


def chip_label(citation: Citation) -> str:
    """``1 · Travel Policy.pdf · page 3`` as safe markdown, with what became of the document since."""
    label = f" ({escape(citation.page_label)})" if citation.page_label else ""
    place = "" if citation.page is None else f" · page {citation.page}{label}"
    mark = st.session_state.get(MARKS, {}).get(citation.document_id)
    return f"{citation.n} · {escape(citation.document)}{place}{f' · {mark}' if mark else ''}"


class Chips:
    """The row of chips of one turn; takes further citations while the answer streams."""

    def __init__(self, turn_id: str) -> None:
        self._turn_id = turn_id
        self._row = st.container(horizontal=True, gap="xsmall", key=f"sources-{turn_id}")
        self._drawn: set[int] = set()

    def show(self, citations: Sequence[Citation]) -> None:
        """Add the chips that are not there yet."""
        for citation in citations:
            if citation.n not in self._drawn:
                self._drawn.add(citation.n)
                self._chip(citation)

    def _chip(self, citation: Citation) -> None:
        self._row.button(
            chip_label(citation),
            key=f"source-{self._turn_id}-{citation.n}",
            on_click=_remember,
            args=(self._turn_id, citation.n),
        )


def open_dialog_if_asked(entered: Entered, turns: Sequence[Turn], look: Look | None = None) -> None:
    """Draw the dialog of the source that was clicked; it stays open while an answer streams.

    The dialog is drawn again without the page: ``look`` tells what the person may see of the turn then, without it as
    of their own.
    """
    wanted = st.session_state.get(OPEN)
    found = [(turn, citation) for turn in turns for citation in turn.citations if (turn.id, citation.n) == wanted]
    if found:
        st.dialog(f"Source {found[0][1].n}", width="medium", on_dismiss=close_dialog)(_draw)(
            entered, *found[0], look or entered.services.chat.turn
        )


def _draw(entered: Entered, drawn: Turn, citation: Citation, look: Look) -> None:
    with told_here():
        turn = look(entered.person, drawn.id)
        if turn.withheld:
            st.info(escape(turn.answer), icon=":material/lock:")
            return
        st.markdown(f"“{escape(shortened(citation.quote))}”")
        _draw_supported(supporting(turn, citation.n))
        try:
            draw_place(entered, citation.document_id, citation.version, citation.page, [citation])
        except NotFound:
            draw_deleted(citation)
            return
        place = {} if citation.page is None else {"page": str(citation.page)}
        address = {"document": citation.document_id, "version": str(citation.version), **place}
        st.page_link(
            frame.DOCUMENT,
            label="Open as a page",
            icon=":material/open_in_full:",
            query_params={**address, "turn": turn.id, "source": str(citation.n)},
        )


def _draw_supported(sentences: Sequence[str]) -> None:
    """What of the answer this source supports; several sentences are folded, so that the page stays in view."""
    if len(sentences) == 1:
        st.markdown(f"Supports: {sentences[0]}")
    elif sentences:
        with st.expander(f"Supports {len(sentences)} sentences of the answer", type="compact"):
            st.markdown("\n".join(f"- {sentence}" for sentence in sentences))


def draw_deleted(citation: Citation) -> None:
    """Say that a source is gone, and keep the words that the answer relied on."""
    st.warning(
        f"Source deleted: {escape(citation.document)} is no longer in the knowledge base. "
        "The answer relied on these words:",
        icon=":material/delete:",
    )
    st.markdown(escape(citation.quote))


def shortened(quote: str) -> str:
    """The quote, or its beginning up to the last whole word."""
    return quote if len(quote) <= QUOTE_WIDTH else quote[:QUOTE_WIDTH].rsplit(maxsplit=1)[0] + " …"


def _remember(turn_id: str, n: int) -> None:
    st.session_state[OPEN] = (turn_id, n)


def close_dialog() -> None:
    """Leave no source open, also for when the person comes back from its page."""
    st.session_state.pop(OPEN, None)
