"""Uploads: streamed to disk by a route of our own, or handed to the service, so that Streamlit's copy can go."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from assistant.domain import Document, Upload, UploadOutcome
from assistant.errors import AssistantError
from pages.components import upload_stream
from pages.components.guard import Entered
from pages.components.problems import sentence, told_here
from pages.components.safe_markdown import escape

ROUND, RESULTS = "upload_round", "upload_results"
"""Session keys: a number that gives each uploader a new key, and the lines about the last upload."""
ADD = "Add documents: choose files, or drop files and folders anywhere on this page"
SPACE, ADDRESS = "upload-space", "upload-address"
PUBLIC = (
    "It is fetched once, now, and kept like an uploaded file. Only addresses that the whole world can reach are taken."
)
GENERAL = "general"
FORMATS = (
    "PDF, Word, Excel, PowerPoint, OpenDocument, RTF, HTML, Markdown, text, CSV, JSON, EPUB, mail, and zip archives of "
    "these"
)
SAID = {
    UploadOutcome.NEW: "was added and is being read.",
    UploadOutcome.NEW_VERSION: "is being read; until then its earlier version answers.",
    UploadOutcome.UNCHANGED: "is already there with the same content; nothing changed.",
}


def draw_uploader(entered: Entered) -> None:
    """Draw the uploader and what became of the last files."""
    space = _draw_space(entered)
    files = _draw_zone(entered, "uploader", f"uploader-{_round()}", label=ADD, several=True, space=space)
    if files:
        st.session_state[RESULTS] = take(entered, files, space)
        next_round()
        st.rerun()
    if entered.services.knowledge.addresses.offered:
        _draw_address(entered, space)
    _draw_results(st.session_state.pop(RESULTS, []))


def _draw_address(entered: Entered, space: str) -> None:
    with st.expander("Add a web page by its address", icon=":material/link:"), st.form("address", border=False):
        address = st.text_input("Web address", placeholder="https://", key=ADDRESS, help=PUBLIC)
        if st.form_submit_button("Fetch", icon=":material/download:"):
            with told_here():
                done = entered.services.knowledge.addresses.add(entered.person, address, space)
                st.session_state[RESULTS] = [(True, f"{escape(done.name)} {SAID[done.outcome]}")]
                st.rerun()


def draw_replacer(entered: Entered, document: Document) -> bool:
    """Draw the uploader for a document's new file; say whether one was taken, so that the dialog can close.

    The version that the person saw goes along: when someone else replaced it meanwhile, they are told instead.
    """
    key, done = f"replace-{document.id}", f"replaced-{document.id}"
    files = _draw_zone(entered, key, f"{key}-file", label="New file", space=document.space, replaces=document)
    if files and st.button("Replace", type="primary"):
        keep_results(take(entered, files, document.space, document))
        return True
    return bool(st.session_state.pop(done, False))


def _draw_zone(
    entered: Entered,
    key: str,
    widget_key: str,
    *,
    label: str,
    space: str,
    several: bool = False,
    replaces: Document | None = None,
) -> list[UploadedFile]:
    """Draw an uploader whose files our script takes; return those that it left to Streamlit."""
    most = entered.services.settings.upload_max_mb
    with st.container(key=f"{key}-zone", gap=None):
        found = st.file_uploader(
            label, accept_multiple_files=several, key=widget_key, max_upload_size=most, help=f"{FORMATS}."
        )
        upload_stream.draw_stream(
            key,
            on_uploaded=lambda: _note_uploaded(replaces),
            mostMb=most,
            single=not several,
            space=space,
            replaces=replaces.id if replaces else None,
            expected=replaces.version if replaces else None,
            said={outcome.value: words for outcome, words in SAID.items()},
        )
    return found if isinstance(found, list) else [found] if found else []


def _note_uploaded(replaces: Document | None) -> None:
    if replaces is not None:
        st.session_state[f"replaced-{replaces.id}"] = True


def _draw_space(entered: Entered) -> str:
    """Let the person choose where new documents go, where there is a choice."""
    spaces = entered.services.knowledge.spaces(entered.person)
    if len(spaces) < 2:
        return spaces[0].id if spaces else GENERAL
    names = {space.id: space.name for space in spaces}
    usual = list(names).index(GENERAL) if GENERAL in names else 0  # a space that is added must not become the usual one
    chosen: str = st.selectbox(
        "Space for new documents", list(names), index=usual, format_func=lambda one: names[one], key=SPACE
    )
    return chosen


def _draw_results(lines: list[tuple[bool, str]]) -> None:
    taken = [line for well, line in lines if well]
    refused = [line for well, line in lines if not well]
    if taken:
        st.success("  \n".join(taken), icon=":material/check_circle:")
    if refused:
        st.error("  \n".join(refused), icon=":material/error:")


def take(
    entered: Entered, files: Sequence[UploadedFile], space: str = GENERAL, replaces: Document | None = None
) -> list[tuple[bool, str]]:
    """Give files to the service; return for each whether it was taken and what to say."""
    replaced, expected = (replaces.id, replaces.version) if replaces else (None, None)
    lines = []
    for file in files:
        try:
            upload: Upload = entered.services.knowledge.upload(
                entered.person, file.name, file, space=space, replaces=replaced, expected=expected
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
