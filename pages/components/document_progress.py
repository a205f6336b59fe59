"""How far a document is on its way, in a bar and a sentence, and the button that ends it."""

from __future__ import annotations

import math

import streamlit as st

from assistant.domain import Document, DocumentStatus
from assistant.library import FileProgress, ListedDocument
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

UNITS = {DocumentStatus.PARSING: "pages", DocumentStatus.EMBEDDING: "passages", DocumentStatus.INDEXING: "passages"}
REDRAW = "documents_redraw"
"""Session key: the list, which draws itself, asks for the page around it to be drawn anew."""


def draw_progress(entered: Entered, listed: ListedDocument) -> None:
    """Draw the stage of a document that is under way."""
    document = listed.document
    progress = listed.progress or FileProgress(document.status, done=document.done, total=document.total)
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    share = progress.done / progress.total if progress.total else 0.0
    line.progress(min(max(share, 0.0), 1.0), text=said(progress))
    if entered.person.may_edit_documents:
        line.button("Cancel", key=f"cancel-{document.id}", type="tertiary", on_click=_cancel, args=(entered, document))
    if document.error:
        st.caption(f":material/hourglass_empty: Waiting: {escape(document.error)}")


def said(progress: FileProgress) -> str:
    """The stage in words: how much of it is done, how fast it goes and what is left."""
    if progress.stage is DocumentStatus.QUEUED:
        return f"Queued{_place(progress.place_in_line)}"
    word = "recognising text" if progress.recognising else wording.STAGES[progress.stage]
    unit = UNITS.get(progress.stage, progress.unit)
    parts = [f"{word.capitalize()}{_count(progress, unit)}"]
    if progress.per_second:
        parts.append(f"{progress.per_second:,.{1 if progress.per_second < 10 else 0}f} {unit} a second")
    if progress.seconds_left is not None:
        parts.append(_left(progress.seconds_left))
    return " · ".join(parts)


def _count(progress: FileProgress, unit: str) -> str:
    if not progress.total:
        return ""
    if progress.stage is DocumentStatus.PARSING:
        return f" page {min(progress.done + 1, progress.total):,} of {progress.total:,}"
    return f" {progress.done:,} of {progress.total:,} {unit}"


def _place(place: int | None) -> str:
    if place is None:
        return ""
    return ": next in line" if place == 1 else f": number {place:,} in line"


def _left(seconds: float) -> str:
    if seconds < 60:
        return f"{max(1, math.ceil(seconds))} s left"
    minutes = math.ceil(seconds / 60)
    return f"about {wording.counted(minutes, 'minute')} left"


def _cancel(entered: Entered, document: Document) -> None:
    with told_later():
        entered.services.knowledge.cancel(entered.person, document.id)
    st.session_state[REDRAW] = True
