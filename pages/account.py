"""My account: who is signed in, by which browsers, and the person's own API tokens."""

from __future__ import annotations

import streamlit as st

from pages.components import account, account_sessions, account_tokens, frame, limits_notice, problems
from pages.components.guard import enter

NOTHING_HERE = "The demo has no sign-in, so there is no account to look after."


def main() -> None:
    """Draw the page."""
    entered = enter()
    frame.header()
    st.title("My account", anchor=False)
    problems.tell_kept()
    account.draw_person(entered)
    limits_notice.draw_own(entered)
    if entered.services.settings.auth == "demo":
        st.info(NOTHING_HERE, icon=":material/info:")
        return
    account.draw_password(entered)
    account_sessions.draw(entered)
    account_tokens.draw(entered)


main()
