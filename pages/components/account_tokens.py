"""The person's API tokens: made and shown once, listed, revoked."""

from __future__ import annotations

import streamlit as st

from assistant.access import ApiToken, Scope
from assistant.people.tokens import MOST_DAYS, NAME_LENGTH
from pages.components import wording
from pages.components.guard import Entered
from pages.components.problems import told_here
from pages.components.safe_markdown import escape

MADE, REVOKING = "token_made", "token_revoking"
"""Session keys: the token that was just made, until the person has it, and the one that they are asked about."""
USES = {Scope.READ: "Read documents and conversations", Scope.ASK: "Ask questions", Scope.UPLOAD: "Upload documents"}
SHORT = {Scope.READ: "read", Scope.ASK: "ask", Scope.UPLOAD: "upload"}
DAYS = (30, 90, 180, MOST_DAYS)
WHAT = (
    "A token lets a program act as you, with no more than you may do yourself and only for the uses that you choose. "
    "It stops when it expires, when you revoke it, and when your account ends."
)
ONCE = "Copy it now and keep it like a password: it is shown this once, and nobody can show it again."


def draw(entered: Entered) -> None:
    """Draw the tokens that were not revoked, and the form for another one."""
    st.subheader("API tokens", anchor=False)
    st.caption(WHAT)
    _draw_made()
    with told_here():
        for token in entered.services.tokens.of(entered.person):
            _draw_token(token)
    _draw_form(entered)
    if REVOKING in st.session_state:
        st.dialog("Revoke token", on_dismiss=_end_revoking)(_draw_revoke)(entered)


def _draw_made() -> None:
    made: tuple[str, str] | None = st.session_state.get(MADE)
    if made is None:
        return
    name, secret = made
    with st.container(border=True, key="token-made"):
        st.markdown(f"**{escape(name)}**  \n{ONCE}")
        st.code(secret, language=None, wrap_lines=True)
        st.button("I have copied it", key="token-copied", type="primary", on_click=_forget_made)


def _draw_token(token: ApiToken) -> None:
    with st.container(border=True, key=f"token-{token.id}"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small")
        with line.container(gap=None):
            st.markdown(f"**{escape(token.name)}** {_expiry(token)}")
            used = f"last used {wording.moment(token.used_at)}" if token.used_at else "never used"
            uses = ", ".join(SHORT[scope] for scope in token.scopes)
            st.caption(f"{uses} · made {wording.moment(token.created_at)} · {used}")
        line.button(
            "Revoke",
            key=f"revoke-{token.id}",
            type="tertiary",
            help=escape(f"Revoke the token {token.name}"),
            on_click=_ask,
            args=(token,),
        )


def _expiry(token: ApiToken) -> str:
    day = wording.day(token.expires_at)
    return f":red-badge[expired {day}]" if wording.is_past(token.expires_at) else f":gray-badge[until {day}]"


def _draw_form(entered: Entered) -> None:
    scopes = [scope for scope in Scope if scope is not Scope.UPLOAD or entered.person.may_edit_documents]
    with (
        st.expander("New token", icon=":material/add:", key="token-new"),
        st.form("new-token", border=False, clear_on_submit=True),
    ):
        name = st.text_input("Name", max_chars=NAME_LENGTH, placeholder="What it is for", key="token-name")
        uses = st.multiselect("Uses", scopes, default=[Scope.READ], format_func=USES.__getitem__, key="token-uses")
        days = st.selectbox("Holds for", DAYS, format_func=lambda count: f"{count} days", key="token-days")
        if st.form_submit_button("Create token", type="primary"):
            with told_here():
                token, secret = entered.services.tokens.create(entered.person, name, uses, days)
                st.session_state[MADE] = token.name, secret
                st.rerun()


def _draw_revoke(entered: Entered) -> None:
    token: ApiToken = st.session_state[REVOKING]
    st.markdown(f"Programs that use **{escape(token.name)}** are refused from then on. This cannot be undone.")
    row = st.container(horizontal=True)
    if row.button("Revoke", type="primary", key="confirm-revoke"):
        with told_here():
            entered.services.tokens.revoke(entered.person, token.id)
            _end_revoking()
            st.rerun()
    if row.button("Cancel", key="cancel-revoke"):
        _end_revoking()
        st.rerun()


def _ask(token: ApiToken) -> None:
    st.session_state[REVOKING] = token


def _end_revoking() -> None:
    st.session_state.pop(REVOKING, None)


def _forget_made() -> None:
    st.session_state.pop(MADE, None)
