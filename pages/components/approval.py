"""The card of a turn that waits: what the assistant would do, in fields to change, and the person's yes or no."""

from __future__ import annotations

from typing import Any

import streamlit as st

from assistant.domain import Decision, PendingCall, Turn
from pages.components.approval_fields import draw_fields
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

ONLY_ON_YES = "Nothing has been done yet. Check it, change what is wrong, and decide."
NOTE = "Why not (optional, the assistant reads it)"
NOTE_LENGTH = 500
"""Characters; a reason, not a letter."""


def draw_card(entered: Entered, turn: Turn) -> None:
    """Draw the calls that wait and take the decision; the turn then goes on, which takes the card away."""
    single = turn.pending[0] if len(turn.pending) == 1 else None
    with st.container(key=f"approval-{turn.id}"), st.form(f"approve-{turn.id}", enter_to_submit=False):
        st.markdown(f"**{escape(single.title) if single else 'The assistant would do this'}**  \n:gray[{ONLY_ON_YES}]")
        wanted = [_draw_call(turn, call, named=single is None) for call in turn.pending]
        note = st.text_input(NOTE, max_chars=NOTE_LENGTH, key=f"note-{turn.id}")
        row = st.container(horizontal=True, gap="small")
        yes = escape(single.title) if single else "Do what is ticked"
        confirmed = row.form_submit_button(yes, type="primary", icon=":material/check:", key=f"confirm-{turn.id}")
        declined = row.form_submit_button("Do not do it", icon=":material/close:", key=f"decline-{turn.id}")
    if declined:
        _decide(entered, turn, [Decision(call.id, approved=False, note=note.strip()) for call in turn.pending])
    elif confirmed and all(decision is not None for decision in wanted):
        _decide(entered, turn, [decision for decision in wanted if decision is not None])


def _draw_call(turn: Turn, call: PendingCall, *, named: bool) -> Decision | None:
    """The decision that a yes to the card stands for; None when a field cannot be read."""
    key = f"argument-{turn.id}-{call.id}"
    ticked = st.checkbox(escape(call.title), value=True, key=f"tick-{key}") if named else True
    held = draw_fields(call.schema, call.arguments, key)
    if not ticked:
        return Decision(call.id, approved=False)
    return None if held is None else Decision(call.id, approved=True, arguments=_changed(call, held))


def _changed(call: PendingCall, held: dict[str, Any]) -> dict[str, Any] | None:
    """What the fields hold where the person changed anything; None keeps the model's own."""
    return None if held == dict(call.arguments) else held


def _decide(entered: Entered, turn: Turn, decisions: list[Decision]) -> None:
    with told_here():
        entered.services.chat.decide(entered.person, turn.id, decisions)
        st.rerun()
