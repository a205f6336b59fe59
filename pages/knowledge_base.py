"""Knowledge base: add documents, see how far each is, try what a search finds."""

from __future__ import annotations

import streamlit as st

from pages.components import documents, findings, frame, index_health, problems, suspects, uploads, watched_folders
from pages.components.guard import Entered, enter
from pages.components.search_trial import draw_search


def main() -> None:
    """Draw the page; the list draws itself anew while documents are under way."""
    entered = enter()
    frame.header(entered.services.knowledge.queries_go_to())
    st.title("Knowledge base", anchor=False)
    problems.tell_kept()
    index_health.draw_index_health(entered)
    if entered.person.may_edit_documents:
        uploads.draw_uploader(entered)
        suspects.draw_suspects(entered)
        findings.draw_findings(entered)
    draw_search(entered)
    documents.draw_list(entered)
    watched_folders.draw_folders(entered)
    if entered.person.may_edit_documents:
        _draw_expired_choice(entered)
        suspects.draw_policy(entered)
        findings.draw_policy(entered)
        index_health.draw_rebuild(entered)


def _draw_expired_choice(entered: Entered) -> None:
    """Let whoever keeps the documents say whether expired ones are left out of answers."""
    library, person = entered.services.knowledge.library, entered.person
    left_out = library.leave_out_expired(person)
    if st.toggle("Leave expired documents out of answers", left_out, key=f"leave-out-expired-{left_out}") != left_out:
        with problems.told_here():
            library.set_leave_out_expired(person, not left_out)
            st.rerun()


main()
