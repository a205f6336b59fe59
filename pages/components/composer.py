"""The message field, and what becomes of words in it that were not sent, or sent when the session had ended."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from assistant.errors import SignedOut
from pages.components import conversations, keeper, signed_out
from pages.components.guard import Entered

COMPOSER = "composer"
"""Session key of the message field, which holds a question while it is being sent and one that is put into it."""
LOOKED = "drafts_looked_for"
"""Session key: the conversations for which this tab has looked for a kept question."""
IS_BACK = "This is what you asked when your session had ended. Send it if you still want to."


def draw(entered: Entered, *, disabled: bool, on_submit: Callable[[Entered], None]) -> None:
    """Draw the field, with the question that the person was about to ask when their session ended, if there is one."""
    _give_back(entered)
    st.chat_input(
        "An answer is being written" if disabled else "Ask about your documents",
        key=COMPOSER,
        submit_mode="stop",
        disabled=disabled,
        on_submit=on_submit,
        args=(entered,),
    )
    keeper.draw(entered.person.id, conversations.current())


def keep_when_signed_out(entered: Entered, question: str, error: SignedOut) -> SignedOut:
    """Keep a question that could not be asked any more, and return the error, to be raised."""
    kept = entered.services.drafts.keep(entered.person, conversations.current(), question)
    st.session_state[signed_out.QUESTION_KEPT] = kept
    return error


def _give_back(entered: Entered) -> None:
    conversation_id = conversations.current()
    looked: set[str | None] = st.session_state.setdefault(LOOKED, set())
    if conversation_id in looked:
        return
    looked.add(conversation_id)
    draft = entered.services.drafts.take(entered.person, conversation_id)
    if draft is not None:
        st.session_state[COMPOSER] = draft
        st.toast(IS_BACK, icon=":material/edit_note:", duration="long")
