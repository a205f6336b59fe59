"""What surrounds every page: navigation, logo, style, who is signed in, and the banner of the demo mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.navigation.page import StreamlitPage

from assistant.domain import Role
from pages.components import guard, look, signed_out
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

ASSETS = Path(__file__).resolve().parents[1] / "assets"
CHAT, KNOWLEDGE_BASE, DOCUMENT = "pages/chat.py", "pages/knowledge_base.py", "pages/document.py"
MODELS, SETTINGS, AUDIT, ACCOUNT = "pages/models.py", "pages/settings.py", "pages/audit.py", "pages/account.py"
PEOPLE = "pages/people.py"
SEARCH = "search"
"""Query parameter of the knowledge base page: words to search for."""
DEMO = "Demo: everything runs on this machine, no sign-in"
DEMO_ASKING = "Demo: no sign-in; questions go to"
ASKING = "Questions go to"
LOG_OUT = "Log out"
NAME_WIDTH = 32
"""Characters of a person's name in the header."""
VIEWS = {Role.ADMIN: ("Switch to staff view", "staff"), Role.STAFF: ("Switch to admin view", "admin")}
"""What the demo's banner offers, by the role that the person has at the moment, and how it is asked for."""

Visibility = Literal["visible", "hidden"]


def run_navigation(notices: Callable[[], None]) -> None:
    """Draw the frame, with the notices that every page has, and run the page that the address names.

    Who is not signed in (any more) gets a word about that in the place of all of it.
    """
    if guard.is_left():
        _dress(st.navigation(_pages(None), position="hidden"))
        signed_out.draw()
        return
    with guard.left_when_signed_out():
        page = st.navigation(_pages(guard.entered_if_ready()))
        _dress(page)
        notices()
        page.run()


def _pages(entered: Entered | None) -> list[StreamlitPage]:
    """All pages there are; who may not use one does not see its name."""
    admins = _shown(entered is not None and entered.person.role is Role.ADMIN)
    signed_in = _shown(entered is not None and entered.services.settings.auth != "demo")
    return [
        st.Page(CHAT, title="Chat", default=True),
        st.Page(KNOWLEDGE_BASE, title="Knowledge base", url_path="knowledge_base"),
        st.Page(MODELS, title="Models", url_path="models", visibility=admins),
        st.Page(PEOPLE, title="People", url_path="people", visibility=admins),
        st.Page(SETTINGS, title="Settings", url_path="settings", visibility=admins),
        st.Page(AUDIT, title="Audit log", url_path="audit", visibility=admins),
        st.Page(ACCOUNT, title="My account", url_path="account", visibility=signed_in),
        st.Page(DOCUMENT, title="Document", url_path="document", visibility="hidden"),
    ]


def _shown(wanted: bool) -> Visibility:
    return "visible" if wanted else "hidden"


def _dress(page: StreamlitPage) -> None:
    st.session_state[signed_out.PAGE] = page.url_path
    # The icon is a file of ours: Streamlit's material icons would fetch a tab icon from another host.
    branding = look.branding()
    title = f"{page.title} · {branding.name}"
    st.set_page_config(page_title=title, page_icon=str(ASSETS / "icon.png"), layout="centered")
    look.draw_logo(branding)
    st.html(ASSETS / "style.css")


def header(goes_to: str | None = None) -> DeltaGenerator:
    """Draw the page's first line, with who acts, and return it for what the page adds at its right.

    ``goes_to`` names who outside gets what is asked, since then not everything runs on this machine.
    """
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="header")
    entered = guard.entered_if_ready()
    if entered is not None:
        who = line.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content", key="who")
        with who:
            (_draw_demo if entered.services.settings.auth == "demo" else _draw_signed_in)(entered, goes_to)
    return line


def _draw_demo(entered: Entered, goes_to: str | None) -> None:
    _draw_badge(DEMO if goes_to is None else f"{DEMO_ASKING} {goes_to}")
    label, view = VIEWS[Role.ADMIN if entered.person.role is Role.ADMIN else Role.STAFF]
    signed_out.draw_link(label, f"/auth/view?{urlencode({'as': view, 'next': signed_out.here()})}")


def _draw_signed_in(entered: Entered, goes_to: str | None) -> None:
    name = entered.person.name or entered.person.email
    _draw_badge(name if len(name) <= NAME_WIDTH else f"{name[: NAME_WIDTH - 1].rstrip()}…")
    if goes_to is not None:
        _draw_badge(f"{ASKING} {goes_to}")
    signed_out.draw_link(LOG_OUT, "/auth/logout")


def _draw_badge(text: str) -> None:
    st.markdown(f":gray-badge[{escape(text)}]", width="content")
