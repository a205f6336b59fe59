"""The card of a turn that waits: what the assistant would do, in fields to change, and the person's yes or no."""

from __future__ import annotations

from typing import Any

import streamlit as st

from assistant.domain import Decision, PendingCall, Turn, TurnStatus
from assistant.errors import AssistantError, DecisionRefused
from pages.components.approval_fields import draw_fields
from pages.components.guard import Entered
from pages.components.problems import tell_later, told_here, told_later
from pages.components.safe_markdown import escape

ONLY_ON_YES = "Nothing has been done yet. Check it, change what is wrong, and decide."
LATE = "This was decided already, in another tab: what you clicked here changed nothing."
DECIDED = "decided"
"""Session key of the turn that was decided last in this tab."""
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
        heed: dict[str, Any] = {"on_click": _heed_others, "args": (entered, turn.id)}
        confirmed = row.form_submit_button(
            yes, key=f"confirm-{turn.id}", type="primary", icon=":material/check:", **heed
        )
        declined = row.form_submit_button("Do not do it", key=f"decline-{turn.id}", icon=":material/close:", **heed)
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
    """Take the decision; where the turn went on meanwhile, show what came of it instead of a card that is over."""
    is_second = st.session_state.get(DECIDED) == turn.id
    st.session_state[DECIDED] = turn.id  # before it is decided: a second click may end this run at any line
    with told_here():
        try:
            entered.services.chat.decide(entered.person, turn.id, decisions)
        except AssistantError as error:
            if _waits(entered, turn.id):
                del st.session_state[DECIDED]
                raise
            if not is_second:
                tell_later(error)
        st.rerun()


def _waits(entered: Entered, turn_id: str) -> bool:
    return entered.services.chat.turn(entered.person, turn_id).status is TurnStatus.AWAITING_APPROVAL


def _heed_others(entered: Entered, turn_id: str) -> None:
    """Before the page is drawn: of a turn decided elsewhere the card is gone, and this click with it."""
    if st.session_state.get(DECIDED) == turn_id:  # a second click of this tab
        return
    with told_later():
        if not _waits(entered, turn_id):
            raise DecisionRefused(LATE)
