"""The look of the app as admins set it: name, welcome, suggestions, colour, logo."""

from __future__ import annotations

import streamlit as st

from assistant.people.branding import LOGO_BYTES, MOST_SUGGESTIONS, NAME_CHARACTERS, WELCOME_CHARACTERS, Branding
from pages.components.guard import Entered
from pages.components.problems import told_here, told_later

SAVED = "branding-saved"
OWN_COLOUR = "#1f5fbf"
SUGGESTIONS_HELP = "One a line. Empty: questions that the documents of the person can answer are suggested."


def draw(entered: Entered) -> None:
    """Draw the form, and the logo beside it."""
    service = entered.services.branding
    shown = service.shown()
    if st.session_state.pop(SAVED, False):
        st.success("Saved. Everybody sees it from their next click on.", icon=":material/check_circle:")
    _draw_form(entered, shown)
    _draw_logo(entered, shown)


def _draw_form(entered: Entered, shown: Branding) -> None:
    # The revision in the keys: after somebody else's change the fields show what holds now.
    with st.form(f"branding-{shown.revision}"):
        name = st.text_input("Name", shown.name, max_chars=NAME_CHARACTERS, help="Stands in the title of every page.")
        welcome = st.text_area("Welcome", shown.welcome, max_chars=WELCOME_CHARACTERS)
        lines = st.text_area(
            f"Suggested questions (at most {MOST_SUGGESTIONS})", "\n".join(shown.suggestions), help=SUGGESTIONS_HELP
        )
        own = st.toggle("A colour of our own for buttons", shown.colour is not None)
        colour = st.color_picker("Colour", shown.colour or OWN_COLOUR)
        if st.form_submit_button("Save", type="primary"):
            wanted = Branding(name, welcome, tuple(lines.splitlines()), colour if own else None, None, shown.revision)
            with told_here():
                entered.services.branding.set(entered.person, wanted)
                st.session_state[SAVED] = True
                st.rerun()


def _draw_logo(entered: Entered, shown: Branding) -> None:
    st.subheader("Logo", anchor=False)
    st.caption("It stands above the navigation, and on the sign-in page. PNG, JPEG, WebP or GIF.")
    picture = st.file_uploader(
        "Picture", ["png", "jpg", "jpeg", "webp", "gif"], key=f"logo-{shown.revision}", max_upload_size=1
    )
    if picture is not None:
        with told_here():
            entered.services.branding.set_logo(entered.person, picture.read(LOGO_BYTES + 1))
            st.session_state[SAVED] = True
            st.rerun()
    if shown.logo:
        st.button("Take the logo away", on_click=_take_away, args=(entered,), key="logo-away")


def _take_away(entered: Entered) -> None:
    with told_later():
        entered.services.branding.set_logo(entered.person, None)
        st.session_state[SAVED] = True
