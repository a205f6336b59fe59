"""What the dialogs of the people page share: one is open at a time, and it knows what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import streamlit as st

from pages.components.guard import Entered
from pages.components.problems import told_here

ASKED, KEPT, SAID = "people-asked", "people-kept", "people-said"
"""Session keys: the open dialog with the id it is about, what it keeps while it is open, and what was done last."""

Value = TypeVar("Value")


class Dialog(NamedTuple):
    """A dialog: its title, and what draws it about an id and says whether it has done what it is for."""

    title: str
    draw: Callable[[Entered, str], bool]


def ask(wish: str, about: str = "") -> None:
    """Let this dialog be drawn next."""
    end()
    st.session_state[ASKED] = (wish, about)


def act(key: str, about: str) -> None:
    """Let the dialog be drawn next that was picked in the menu of this key."""
    wish = st.session_state[key]
    if wish:
        ask(wish, about)


def draw_asked(entered: Entered, dialogs: Mapping[str, Dialog]) -> None:
    """Draw the dialog that was asked for, if it is one of these, and say once what the last one did."""
    said = st.session_state.pop(SAID, None)
    if said:
        st.toast(said, icon=":material/check_circle:")
    wish, about = st.session_state.get(ASKED, ("", ""))
    if wish not in dialogs:
        return

    @st.dialog(dialogs[wish].title, on_dismiss=end)
    def dialog() -> None:
        with told_here():
            if dialogs[wish].draw(entered, about):
                end()
                st.rerun()

    dialog()


def end() -> None:
    """Close the dialog and forget what it kept."""
    st.session_state.pop(ASKED, None)
    st.session_state.pop(KEPT, None)


def kept(make: Callable[[], Value]) -> Value:
    """Return what the dialog keeps, made when it is drawn first: what the person saw when they began."""
    if KEPT not in st.session_state:
        st.session_state[KEPT] = make()
    value: Value = st.session_state[KEPT]
    return value


def keep(value: object) -> None:
    """Have the dialog keep this from now on."""
    st.session_state[KEPT] = value


def say(sentence: str) -> bool:
    """Have the page say what was done, in safe markdown; True, for a dialog that is done."""
    st.session_state[SAID] = sentence
    return True


def confirmed(label: str, key: str) -> bool:
    """Draw the button that does it beside the one that does not; say whether the first was pressed."""
    row = st.container(horizontal=True)
    pressed = row.button(label, type="primary", key=key)
    if row.button("Cancel", key=f"{key}-cancel"):
        end()
        st.rerun()
    return pressed


def listed(names: Sequence[str]) -> str:
    """``A``, ``A and B``, ``A, B and C``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
