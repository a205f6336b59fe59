"""What admins say of a document: its title, who is responsible for it, tags, and how long it holds."""

from __future__ import annotations

import streamlit as st

from assistant.errors import Conflict
from assistant.library import Facts, ListedDocument
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import sentence, told_here
from pages.components.safe_markdown import escape

SEEN, SAVE, SAVED = "facts-seen", "facts-save", "facts-saved"
"""Session keys: the document as it was when its fields were drawn, the button, and that it has just been stored."""


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
    seen = _seen(listed)
    document, facts = seen.document, seen.facts
    key = f"{document.id}-{seen.revision}"  # fields of another revision are others
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
        saved = st.form_submit_button("Save", type="primary", key=SAVE)
    if st.session_state.pop(SAVED, False):
        st.success("Saved.", icon=":material/check_circle:")
    if saved:
        _save(entered, seen, Facts(title.strip() or None, owner.strip() or None, tuple(tags), valid_until))


def _seen(listed: ListedDocument) -> ListedDocument:
    """The document that the fields were filled from: in the run of Save it is the one before, changed or not since."""
    before: ListedDocument | None = st.session_state.get(SEEN)
    if before is None or before.document.id != listed.document.id or not st.session_state.get(SAVE):
        st.session_state[SEEN] = before = listed
    return before


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
