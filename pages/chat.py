"""Chat: ask, follow the answer, open its sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from assistant.domain import Turn, TurnStatus
from assistant.errors import NotFound, SignedOut
from pages.components import composer, conversations, frame, limits_notice, live, picker, problems, sharing
from pages.components.answers import draw_turn
from pages.components.composer import COMPOSER
from pages.components.guard import Entered, enter
from pages.components.progress import draw_beginning, draw_reading
from pages.components.safe_markdown import escape
from pages.components.sources import look_up, open_dialog_if_asked
from pages.components.succession import draw_suggestion

if TYPE_CHECKING:
    from assistant.models.offer import Offer

PAGE_OF_TURNS = 10
"""Turns drawn at first, 20 messages: a page of 500 took 5 s a run."""
MOST_OF_TURNS = 30
"""With each question one more turn is drawn, up to this many, then a page again: a window that slides with every
question drops its first turn while the answer grows, which ends the browser's following of the newest line."""
ASKED, SHOWN = "asked", "turns_shown"


def main() -> None:
    """Draw the page; while a turn runs the script stays in ``live.follow``."""
    entered = enter()
    offer = entered.services.models.offer(entered.person)
    top = st.container()
    conversations.draw_list(entered)
    if (shared := sharing.current()) is not None:
        with top:
            frame.header(picker.goes_to(entered, offer))
        problems.tell_kept()
        sharing.draw_shared(entered, shared)
        return
    turns, earlier = _turns(entered)
    picker.go_on(entered, offer, turns)
    with top:
        picker.draw_picker(frame.header(picker.goes_to(entered, offer)), offer)
    look_up(entered, turns)
    running = [turn for turn in turns if turn.status is TurnStatus.RUNNING]
    asked_here = st.session_state.pop(ASKED, None) in [turn.id for turn in running]
    with st.empty():  # goes as soon as there is a turn, and does not stand below it until that has ended
        if not turns:
            with st.container():
                _draw_welcome(entered)
    draw_reading(entered)
    if earlier:
        st.button("Show earlier messages", type="tertiary", on_click=_show_earlier)
    composer.draw(entered, disabled=bool(running) and not asked_here, on_submit=_ask_composed)
    open_dialog_if_asked(entered, turns)
    drawn, below = st.container(), st.container()
    with below:  # next to the composer: above a long conversation nobody would see it
        problems.tell_kept()
        limits_notice.draw(entered)
        draw_suggestion(entered, offer, turns)
    with drawn:
        _draw_turns(entered, turns, offer, with_stop=not asked_here)


def _draw_turns(entered: Entered, turns: list[Turn], offer: Offer, *, with_stop: bool) -> None:
    for turn in turns:
        if turn.status is TurnStatus.RUNNING:
            live.follow(entered, turn, with_stop=with_stop)
        draw_turn(entered, turn, offer)


def _turns(entered: Entered) -> tuple[list[Turn], bool]:
    """The newest turns of the conversation in the address, and whether there are earlier ones."""
    conversation_id = conversations.current()
    if conversation_id is None:
        return [], False
    limit = _limit(conversation_id)
    try:
        turns = entered.services.chat.turns(entered.person, conversation_id, limit=limit + 1)
    except NotFound as error:
        st.warning(problems.sentence(error), icon=":material/search_off:")
        return [], False
    return turns[-limit:], len(turns) > limit


def _draw_welcome(entered: Entered) -> None:
    branding = entered.services.branding.shown()
    st.title("What would you like to know?", anchor=False)
    st.markdown(escape(branding.welcome))
    suggestions = branding.suggestions or entered.services.chat.suggestions(entered.person)
    with st.container(key="suggestions", gap="xsmall"):
        for place, question in enumerate(suggestions):
            st.button(
                escape(question),
                key=f"suggestion-{place}",
                icon=":material/arrow_forward:",
                on_click=_ask_suggestion,
                args=(entered, question),
            )
    draw_beginning(entered)


def _ask_composed(entered: Entered) -> None:
    question = str(st.session_state[COMPOSER] or "")
    st.session_state.pop(ASKED, None)
    with problems.told_later():
        try:
            st.session_state[ASKED] = _ask(entered, question)
        except SignedOut as error:
            raise composer.keep_when_signed_out(entered, question, error) from None
    if ASKED not in st.session_state and question.strip():
        st.session_state[COMPOSER] = question  # a refused question stays in the composer, to be mended there


def _ask_suggestion(entered: Entered, question: str) -> None:
    with problems.told_later():
        _ask(entered, question)


def _ask(entered: Entered, question: str) -> str:
    """Start the turn; drawing it is the page's ordinary way with a running turn, as after a reload."""
    running = entered.services.chat.ask(entered.person, conversations.current(), question, picker.chosen())
    live.give_way(running)
    conversations.open_conversation(running.conversation_id)
    wider = _limit(running.conversation_id) + 1
    st.session_state[SHOWN] = {running.conversation_id: wider if wider <= MOST_OF_TURNS else PAGE_OF_TURNS}
    return running.turn_id


def _show_earlier() -> None:
    conversation_id = conversations.current()
    st.session_state[SHOWN] = {conversation_id: _limit(conversation_id) + PAGE_OF_TURNS}


def _limit(conversation_id: str | None) -> int:
    """Turns of this conversation drawn in this tab."""
    shown: dict[str | None, int] = st.session_state.get(SHOWN, {})
    return shown.get(conversation_id, PAGE_OF_TURNS)


main()
