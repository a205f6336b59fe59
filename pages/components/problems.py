"""Errors as people read them: what happened, and a reference number that the log has too."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from assistant import log
from assistant.errors import AssistantError, SignedOut
from pages.components import guard
from pages.components.safe_markdown import escape

logger = logging.getLogger("assistant.pages")
UNKNOWN = "Something went wrong. Try again; if it stays, tell your administrator"
KEPT = "problem"
"""Session key of the sentence that a callback leaves for the next draw."""


def sentence(error: Exception) -> str:
    """Log the error and return what the person is told, as safe markdown; a foreseen one is logged without trace."""
    if isinstance(error, AssistantError):
        logger.warning("reference %s: %s", error.reference, error.message)
        return f"{escape(error.message)} (Reference {error.reference})"
    return f"{UNKNOWN}. (Reference {log.record(logger, error)})"


def on_script_error(error: Exception) -> bool:
    """Show an error that no page expected; True keeps Streamlit's own box away.

    Where a fragment or a callback found the person signed out, the page is left in the next run.
    """
    if isinstance(error, SignedOut):
        guard.leave_soon()
    else:
        st.error(sentence(error), icon=":material/error:")
    return True


@contextmanager
def told_here() -> Iterator[None]:
    """Show an error of the block where it happens; the rest of the page is drawn, unless the person is signed out."""
    try:
        yield
    except SignedOut:
        guard.leave()
    except AssistantError as error:
        st.error(sentence(error), icon=":material/error:")


@contextmanager
def told_later() -> Iterator[None]:
    """Keep an error of a callback for the page that is drawn next; who is signed out gets no such page."""
    try:
        yield
    except SignedOut:
        guard.leave()
    except AssistantError as error:
        tell_later(error)


def tell_later(error: AssistantError) -> None:
    """Keep an error for the page that is drawn next."""
    st.session_state[KEPT] = sentence(error)


def tell_kept() -> None:
    """Show what a callback kept, once."""
    kept = st.session_state.pop(KEPT, None)
    if kept is not None:
        st.error(kept, icon=":material/error:")
