"""What a model thinks before it answers, folded: text of the model, shown literally."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components.safe_markdown import escape

TITLE, ICON = "Reasoning", ":material/psychology:"


def draw_reasoning(text: str) -> None:
    """Draw the whole reasoning of an answer that has ended; nothing when there is none."""
    if text.strip():
        with _folded():
            for paragraph in text.split("\n\n"):
                st.markdown(_literal(paragraph))


class LiveReasoning:
    """Reasoning that still grows; only its last paragraph is sent again."""

    def __init__(self) -> None:
        self._place = st.container()
        self._inside: DeltaGenerator | None = None
        self._slot: DeltaGenerator | None = None
        self._unfinished = ""
        self._is_new = False

    def add(self, text: str) -> None:
        """Note more of it."""
        self._unfinished += text
        self._is_new = True

    def draw(self) -> bool:
        """Send what was added since the last time; say whether any is shown by now."""
        if not self._is_new or not self._unfinished.strip():
            return self._inside is not None
        self._is_new = False
        *finished, self._unfinished = self._unfinished.split("\n\n")
        for paragraph in finished:
            self._show(paragraph)
            self._slot = None
        self._show(self._unfinished)
        return True

    def _show(self, paragraph: str) -> None:
        if self._inside is None:
            with self._place:
                self._inside = _folded()
        if self._slot is None:
            self._slot = self._inside.empty()
        self._slot.markdown(_literal(paragraph))


def _folded() -> DeltaGenerator:
    return st.expander(TITLE, icon=ICON, type="compact")


def _literal(paragraph: str) -> str:
    return "  \n".join(f":gray[{escape(line)}]" for line in paragraph.split("\n") if line.strip())
