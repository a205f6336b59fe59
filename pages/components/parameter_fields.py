"""How the model is to answer: effort, temperature, length. Left alone, each is the model's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st

from assistant.domain import ModelChoice, Parameters
from assistant.providers.catalogue import ModelInfo

OWN = "the model's own"
TEMPERATURES = [OWN, *(step / 10 for step in range(21))]
TOP_PS = [OWN, *(step / 20 for step in range(1, 21))]
FOCUSED, VARIED = 0.3, 1.0
"""Up to the one and from the other on; between them an answer is balanced."""
LONGEST = 1_000_000
"""Tokens; above what any model writes."""
LENGTH_STEP = 256
TEMPERATURE_SCALE = "0 to 0.3 focused · 0.7 balanced · 1 and above varied"
ITSELF = "This model sets temperature and top-p itself."


def draw(now: ModelChoice, info: ModelInfo, on_change: Callable[[ModelChoice], None]) -> None:
    """Draw the fields that this model has; ``on_change`` is called with the choice that a change makes."""
    fields = _Fields(now, on_change)
    if info.efforts:
        fields.effort(info)
    fields.temperature(info)
    fields.length(info)
    with st.expander("More", type="compact"):
        fields.top_p(info)


def fitting(parameters: Parameters, info: ModelInfo) -> Parameters:
    """Return the parameters without those that the model does not take."""
    length = parameters.max_tokens
    return Parameters(
        effort=parameters.effort if parameters.effort in info.efforts else None,
        temperature=parameters.temperature if info.sampling else None,
        top_p=parameters.top_p if info.sampling else None,
        max_tokens=None if length is None else min(length, info.max_output or LONGEST),
    )


def temperature_word(value: float | str) -> str:
    """What a temperature means for the answer."""
    if isinstance(value, str):
        return value
    word = "focused" if value <= FOCUSED else "varied" if value >= VARIED else "balanced"
    return f"{value:g} · {word}"


class _Fields:
    """Fields whose truth is the choice: each is set from it before it is drawn, and makes a new one when changed."""

    def __init__(self, now: ModelChoice, on_change: Callable[[ModelChoice], None]) -> None:
        self._now = now
        self._on_change = on_change

    def effort(self, info: ModelInfo) -> None:
        st.segmented_control(
            "Effort",
            list(info.efforts),
            format_func=str.capitalize,
            help="How long the model thinks before it answers. Nothing picked: as long as it likes.",
            **self._state("effort", self._now.parameters.effort),
        )

    def temperature(self, info: ModelInfo) -> None:
        st.select_slider(
            "Temperature",
            TEMPERATURES,
            format_func=temperature_word,
            disabled=not info.sampling,
            **self._state("temperature", self._now.parameters.temperature, OWN),
        )
        st.caption(TEMPERATURE_SCALE if info.sampling else ITSELF)

    def length(self, info: ModelInfo) -> None:
        st.number_input(
            "Longest answer (tokens)",
            min_value=1,
            max_value=info.max_output or LONGEST,
            value=None,
            step=LENGTH_STEP,
            placeholder=OWN.capitalize(),
            help="An answer that reaches it is cut there and says so. 1,000 tokens are about 700 words.",
            **self._state("max_tokens", self._now.parameters.max_tokens),
        )

    def top_p(self, info: ModelInfo) -> None:
        st.select_slider(
            "Top-p",
            TOP_PS,
            format_func=lambda value: value if isinstance(value, str) else f"{value:g}",
            disabled=not info.sampling,
            **self._state("top_p", self._now.parameters.top_p, OWN),
        )
        st.caption("Share of the likeliest words to pick from. Change this or the temperature, not both.")

    def _state(self, name: str, value: object, own: object = None) -> dict[str, Any]:
        key = f"parameter-{name}"
        st.session_state[key] = own if value is None else value
        return {"key": key, "on_change": self._take, "args": (name, key)}

    def _take(self, name: str, key: str) -> None:
        value = st.session_state[key]
        changed: dict[str, Any] = {name: None if value == OWN else value}
        self._on_change(replace(self._now, parameters=replace(self._now.parameters, **changed)))
