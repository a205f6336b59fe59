"""The app as the company's own: its name, logo and colour on every page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from streamlit import config

from assistant.people.branding import Branding
from assistant.web.state import HOLDER

if TYPE_CHECKING:
    from assistant.bootstrap import Services

ASSETS = Path(__file__).resolve().parents[1] / "assets"
COLOURS = ("theme.light.primaryColor", "theme.dark.primaryColor")
_own: dict[str, str] = {}


def branding() -> Branding:
    """Return what is set, the app's own look before the services have started; the theme takes its colour."""
    services = HOLDER.wait(0)
    shown = services.branding.shown() if services else Branding()
    _colour(shown.colour)
    return shown


def draw_logo(shown: Branding) -> None:
    """Draw the company's logo above the navigation, or the app's."""
    services: Services | None = HOLDER.wait(0)
    picture = services.branding.logo() if services and shown.logo else None
    if picture is None:
        st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "mark.svg"))
    else:
        st.logo(picture, size="large")


def _colour(colour: str | None) -> None:
    """Have the theme say the colour; Streamlit sends its theme anew with each run."""
    for name in COLOURS:
        _own.setdefault(name, str(config.get_option(name)))
        wanted = colour or _own[name]
        if config.get_option(name) != wanted:
            config.set_option(name, wanted)
