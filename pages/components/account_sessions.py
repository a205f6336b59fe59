"""The browsers in which the person is signed in, and how to end that."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.access import OpenSession
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later
from pages.components.safe_markdown import escape

BROWSERS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
"""By what a browser says of itself; the first that is found: most say that they are Chrome and Safari too."""
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
EVERYWHERE = "Sign out everywhere else"
AGENT_WIDTH = 60
"""Characters of what an unknown browser says of itself."""


def draw(entered: Entered) -> None:
    """Draw the open sessions, the one that was used last first."""
    st.subheader("Where you are signed in", anchor=False)
    with told_here():
        own = (entered.person.credential or "").removeprefix("session:")
        found = entered.services.sign_in.sessions(entered.person)
        for session in found:
            _draw_session(entered, session, is_this=session.id == own)
        others = [session.id for session in found if session.id != own]
        if others:
            st.button(EVERYWHERE, key="end-others", icon=":material/logout:", on_click=_end, args=(entered, others))


def browser(agent: str) -> str:
    """What a browser says of itself, as people call it."""
    name = next((name for mark, name in BROWSERS.items() if mark in agent), None)
    system = next((name for mark, name in SYSTEMS.items() if mark in agent), None)
    if name is None:
        return agent[:AGENT_WIDTH] or "Unknown browser"
    return f"{name} on {system}" if system else name


def _draw_session(entered: Entered, session: OpenSession, *, is_this: bool) -> None:
    name = browser(session.agent)
    with st.container(border=True, key=f"session-{session.id[:12]}"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            here = " :green-badge[this browser]" if is_this else ""
            st.markdown(f"**{escape(name)}**{here}")
            since, used = wording.moment(session.created_at), wording.moment(session.seen_at)
            place = f" · {session.address}" if session.address else ""
            st.caption(escape(f"Signed in {since} · used {used}{place}"))
        if not is_this:
            _draw_end(line, entered, session, name)


def _draw_end(line: DeltaGenerator, entered: Entered, session: OpenSession, name: str) -> None:
    line.button(
        "Sign out",
        key=f"end-session-{session.id[:12]}",
        type="tertiary",
        help=escape(f"Sign out in {name}"),
        on_click=_end,
        args=(entered, [session.id]),
    )


def _end(entered: Entered, session_ids: list[str]) -> None:
    with told_later():
        for session_id in session_ids:
            entered.services.sign_in.end_session(entered.person, session_id)
