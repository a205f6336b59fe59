"""How a follow-up was read, under the question; the person can put it otherwise and ask again."""

from __future__ import annotations

import streamlit as st

from assistant.chat.steps import reading_title
from assistant.domain import Plan, Turn, TurnStatus
from pages.components import picker
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

FIELD = "Read the question as"


def draw_reading_of(entered: Entered, turn: Turn) -> None:
    """Draw the stand-alone question where it is not the question as asked, with the form that changes it."""
    plan = turn.plan
    if plan is None or not (plan.reworded or plan.standalone_question != " ".join(turn.question.split())):
        return
    with st.container(key=f"reading-{turn.id}", gap="xsmall"):
        title = reading_title(plan, first=turn.seq == 1)
        st.markdown(f":small[:gray[{title}:] {escape(plan.standalone_question)}]")
        if turn.status is not TurnStatus.AWAITING_APPROVAL:
            _draw_form(entered, turn, plan)


def _draw_form(entered: Entered, turn: Turn, plan: Plan) -> None:
    # Only a popover that tells when it opens can be closed from here.
    behind = st.popover(
        "Change the reading", icon=":material/edit:", type="tertiary", key=_popover(turn), on_change="rerun"
    )
    with behind, st.form(f"reword-{turn.id}", border=False):
        st.text_area(
            FIELD,
            plan.standalone_question,
            key=f"reworded-{turn.id}",
            max_chars=entered.services.settings.question_max_characters,
            help="The question is asked again in these words. What was said before is not read into it.",
        )
        st.form_submit_button("Ask again", icon=":material/refresh:", on_click=_ask_again, args=(entered, turn))


def _ask_again(entered: Entered, turn: Turn) -> None:
    text = str(st.session_state[f"reworded-{turn.id}"] or "")
    with told_later():
        entered.services.chat.reword(entered.person, turn.id, text, picker.for_retry(entered, turn))
        st.session_state[_popover(turn)] = False


def _popover(turn: Turn) -> str:
    return f"change-reading-{turn.id}"
