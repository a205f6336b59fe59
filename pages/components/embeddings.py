"""The embedding model that searches go by: which there are, what each is given, and how far a change is. For admins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components import wording
from pages.components.guard import Entered, fragment
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.knowledge.embedder_state import EmbedderState
    from assistant.providers.embedders import EmbedderChoice

REFRESH_SECONDS = 1.0
WISH = "embedder-wish"
"""Session key of the model that an admin is asked to confirm."""
WHAT = (
    "An embedding model tells which passages mean the same as a question, in whatever words. Changing it embeds all "
    "passages anew in the background; the present model answers until the new one has them all."
)


def draw_embeddings(entered: Entered) -> None:
    """Draw the change that is under way, which draws itself anew, and the models to choose from."""
    with told_here():
        state = entered.services.knowledge.embedders(entered.person)
        st.caption(WHAT)
        if state.notice:
            st.warning(escape(state.notice), icon=":material/cloud_off:")
        if state.serving not in {choice.id for choice in state.choices}:
            st.warning(f"{escape(state.serving)} is in use but no longer set up: searches go by MiniLM.")
        if state.wanted is not None:
            _draw_change(entered)
        elif state.error:
            st.warning(f"{escape(state.error)} New documents wait until it answers.", icon=":material/warning:")
        for choice in sorted(state.choices, key=lambda choice: not choice.configured):
            _draw_choice(state, choice)
        wish = next((choice for choice in state.choices if choice.id == st.session_state.get(WISH)), None)
        if wish is not None:
            _draw_dialog(entered, state, wish)


def _draw_change(entered: Entered) -> None:
    @fragment(run_every=REFRESH_SECONDS)
    def change() -> None:
        state = entered.services.knowledge.embedders(entered.person)
        if state.wanted is None:
            st.rerun(scope="app")
        with st.container(border=True, key="embedder-change"):
            st.progress(state.done / state.total if state.total else 1.0, text=_progress(state))
            if state.error:
                st.warning(f"{escape(state.error)} It is tried again.", icon=":material/warning:")
            st.button("Cancel the change", key="cancel-embedder", on_click=_cancel, args=(entered,))

    change()


def _progress(state: EmbedderState) -> str:
    """How far the change is, in a line."""
    facts = [f"{state.done:,} of {wording.counted(state.total, 'passage')}"]
    if state.done == state.total:
        facts.append("the index is being built")
    elif state.speed and state.seconds_left:
        facts += [f"{state.speed:,.0f} a second", _left(state.seconds_left)]
    until_then = f"{_name(state, state.serving)} answers until then."
    return f"**Changing to {_name(state, state.wanted)}**: {', '.join(facts)}. {until_then}"


def _left(seconds: float) -> str:
    if seconds < 60:
        return "less than a minute left"
    minutes = math.ceil(seconds / 60)
    if minutes < 60:
        return f"about {wording.counted(minutes, 'minute')} left"
    return f"about {wording.counted(math.ceil(minutes / 60), 'hour')} left"


def _name(state: EmbedderState, model_id: str | None) -> str:
    """A model's label; its id where the settings do not have it any more."""
    return escape(next((choice.label for choice in state.choices if choice.id == model_id), model_id or ""))


def _draw_choice(state: EmbedderState, choice: EmbedderChoice) -> None:
    with st.container(border=True, key=f"embedder-{choice.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            st.markdown(f"**{escape(choice.label)}** {_badges(state, choice)}")
            st.caption(escape(_facts(choice)))
        if choice.problem:
            st.markdown(f":material/block: {escape(choice.problem)}")
        _draw_button(line, state, choice)


def _draw_button(line: DeltaGenerator, state: EmbedderState, choice: EmbedderChoice) -> None:
    if choice.id in (state.serving, state.wanted):
        return
    off = not choice.configured
    line.button("Use", key=f"use-{choice.id}", disabled=off, on_click=_wish, args=(choice.id,))


def _badges(state: EmbedderState, choice: EmbedderChoice) -> str:
    use = {state.serving: ":green-badge[in use] ", state.wanted: ":blue-badge[next] "}.get(choice.id, "")
    if not choice.configured:
        return f"{use}:gray-badge[not set up]"
    return f"{use}{wording.place_badge(private=choice.private)}"


def _facts(choice: EmbedderChoice) -> str:
    note = choice.note[:1].upper() + choice.note[1:]
    priced = f"{wording.dollars(choice.price)} per million tokens" if choice.price is not None else None
    return " · ".join(fact for fact in (note, priced, choice.host) if fact)


def _wish(model_id: str) -> None:
    st.session_state[WISH] = model_id


def _draw_dialog(entered: Entered, state: EmbedderState, choice: EmbedderChoice) -> None:
    @st.dialog(f"Use {escape(choice.label)}?", on_dismiss=_end_wish)
    def confirm() -> None:
        st.markdown(_what_it_means(state, choice))
        row = st.container(horizontal=True)
        if row.button("Change the model", type="primary", key="confirm-embedder"):
            with told_here():
                entered.services.knowledge.use_embedder(entered.person, choice.id)
                _end_wish()
                st.rerun()
        if row.button("Keep the present one", key="keep-embedder"):
            _end_wish()
            st.rerun()

    confirm()


def _what_it_means(state: EmbedderState, choice: EmbedderChoice) -> str:
    if choice.host is None:
        return "Every passage has its vector of this model already. Once it serves, the search sends nothing anywhere."
    passages = wording.counted(state.total, "passage")
    price = state.price_of(choice)
    cost = "" if price is None else f" Embedding them costs roughly {escape(wording.dollars(price))}."
    place = "a server in the house" if choice.private else "**outside the house**"
    return (
        f"The text of **all documents** ({passages}), every new document and every question will be sent to "
        f"{escape(choice.host)}, {place}.{cost}\n\n"
        f"{_name(state, state.serving)} answers until all passages are done. If {escape(choice.host)} does not answer "
        "later on, searches go by MiniLM until it does, and new documents wait."
    )


def _end_wish() -> None:
    st.session_state.pop(WISH, None)


def _cancel(entered: Entered) -> None:
    with told_later():
        entered.services.knowledge.cancel_embedder_change(entered.person)
