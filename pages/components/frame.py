"""What surrounds every page: navigation, logo, style and the banner of the demo mode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.components import look
from pages.components.guard import is_admin
from pages.components.safe_markdown import escape

ASSETS = Path(__file__).resolve().parents[1] / "assets"
CHAT, KNOWLEDGE_BASE, DOCUMENT = "pages/chat.py", "pages/knowledge_base.py", "pages/document.py"
MODELS, SETTINGS, AUDIT = "pages/models.py", "pages/settings.py", "pages/audit.py"
SEARCH = "search"
"""Query parameter of the knowledge base page: words to search for."""
DEMO = "Demo: everything runs on this machine, no sign-in"
DEMO_ASKING = "Demo: no sign-in; questions go to"


def run_navigation(notices: Callable[[], None]) -> None:
    """Draw the frame, with the notices that every page has, and run the page that the address names."""
    for_admins: Literal["visible", "hidden"] = "visible" if is_admin() else "hidden"
    page = st.navigation(
        [
            st.Page(CHAT, title="Chat", default=True),
            st.Page(KNOWLEDGE_BASE, title="Knowledge base", url_path="knowledge_base"),
            st.Page(MODELS, title="Models", url_path="models", visibility=for_admins),
            st.Page(SETTINGS, title="Settings", url_path="settings", visibility=for_admins),
            st.Page(AUDIT, title="Audit log", url_path="audit", visibility=for_admins),
            st.Page(DOCUMENT, title="Document", url_path="document", visibility="hidden"),
        ]
    )
    # The icon is a file of ours: Streamlit's material icons would fetch a tab icon from another host.
    branding = look.branding()
    title = f"{page.title} · {branding.name}"
    st.set_page_config(page_title=title, page_icon=str(ASSETS / "icon.png"), layout="centered")
    look.draw_logo(branding)
    st.html(ASSETS / "style.css")
    notices()
    page.run()


def header(goes_to: str | None = None) -> DeltaGenerator:
    """Draw the page's first line, with the banner, and return it for what the page adds at its right.

    ``goes_to`` names who outside gets what is asked, since then not everything runs on this machine.
    """
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="header")
    line.markdown(f":gray-badge[{DEMO if goes_to is None else f'{DEMO_ASKING} {escape(goes_to)}'}]")
    return line
