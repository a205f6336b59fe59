"""What people are told of their budgets: beside the composer when little is left, on their own page always."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.components import wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.limits.service import BudgetUse

PERIODS = {"day": "today", "month": "this month"}
DAYS = "Days and months are those of UTC."


def draw(entered: Entered) -> None:
    """Draw a line when a budget is nearly or wholly used up."""
    sentence = entered.services.limits.warning(entered.person)
    if sentence is not None:
        st.warning(escape(sentence), icon=":material/data_usage:")


def draw_own(entered: Entered) -> None:
    """Draw what the person has used of their own budgets; nothing where there are none."""
    uses = entered.services.limits.standing(entered.person)
    if not uses:
        return
    st.subheader("Your budgets", anchor=False)
    for use in uses:
        st.progress(min(float(use.share), 1.0), f"{PERIODS[use.bound.period].capitalize()}: {escape(amounts(use))}")
    st.caption(f"When one is used up, the documents are quoted without a model. {DAYS}")


def amounts(use: BudgetUse) -> str:
    """Return how much of a budget is used, in its unit."""
    if use.bound.tokens is not None:
        return f"{use.used.tokens:,} of {use.bound.tokens:,} tokens"
    limit = "0" if use.bound.cost is None else wording.dollars(use.bound.cost)
    return f"{wording.dollars(use.used.cost)} of {limit}"
