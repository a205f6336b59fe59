"""My account: who is signed in, and by what."""

from __future__ import annotations

import streamlit as st

from pages.components import account, frame, problems
from pages.components.guard import enter


def main() -> None:
    """Draw the page."""
    entered = enter()
    frame.header()
    st.title("My account", anchor=False)
    problems.tell_kept()
    account.draw_person(entered)


main()
