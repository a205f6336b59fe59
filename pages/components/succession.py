"""A conversation that used a model or provider which is gone goes on, with a suggestion what to take now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from assistant.domain import Turn
from pages.components import picker
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.models.offer import Offer


def draw_suggestion(entered: Entered, offer: Offer, turns: Sequence[Turn]) -> None:
    """Draw it for the model in use, else for that of the newest turn while nothing was picked in its place."""
    if offer.locked:
        return
    found = entered.services.models.successor(picker.in_use(offer))
    if found is None and turns and picker.chosen() is None:
        found = entered.services.models.successor(turns[-1].choice)
    if found is None:
        return
    choice, sentence = found
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="succession"):
        st.markdown(f":material/update: {escape(sentence)}", width="stretch")
        label = f"Take {escape(picker.name(offer, choice))}"
        st.button(label, key="take-successor", on_click=picker.take, args=(choice,))
