"""The people of the installation as a list, found and a page at a time, with what can be done for each."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from assistant.access import Account, AccountQuery
from assistant.domain import Role
from pages.components import people_dialogs, person_dialogs, wording
from pages.components.guard import Entered
from pages.components.safe_markdown import escape

PAGE = 25
"""People on one page, as of documents: the browser draws all rows anew at every step."""
WORDS, ROLE, GROUP, NUMBER = "people-words", "people-role", "people-group", "people-page"
ANY_ROLE, ANY_GROUP = "All roles", "All groups"
NOBODY = "There is nobody here yet. Add the first person: the one who looks after this assistant with you."


def draw(entered: Entered) -> None:
    """Draw the list and the dialog that was asked for."""
    service = entered.services.accounts
    query = _draw_filters(entered)
    page = service.page(entered.person, query)
    line = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    line.subheader(f"{page.total:,} {'person' if page.total == 1 else 'people'}", anchor=False)
    line.button(
        "Add person", icon=":material/person_add:", key="add-person", on_click=people_dialogs.ask, args=("Add",)
    )
    if not page.total:
        filtered = query.words or query.role or query.group
        st.info("Nobody is like that. Use fewer words or filters." if filtered else NOBODY)
    with st.container(gap="xsmall", key="people"):
        for account in page.accounts:
            _draw_row(entered, account)
    _draw_pages(page.total)
    people_dialogs.draw_asked(entered, person_dialogs.DIALOGS)


def _draw_filters(entered: Entered) -> AccountQuery:
    names = [group.name for group in entered.services.accounts.groups.all(entered.person)]
    line = st.container(horizontal=True, vertical_alignment="center", gap="small", key="people-filters")
    words = line.text_input(
        "Find", placeholder="Name or address", label_visibility="collapsed", key=WORDS, on_change=_first_page
    )
    role = line.selectbox(
        "Role",
        [ANY_ROLE, *person_dialogs.ROLES.values()],
        label_visibility="collapsed",
        key=ROLE,
        width=140,
        on_change=_first_page,
    )
    group = line.selectbox(
        "Group",
        ["", *names],
        format_func=lambda one: one or ANY_GROUP,
        label_visibility="collapsed",
        key=GROUP,
        width=170,
        on_change=_first_page,
    )
    number = st.session_state.get(NUMBER) or 1
    chosen = next((one for one, name in person_dialogs.ROLES.items() if name == role), None)
    return AccountQuery(words.strip(), chosen, str(group), offset=(number - 1) * PAGE, limit=PAGE)


def _first_page() -> None:
    st.session_state.pop(NUMBER, None)


def _draw_pages(total: int) -> None:
    pages = -(-total // PAGE)
    if pages > 1:
        with st.container(horizontal_alignment="center"):
            st.pagination(pages, key=NUMBER, width="stretch")


def _draw_row(entered: Entered, account: Account) -> None:
    person = account.person
    with st.container(border=True, key=f"person-{person.id}", gap="xsmall"):
        line = st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"line-{person.id}")
        with line.container(gap=None):
            st.markdown(f"**{escape(person.name)}** {_badges(entered, account)}")
            st.caption(_facts(account))
        _draw_menu(entered, account, line)


def _draw_menu(entered: Entered, account: Account, line: DeltaGenerator) -> None:
    key = f"person-menu-{account.person.id}"
    line.menu_button(
        "Actions",
        person_dialogs.wishes(entered, account),
        key=key,
        type="tertiary",
        on_click=people_dialogs.act,
        args=(key, account.person.id),
    )


def _badges(entered: Entered, account: Account) -> str:
    colour = {Role.STAFF: "gray", Role.KB_ADMIN: "blue", Role.ADMIN: "violet"}[account.person.role]
    badges = [f":{colour}-badge[{person_dialogs.ROLES[account.person.role]}]"]
    if account.disabled_at is not None:
        badges.append(":red-badge[disabled]")
    elif account.invited_until is not None and not account.sign_in:
        badges.append(f":orange-badge[invited until {wording.moment(account.invited_until)}]")
    elif not account.sign_in and person_dialogs.has_links(entered):
        badges.append(":orange-badge[not invited yet]")
    if account.person.id == entered.person.id:
        badges.append(":gray-badge[you]")
    return " ".join(badges)


def _facts(account: Account) -> str:
    """Address, groups and when they were last here, on one line."""
    seen = f"here {wording.moment(account.seen_at)}" if account.seen_at else "not here yet"
    named = [] if account.person.name == account.person.email else [account.person.email]
    groups = [f"in {people_dialogs.listed(account.groups)}"] if account.groups else []
    return escape(" · ".join([*named, *groups, seen]))
