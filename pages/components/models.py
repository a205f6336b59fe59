"""The picker of provider and model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.domain import ModelChoice
from assistant.settings import Settings
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.providers.catalogue import ProviderState

CHOICE = "choice"
"""Session key of the picked ModelChoice."""
WIDGET = "choice-widget"


def chosen() -> ModelChoice | None:
    """Return what the person picked in this tab; None for the default of the settings."""
    choice: ModelChoice | None = st.session_state.get(CHOICE)
    return choice


def labels(settings: Settings) -> dict[str, str]:
    """Provider labels by id."""
    return {state.id: state.label for state in _providers(settings)}


def draw_picker(line: DeltaGenerator, settings: Settings) -> None:
    """Draw the button that tells the model, with all providers behind it."""
    states = _providers(settings)
    options = [ModelChoice(state.id, model.id) for state in states if state.configured for model in state.models]
    names = {
        ModelChoice(state.id, model.id): f"{state.label} · {model.label}" if len(state.models) > 1 else state.label
        for state in states
        for model in state.models
    }
    current = _current(options, settings)
    with line.popover(f"Model: {escape(names.get(current, current.provider))}", icon=":material/tune:"):
        st.radio(
            "Answers come from",
            options,
            index=options.index(current) if current in options else None,
            format_func=lambda option: escape(names[option]),
            captions=[escape(_note(states, option)) for option in options],
            key=WIDGET,
            on_change=_pick,
        )
        _draw_missing([state for state in states if not state.configured])


def _draw_missing(states: list[ProviderState]) -> None:
    if states:
        st.caption("Not set up on this machine:")
    for state in states:
        st.caption(f":material/block: {escape(state.label)}: {escape(state.problem)}")


def _current(options: list[ModelChoice], settings: Settings) -> ModelChoice:
    """The picked choice, or the settings' default with its first model filled in."""
    wanted = chosen() or ModelChoice(settings.default_provider, settings.default_model)
    if wanted in options or wanted.model is not None:
        return wanted
    return next((option for option in options if option.provider == wanted.provider), wanted)


def _note(states: list[ProviderState], choice: ModelChoice) -> str:
    models = [model for state in states if state.id == choice.provider for model in state.models]
    return next((model.note for model in models if model.id == choice.model), "")


def _pick() -> None:
    st.session_state[CHOICE] = st.session_state[WIDGET]


def _providers(settings: Settings) -> list[ProviderState]:
    from assistant.providers import catalogue

    return list(catalogue.providers(settings))
