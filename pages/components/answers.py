"""A turn that has ended: question, steps, answer, sources, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from assistant.chat.abstention import rephrasings
from assistant.chat.guardrail import GUARD
from assistant.chat.steps import ASKED_BACK
from assistant.domain import Route, Step, Turn, TurnStatus
from pages.components import frame, picker, wording
from pages.components.approval import draw_card
from pages.components.badge import ask_again_as, details, draw_badge, draw_fall_back
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.reading import draw_reading_of
from pages.components.reasoning import draw_reasoning
from pages.components.safe_markdown import blocks, escape
from pages.components.sources import Chips
from pages.components.support import draw_scores, notes

if TYPE_CHECKING:
    from assistant.models.offer import Offer

ENDED = {
    TurnStatus.STOPPED: "You stopped this answer.",
    TurnStatus.CUT: "This answer was cut off before its end.",
    TurnStatus.FAILED: "This question could not be answered.",
    TurnStatus.REFUSED: "This question was not taken.",
}
RETRYABLE = (TurnStatus.STOPPED, TurnStatus.CUT, TurnStatus.FAILED)
STEPS_ICONS = {
    TurnStatus.COMPLETE: ":material/check:",
    TurnStatus.AWAITING_APPROVAL: ":material/pending:",
}
READINGS = (
    (Route.KNOWLEDGE, "Look it up in the documents", ":material/search:"),
    (Route.ACTION, "Take it as a request", ":material/task_alt:"),
)
NOT_THE_MODELS = {"attack", "cut", "lapsed", "length", "limit", "moderation", "question", "withheld"}
"""Categories of errors that another model would not mend."""
ASSISTANT_ICON, PERSON_ICON = ":material/menu_book:", ":material/person:"


def draw_question(question: str) -> None:
    """Draw what the person asked, literally and line by line."""
    with st.chat_message("user", avatar=PERSON_ICON):
        st.markdown("  \n".join(escape(line) for line in question.split("\n")))


def draw_turn(entered: Entered, turn: Turn, offer: Offer) -> None:
    """Draw a turn that has ended, or waits for a decision; ``offer`` names providers and what can be picked."""
    with st.container(key=f"turn-done-{turn.id}"):
        draw_question(turn.question)
        with st.chat_message("assistant", avatar=ASSISTANT_ICON):
            if turn.withheld:
                draw_withheld(turn)
                draw_badge(entered, turn, picker.labels(offer))
                return
            draw_reading_of(entered, turn)
            if turn.steps:
                # Not st.status: each one sleeps 50 ms, and a page may hold 20 of them.
                icon = STEPS_ICONS.get(turn.status, ":material/remove:")
                with st.expander(_summary(turn), icon=icon, type="compact"):
                    draw_steps(turn.steps)
                    draw_scores(turn)
                    _draw_details(turn)
            if turn.fell_back is not None:
                draw_fall_back(turn.fell_back)
            _draw_marked(turn.steps)
            draw_reasoning(turn.reasoning)
            _draw_answer(entered, turn)
            if turn.citations:
                Chips(turn.id).show(turn.citations)
            if turn.status in ENDED:
                _draw_end(entered, turn, may_pick=not offer.locked)
            if turn.status is TurnStatus.AWAITING_APPROVAL:
                draw_card(entered, turn)
            draw_badge(entered, turn, picker.labels(offer))


def draw_withheld(turn: Turn) -> None:
    """Say that an answer may not be read, in the place of the answer."""
    st.info(escape(turn.answer), icon=":material/lock:")


def draw_blocks(entered: Entered, turn: Turn) -> None:
    """Draw the answer alone."""
    numbers, links = [citation.n for citation in turn.citations], entered.services.links_allowed.allowed().hosts
    for block in blocks(turn.answer, numbers, notes(turn.answer, turn.support), links):
        st.markdown(block)


def _draw_marked(steps: Sequence[Step]) -> None:
    """Say that the guardrail took a question for a possible attack, and what that meant."""
    for step in steps:
        if step.kind == GUARD:
            st.caption(f":material/shield: {escape(step.detail)}")


def _draw_details(turn: Turn) -> None:
    told = details(turn)
    if told:
        st.markdown(f":gray[{told}]")


def draw_steps(steps: Sequence[Step]) -> None:
    """Draw one line a step: what was done, what came of it, how long it took."""
    for step in steps:
        time = "" if step.ms is None else f" :gray[{wording.duration(step.ms)}]"
        detail = f"  \n:gray[{escape(step.detail)}]" if step.detail else ""
        st.markdown(f"{escape(step.title)}{time}{detail}")


def _draw_answer(entered: Entered, turn: Turn) -> None:
    if any(step.kind == ASKED_BACK for step in turn.steps):
        with st.container(border=True, key=f"asked-back-{turn.id}", gap="small"):
            draw_blocks(entered, turn)
            _draw_readings(entered, turn)
    elif turn.abstained:
        with st.container(border=True, key=f"abstained-{turn.id}", gap="small"):
            st.markdown(":orange-badge[:material/search_off: Not in the knowledge base]")
            draw_blocks(entered, turn)
            _draw_next_step(entered, turn)
    else:
        draw_blocks(entered, turn)


def _draw_readings(entered: Entered, turn: Turn) -> None:
    """The two ways in which the question may be meant; either asks it again."""
    row = st.container(horizontal=True, gap="small")
    for route, label, icon in READINGS:
        row.button(
            label, key=f"reading-{route.value}-{turn.id}", icon=icon, on_click=ask_again_as, args=(entered, turn, route)
        )


def _draw_next_step(entered: Entered, turn: Turn) -> None:
    """What the person can ask instead, where to look further, or add what is missing."""
    asked = turn.plan.standalone_question if turn.plan else turn.question
    for place, question in enumerate(rephrasings(asked, turn.nearest)):
        st.button(
            escape(question),
            key=f"rephrase-{turn.id}-{place}",
            icon=":material/arrow_forward:",
            on_click=_ask_instead,
            args=(entered, turn, question),
        )
    row = st.container(horizontal=True, gap="small")
    if turn.nearest:
        row.page_link(
            frame.KNOWLEDGE_BASE,
            label="See what the search finds",
            icon=":material/search:",
            query_params={frame.SEARCH: asked},
        )
    if entered.person.may_edit_documents:
        row.page_link(frame.KNOWLEDGE_BASE, label="Add a document", icon=":material/upload:")


def _draw_end(entered: Entered, turn: Turn, *, may_pick: bool) -> None:
    said = ENDED[turn.status] if turn.error is None else escape(turn.error.message)
    if turn.status is TurnStatus.STOPPED and turn.answer:
        said += " What was written until then is kept."
    reference = "" if turn.error is None else f" (Reference {escape(turn.error.reference)})"
    icon = ":material/stop_circle:" if turn.status is TurnStatus.STOPPED else ":material/warning:"
    (st.info if turn.status is TurnStatus.STOPPED else st.warning)(said + reference, icon=icon)
    row = st.container(horizontal=True, gap="small")
    if turn.status in RETRYABLE:
        row.button("Retry", key=f"retry-{turn.id}", icon=":material/refresh:", on_click=_retry, args=(entered, turn))
    if may_pick and turn.error is not None and turn.error.category not in NOT_THE_MODELS:
        row.button("Pick another model", key=f"pick-{turn.id}", icon=":material/tune:", on_click=picker.stand_open)


def _ask_instead(entered: Entered, turn: Turn, question: str) -> None:
    with told_later():
        entered.services.chat.ask(entered.person, turn.conversation_id, question, picker.for_retry(entered, turn))


def _retry(entered: Entered, turn: Turn) -> None:
    with told_later():
        entered.services.chat.retry(entered.person, turn.id, picker.for_retry(entered, turn))


def _summary(turn: Turn) -> str:
    """The steps folded to one line: what was found, else which way was taken."""
    by_kind = {step.kind: step for step in turn.steps}
    return escape((by_kind.get("retrieve") or by_kind.get("classify") or turn.steps[-1]).title)
