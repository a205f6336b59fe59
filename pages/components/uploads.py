"""Uploads: handed to the service at once, so that Streamlit's copy can go."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from assistant.domain import Document, Upload, UploadOutcome
from assistant.errors import AssistantError
from pages.components.guard import Entered
from pages.components.problems import sentence
from pages.components.safe_markdown import escape

ROUND, RESULTS = "upload_round", "upload_results"
"""Session keys: a number that gives each uploader a new key, and the lines about the last upload."""
FORMATS = "PDF, Word, Excel, PowerPoint, HTML, CSV, Markdown and plain text"
SAID = {
    UploadOutcome.NEW: "was added and is being read.",
    UploadOutcome.NEW_VERSION: "is being read; until then its earlier version answers.",
    UploadOutcome.UNCHANGED: "is already there with the same content; nothing changed.",
}


def draw_uploader(entered: Entered) -> None:
    """Draw the uploader and what became of the last files."""
    files = st.file_uploader(
        f"Add documents ({FORMATS})",
        accept_multiple_files=True,
        key=f"uploader-{_round()}",
        max_upload_size=entered.services.settings.upload_max_mb,
    )
    if files:
        st.session_state[RESULTS] = take(entered, files)
        next_round()
        st.rerun()
    _draw_results(st.session_state.pop(RESULTS, []))


def _draw_results(lines: list[tuple[bool, str]]) -> None:
    taken = [line for well, line in lines if well]
    refused = [line for well, line in lines if not well]
    if taken:
        st.success("  \n".join(taken), icon=":material/check_circle:")
    if refused:
        st.error("  \n".join(refused), icon=":material/error:")


def take(entered: Entered, files: Sequence[UploadedFile], replaces: Document | None = None) -> list[tuple[bool, str]]:
    """Give files to the service; return for each whether it was taken and what to say."""
    lines = []
    for file in files:
        try:
            upload: Upload = entered.services.knowledge.upload(
                entered.person, file.name, file, replaces=replaces.id if replaces else None
            )
            lines.append((True, f"{escape(upload.name)} {SAID[upload.outcome]}"))
        except AssistantError as error:
            lines.append((False, f"{escape(file.name)}: {sentence(error)}"))
    return lines


def keep_results(lines: list[tuple[bool, str]]) -> None:
    """Show these lines at the uploader at the next draw."""
    st.session_state[RESULTS] = lines


def next_round() -> None:
    """Give the next uploader a new key, which drops the files that Streamlit holds for the old one."""
    st.session_state[ROUND] = _round() + 1


def _round() -> int:
    number: int = st.session_state.get(ROUND, 0)
    return number
