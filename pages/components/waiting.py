"""A wait before a model is asked again, counted down in the person's sight."""

from __future__ import annotations

import math
import time

import streamlit as st

from assistant.events import Waiting
from pages.components.safe_markdown import escape


class Countdown:
    """One line with the seconds that are left; empty while nothing is waited for."""

    def __init__(self) -> None:
        self._slot = st.empty()
        self._reason = ""
        self._until = 0.0
        self._shown: int | None = None

    def start(self, event: Waiting, age: float) -> None:
        """Count down what is left of a wait that began ``age`` seconds ago."""
        self._reason = escape(event.reason)
        self._until = time.monotonic() + event.seconds - age
        self._shown = None
        self.tick()

    def tick(self) -> None:
        """Send the line again when it has changed."""
        if not self._reason:
            return
        left = max(0, math.ceil(self._until - time.monotonic()))
        if left != self._shown:
            self._shown = left
            rest = f"**{left} s** left; Stop ends the wait." if left else "Asking now."
            self._slot.markdown(f":material/hourglass_top: {self._reason} {rest}")

    def end(self) -> None:
        """Take the line away: the model was asked again, and something came."""
        if self._reason:
            self._reason = ""
            self._slot.empty()

    @property
    def over(self) -> bool:
        """Whether the seconds have run out."""
        return self._shown == 0
