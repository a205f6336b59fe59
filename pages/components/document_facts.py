"""What admins say of a document: its title, who is responsible for it, tags, and how long it holds."""

from __future__ import annotations

import streamlit as st

from assistant.errors import Conflict
from assistant.library import Facts, ListedDocument
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import sentence, told_here
from pages.components.safe_markdown import escape

REVISION, SAVED = "facts-revision", "facts-saved"


def draw_facts(entered: Entered, listed: ListedDocument) -> None:
    """Draw the facts; whoever may change documents gets them as fields."""
    if entered.person.may_edit_documents:
        _draw_form(entered, listed)
    else:
        _draw_words(listed.facts)


def _draw_words(facts: Facts) -> None:
    said = {
        "Title": facts.title,
        "Owner": facts.owner,
        "Tags": ", ".join(facts.tags),
        "Valid until": wording.day(facts.valid_until) if facts.valid_until else "",
    }
    for name, value in said.items():
        st.markdown(f"{name}: {escape(value or 'not said')}")


def _draw_form(entered: Entered, listed: ListedDocument) -> None:
    document, facts = listed.document, listed.facts
    key = f"{document.id}-{listed.revision}"  # after a change by someone else the fields show what stands there now
    known: list[str] = entered.services.knowledge.library.tags(entered.person)
    with st.form(f"facts-{document.id}", border=False):
        title = st.text_input("Title", facts.title or "", placeholder=document.name, key=f"title-{key}")
        owner = st.text_input("Owner", facts.owner or "", help="Who keeps it up to date.", key=f"owner-{key}")
        tags = st.multiselect(
            "Tags", sorted({*known, *facts.tags}), list(facts.tags), accept_new_options=True, key=f"tags-{key}"
        )
        valid_until = st.date_input(
            "Valid until",
            facts.valid_until,
            help="The last day on which it holds. Afterwards answers say that it has expired.",
            format="YYYY-MM-DD",
            key=f"valid-until-{key}",
        )
        saved = st.form_submit_button("Save", type="primary")
    if st.session_state.pop(SAVED, False):
        st.success("Saved.", icon=":material/check_circle:")
    if saved:
        _save(entered, listed, Facts(title.strip() or None, owner.strip() or None, tuple(tags), valid_until))


def _save(entered: Entered, listed: ListedDocument, facts: Facts) -> None:
    with told_here():
        try:
            entered.services.knowledge.library.set_facts(entered.person, listed.document.id, facts, listed.revision)
        except Conflict as error:
            st.warning(sentence(error), icon=":material/group:")
            st.button("Show what stands there now")
            return
        st.session_state[SAVED] = True
        st.rerun()
