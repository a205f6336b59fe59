"""A document's versions: who uploaded each and when, what changed between two of them, and the way back to one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from assistant.domain import Document, DocumentStatus
from assistant.library import Version
from assistant.web import downloads
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

OLD, NEW, RESTORED = "compare-old", "compare-new", "version-restored"
NOTHING = "Both versions say the same, word for word."


def draw_versions(entered: Entered, document: Document) -> None:
    """Draw the versions, newest first, and the comparison of two of them."""
    with told_here():
        versions: list[Version] = entered.services.knowledge.library.versions(entered.person, document.id)
        restored = st.session_state.pop(RESTORED, None)
        if restored is not None:
            st.success(f"Version {restored} is being read again, as the newest one.", icon=":material/check_circle:")
        with st.container(gap="xsmall", key="versions"):
            for version in versions:
                _draw_version(entered, version, newest=versions[0].number)
        _draw_comparison(entered, document, [version for version in versions if version.has_text])


def _draw_version(entered: Entered, version: Version, *, newest: int) -> None:
    with st.container(border=True, key=f"version-{version.number}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line-{version.number}")
        with line.container(gap=None):
            st.markdown(f"**Version {version.number}** {_badges(version)}")
            facts = [version.name, wording.size(version.size), wording.moment(version.uploaded_at)]
            st.caption(escape(" · ".join([*facts, wording.by(version.uploaded_by, entered.person)])))
        address = downloads.address(version.document_id, version.number)
        line.link_button("Download", address, type="tertiary", icon=":material/download:")
        if entered.person.may_edit_documents and version.number != newest:
            line.button(
                "Restore",
                key=f"restore-{version.number}",
                icon=":material/restore:",
                on_click=_restore,
                args=(entered, version, newest),
            )
        if version.error:
            st.caption(f":material/error: {escape(version.error)}")
        if version.note:
            st.caption(f":material/info: {escape(version.note)}")


def _badges(version: Version) -> str:
    if version.live:
        return ":green-badge[answers questions]"
    return wording.status_badge(version.status) if version.status is not DocumentStatus.READY else ""


def _restore(entered: Entered, version: Version, newest: int) -> None:
    with told_later():
        library = entered.services.knowledge.library
        library.restore(entered.person, version.document_id, version.number, expected=newest)
        st.session_state[RESTORED] = version.number


def _draw_comparison(entered: Entered, document: Document, versions: Sequence[Version]) -> None:
    if len(versions) < 2:
        st.caption("There is one version with text; with a second one, the two can be compared here.")
        return
    numbers = [version.number for version in versions]
    st.subheader("What changed", anchor=False)
    row = st.container(horizontal=True, vertical_alignment="bottom")
    old = row.selectbox("From version", numbers, index=1, key=OLD)
    new = row.selectbox("To version", numbers, index=0, key=NEW)
    library = entered.services.knowledge.library
    lines = library.difference(entered.person, document.id, old, new)
    if not lines:
        st.info(NOTHING)
        return
    added, gone = (sum(line.sign == sign for line in lines) for sign in "+-")
    st.caption(f"{wording.counted(added, 'line')} added, {wording.counted(gone, 'line')} taken away")
    # A code block shows text as it is, whatever stands in it.
    text = "\n".join("⋯" if line.sign == "@" and not line.text else f"{line.sign} {line.text}" for line in lines)
    with st.container(key="difference"):
        st.code(text, language="diff", wrap_lines=True)
