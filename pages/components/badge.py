"""The line under an answer: who answered, by which route, how long it took, what it cost; and the route's menu."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from assistant.domain import FallBack, Route, Turn, TurnStatus
from pages.components import picker, wording
from pages.components.guard import Entered
from pages.components.problems import told_later
from pages.components.safe_markdown import escape

ROUTES = {
    Route.KNOWLEDGE: "knowledge base",
    Route.FACT_FINDING: "fact finding",
    Route.ACTION: "action",
    Route.GENERAL: "general",
}
BETWEEN = "\N{NO-BREAK SPACE}· "
"""Between two facts: a line on a narrow screen may end with it and never begin."""


def draw_badge(entered: Entered, turn: Turn, providers: Mapping[str, str]) -> None:
    """Draw the line; ``providers`` are labels by id."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"badge-{turn.id}"):
        st.markdown(f":small[{_model(turn, providers)} :gray[{_facts(turn)}]]", width="content")
        if turn.plan is not None and turn.status is not TurnStatus.AWAITING_APPROVAL:
            _draw_route(entered, turn, turn.plan.route)


def draw_fall_back(fall_back: FallBack) -> None:
    """Say that another model answers than the one asked, and why."""
    st.markdown(f":material/swap_horiz: {escape(fall_back.why)}")


def details(turn: Turn) -> str:
    """What the line has no room for, as safe markdown; empty when no model was asked."""
    how = wording.parameters(turn.choice.parameters)
    parts = [wording.token_details(turn.usage)] if turn.usage.requests else []
    return escape("; ".join([*parts, how] if how else parts))


def _model(turn: Turn, providers: Mapping[str, str]) -> str:
    name = wording.model_name(providers.get(turn.choice.provider, turn.choice.provider), turn.choice)
    auto = ":blue-badge[Auto] " if turn.choice.auto else ""
    return f"{auto}:gray-badge[{escape(name)}]"


def _facts(turn: Turn) -> str:
    parts = [] if turn.timings.total is None else [wording.duration(turn.timings.total)]
    if turn.usage.input_tokens or turn.usage.output_tokens:
        parts += [wording.tokens(turn.usage)]
    if turn.usage.requests:
        parts += [wording.cost(turn.usage)]
    return BETWEEN.join(escape(part) for part in [*parts, wording.moment(turn.created_at)])


def _draw_route(entered: Entered, turn: Turn, route: Route) -> None:
    chose = " (you chose this route)" if turn.route_by_person else ""
    st.menu_button(
        f"Route: {ROUTES[route]}{chose}",
        [other for other in ROUTES if other is not route],
        key=f"route-{turn.id}",
        type="tertiary",
        format_func=lambda other: f"Ask again as {ROUTES[other]}",
        help="The wrong way? Pick another: the question is asked again, and the choice is learnt from.",
        on_click=_correct,
        args=(entered, turn),
    )


def _correct(entered: Entered, turn: Turn) -> None:
    wish = st.session_state[f"route-{turn.id}"]
    if wish is not None:
        ask_again_as(entered, turn, Route(wish))


def ask_again_as(entered: Entered, turn: Turn, route: Route) -> None:
    """Ask a turn's question again on another route, which is learnt from."""
    choice = picker.for_retry(entered, turn)
    with told_later():
        entered.services.chat.correct_route(entered.person, turn.id, route, choice)
