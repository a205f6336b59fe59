"""The folders on the server whose files are kept as documents by themselves."""

from __future__ import annotations

import streamlit as st

from assistant.domain import Role
from assistant.library import WatchedFolder
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

WHAT = (
    "Files in these folders on the server become documents; a changed file becomes a new version, a removed one is "
    "deleted. Documents that people uploaded themselves are never touched."
)
PATH, SPACE = "watch-path", "watch-space"


def draw_folders(entered: Entered) -> None:
    """Draw the folders, and the fields for a further one, for those who may see the server's folders."""
    if entered.person.role is not Role.ADMIN:
        return
    with st.expander("Watched folders", icon=":material/folder_eye:", key="watched-folders"), told_here():
        st.caption(WHAT)
        folders: list[WatchedFolder] = entered.services.knowledge.folders.watched(entered.person)
        for folder in folders:
            _draw_folder(entered, folder)
        _draw_form(entered, len(folders))


def _draw_folder(entered: Entered, folder: WatchedFolder) -> None:
    with st.container(border=True, key=f"folder-{folder.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            st.markdown(f"**{escape(folder.path)}**")
            looked = f"looked at {wording.moment(folder.looked_at)}" if folder.looked_at else "not looked at yet"
            by = "by you" if folder.added_by == entered.person.id else f"by {folder.added_by}"
            facts = [wording.counted(folder.files, "file"), looked, f"space {folder.space}", by]
            st.caption(escape(" · ".join(facts)))
        line.button(
            "Stop watching",
            key=f"unwatch-{folder.id}",
            type="tertiary",
            help="Its documents stay.",
            on_click=_unwatch,
            args=(entered, folder),
        )
        if folder.problem:
            st.warning(escape(folder.problem), icon=":material/warning:")


def _draw_form(entered: Entered, known: int) -> None:
    """Draw the fields, emptied once a folder was added; a refused path stays to be mended."""
    spaces = {space.id: space.name for space in entered.services.knowledge.spaces(entered.person)}
    with st.form("watch-form", border=False):
        row = st.container(horizontal=True, vertical_alignment="bottom")
        path = row.text_input("Folder on the server", placeholder="/srv/documents", key=f"{PATH}-{known}")
        space = "general"
        if len(spaces) > 1:
            space = row.selectbox("Space", list(spaces), format_func=lambda one: spaces[one], key=SPACE)
        added = row.form_submit_button("Watch")
    if added and path.strip():
        entered.services.knowledge.folders.watch(entered.person, path.strip(), space)
        st.rerun()


def _unwatch(entered: Entered, folder: WatchedFolder) -> None:
    with told_later():
        entered.services.knowledge.folders.unwatch(entered.person, folder.id)
