"""The script that keeps what is typed and not sent yet, in the tab alone."""

from __future__ import annotations

import streamlit as st

from pages.components import own_scripts


def draw(person_id: str, conversation_id: str | None) -> None:
    """Keep what this person types for this conversation, and put what was kept for both back into the field."""
    _draw({"person": person_id, "conversation": conversation_id or ""})


def forget() -> None:
    """Forget what the tab has kept, of whomever."""
    _draw({"person": None})


def _draw(data: dict[str, str | None]) -> None:
    with st.container(key="keeper"):
        own_scripts.draw("composer", "keeper-script", data)
