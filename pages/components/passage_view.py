"""A place in a document: the picture of the page with the sentence marked, or the text around it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from assistant.chat.quotes import stands
from assistant.domain import Citation, PageSpan
from assistant.errors import UnreadableDocument
from assistant.library import ListedDocument
from assistant.web import downloads
from pages.components import wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

PDF = "application/pdf"
STANDS = "The quoted words stand here word for word."
STANDS_NOT = "The quoted words do not stand here word for word: do not rely on them before you have looked them up."
BEFORE, AFTER = 300, 900
"""Characters of text shown around a quote where the format has no pages: so few before it that it is seen at once."""
MOST = 20_000
"""Characters of a page shown at most: more than any printed page holds."""


def draw_place(
    entered: Entered, document_id: str, version: int, page: int | None, citations: Sequence[Citation]
) -> None:
    """Draw name, headings, the marked place and a download; raises NotFound.

    Only quotes that stand on the page character by character are marked, and it is said whether they do.
    """
    services, person = entered
    listed: ListedDocument = services.knowledge.library.facts(person, document_id)
    _draw_title(listed, version, page, citations)
    path, media_type = services.knowledge.original(person, document_id, version)
    standing = _standing(entered, document_id, version, citations)
    if not (media_type == PDF and page is not None and _drawn_picture(entered, path, page, standing)):
        text, spans = services.knowledge.document_text(person, document_id, version)
        _draw_text(text, spans, page, standing)
    st.link_button("Download the original", downloads.address(document_id, version), icon=":material/download:")


def _standing(entered: Entered, document_id: str, version: int, citations: Sequence[Citation]) -> list[Citation]:
    """The citations whose words stand at their place, and a line on whether all do."""
    if not citations:
        return []
    text, spans = entered.services.knowledge.document_text(entered.person, document_id, version)
    standing = [citation for citation in citations if stands(citation, text, spans)]
    if len(standing) == len(citations):
        st.caption(f":material/check: {STANDS}")
    else:
        st.warning(STANDS_NOT, icon=":material/warning:")
    return standing


def _draw_title(listed: ListedDocument, version: int, page: int | None, citations: Sequence[Citation]) -> None:
    document, facts = listed.document, listed.facts
    place = "" if page is None else f" · page {page}" + (f" of {document.pages}" if document.pages else "")
    expired = " :orange-badge[expired]" if wording.is_over(facts.valid_until) else ""
    st.markdown(f"**{escape(facts.title or document.name)}**{place}{expired}")
    parts = [escape(heading) for heading in (citations[0].heading_path if citations else ())]
    known = f"uploaded {wording.moment(document.uploaded_at)}"
    age = known if version == document.live_version else f"version {version}, before the current one"
    file = [escape(document.name)] if facts.title else []
    st.caption(" · ".join([*file, *([" / ".join(parts)] if parts else []), age]))


def _drawn_picture(entered: Entered, path: Path, page: int, citations: Iterable[Citation]) -> bool:
    """Show the page's picture; False when it cannot be drawn (the text is shown instead)."""
    from assistant.knowledge import source_view

    quotes = [citation.quote for citation in citations]
    cache = entered.services.settings.data_dir / "cache" / "pages"
    try:
        picture = source_view.render_pdf_page(path, page, quotes, cache)
    except UnreadableDocument as error:
        st.caption(escape(error.message))
        return False
    said = f"Page {page}" + (", with the cited sentence marked: " + " ".join(quotes) if quotes else "")
    with st.container(border=True, key="page-picture"):
        st.image(picture, width="stretch", alt=said)
    return True


def _draw_text(text: str, spans: Sequence[PageSpan], page: int | None, citations: Sequence[Citation]) -> None:
    start, end = _shown_span(text, spans, page, citations)
    marks = sorted((c.start, c.end) for c in citations if start <= c.start < c.end <= end)
    parts: list[str] = []
    position = start
    for mark_start, mark_end in marks:
        parts += [lines(text[position:mark_start]), lines(text[mark_start:mark_end], marked=True)]
        position = mark_end
    parts.append(lines(text[position:end]))
    with st.container(border=True, key="page-text"):
        st.markdown(("… " if start else "") + "".join(parts) + (" …" if end < len(text) else ""))


def _shown_span(
    text: str, spans: Sequence[PageSpan], page: int | None, citations: Sequence[Citation]
) -> tuple[int, int]:
    """The page, or where there are none the lines around the quotes, or the beginning."""
    for span in spans:
        if page is not None and span.number == page:
            return span.start, min(span.end, span.start + MOST)
    if not citations:
        return 0, min(len(text), MOST)
    start = max(0, min(c.start for c in citations) - BEFORE)
    end = min(len(text), max(c.end for c in citations) + AFTER)
    return text.rfind("\n", 0, start) + 1, _line_end(text, end)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 or end > position + AFTER else end


def lines(text: str, *, marked: bool = False) -> str:
    """Text line by line as safe markdown; a mark cannot cross a line, so each line has its own."""
    lines = [escape(line) for line in text.split("\n")]
    if marked:
        lines = [f":orange-background[{line}]" if line else "" for line in lines]
    before = " " if text[:1] == " " and not marked else ""
    after = " " if text[-1:] == " " and not marked else ""
    return before + "  \n".join(lines) + after
