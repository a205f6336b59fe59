"""The dialogs about one person: add, role, groups, name, link, sessions, disable and enable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from assistant.access import Account
from assistant.domain import Role
from pages.components import wording
from pages.components.guard import Entered
from pages.components.people_dialogs import Dialog, ask, confirmed, keep, kept, listed, say
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.people.links import OneTimeLink

ROLES = {Role.STAFF: "Staff", Role.KB_ADMIN: "KB admin", Role.ADMIN: "Admin"}
MAY = {
    Role.STAFF: "Asks, and reads what is open to them.",
    Role.KB_ADMIN: "Also adds, changes and deletes the documents that they may read.",
    Role.ADMIN: "Reads and changes everything: documents, people, settings.",
}
LINK, RELEASE, ENABLE, DISABLE = "Link to sign in", "Hand over", "Enable", "Disable"
EVERYTHING = "Admins read every space, whatever their groups are."


def has_links(entered: Entered) -> bool:
    """Whether people here set a password by a link; elsewhere the company's sign-in lets them in."""
    return entered.services.settings.auth in ("demo", "password")


def wishes(entered: Entered, account: Account) -> list[str]:
    """What can be done for a person."""
    if account.disabled_at is not None:
        return ["Name", "Role", "Groups", ENABLE]
    way = [LINK] if has_links(entered) else [RELEASE] if account.sign_in else []
    return ["Name", "Role", "Groups", *way, "End sessions", DISABLE]


def _draw_add(entered: Entered, _about: str) -> bool:
    names = [group.name for group in entered.services.accounts.groups.all(entered.person)]
    with st.form("add-person-form", border=False):
        email = st.text_input("Mail address", key="new-email", autocomplete="off")
        name = st.text_input("Name", key="new-name", placeholder="The address, if left empty", autocomplete="off")
        role = _role_field(Role.STAFF, "new-role")
        groups = st.multiselect("Groups", names, key="new-groups") if names else []
        sent = st.form_submit_button(
            "Add and make a link" if has_links(entered) else "Add", type="primary", key="new-person"
        )
    if not sent:
        return False
    service = entered.services.accounts
    added = service.add(entered.person, email, role, name=name, groups=groups).person
    if not has_links(entered):
        return say(f"{escape(added.name)} may come by the company's sign-in from now on.")
    link = service.invite(entered.person, added.id)
    ask(LINK, added.id)
    keep(link)
    return st.rerun()


def _draw_role(entered: Entered, about: str) -> bool:
    seen = kept(lambda: entered.services.accounts.account(entered.person, about))
    st.markdown(f"**{escape(seen.person.name)}**")
    role = _role_field(seen.person.role, f"role-{about}")
    if seen.person.role is Role.ADMIN and role is not Role.ADMIN:
        who = "You" if about == entered.person.id else "They"
        st.warning(f"{who} will no longer see this page, nor what is for admins alone.", icon=":material/warning:")
    if not st.button("Save", type="primary", key="save-role"):
        return False
    entered.services.accounts.set_role(entered.person, about, role, seen=seen.person.role)
    return say(f"{escape(seen.person.name)} is {ROLES[role]} now.")


def _role_field(role: Role, key: str) -> Role:
    roles = list(Role)
    return st.radio(
        "Role",
        roles,
        index=roles.index(role),
        format_func=ROLES.__getitem__,
        captions=[MAY[one] for one in roles],
        key=key,
    )


def _draw_groups(entered: Entered, about: str) -> bool:
    service = entered.services.accounts
    seen = kept(lambda: service.account(entered.person, about))
    st.markdown(f"**{escape(seen.person.name)}**")
    names = [group.name for group in service.groups.all(entered.person) if group.name not in seen.claimed]
    own = [name for name in seen.groups if name not in seen.claimed and name in names]
    groups = st.multiselect("Groups", names, own, key=f"groups-{about}", placeholder="None")
    if seen.claimed:
        st.caption(f"Also in {escape(listed(seen.claimed))}, by the company's sign-in; that is changed there.")
    _draw_reads(entered, seen, [*groups, *seen.claimed])
    if not st.button("Save", type="primary", key="save-groups"):
        return False
    service.set_groups(entered.person, about, groups, seen=seen.groups)
    return say(f"The groups of {escape(seen.person.name)} hold from the next question on.")


def _draw_reads(entered: Entered, seen: Account, groups: Sequence[str]) -> None:
    """Say which spaces the person will read with these groups, and which no longer."""
    if seen.person.role is Role.ADMIN:
        st.caption(EVERYTHING)
        return
    spaces = entered.services.accounts.spaces
    after = spaces.open_to(entered.person, groups)
    lost = [name for name in spaces.open_to(entered.person, seen.groups) if name not in after]
    st.markdown(f"Reads {escape(listed(after)) if after else 'nothing'}.")
    if lost:
        st.warning(f"Will no longer find anything in {escape(listed(lost))}.", icon=":material/warning:")


def _draw_name(entered: Entered, about: str) -> bool:
    seen = kept(lambda: entered.services.accounts.account(entered.person, about))
    with st.form("name-form", border=False):
        name = st.text_input("Name", seen.person.name, key=f"name-{about}", autocomplete="off")
        sent = st.form_submit_button("Save", type="primary", key="save-name")
    if not sent:
        return False
    renamed = entered.services.accounts.rename(entered.person, about, name)
    return say(f"The name is {escape(renamed.person.name)} now.")


def _draw_link(entered: Entered, about: str) -> bool:
    service = entered.services.accounts
    link: OneTimeLink | None = kept(lambda: None)
    account = service.account(entered.person, about)
    name = escape(account.person.name)
    has_password = "password" in account.sign_in
    if link is not None:
        return _draw_made(entered, link, name)
    if has_password:
        st.markdown(f"By a link **{name}** sets a new password, within an hour. The present one works until then.")
    else:
        st.markdown(f"By a link **{name}** sets a password and is let in, within seven days.")
    st.caption("A link made before stops working.")
    if st.button("Make the link", type="primary", key="make-link"):
        keep((service.reset if has_password else service.invite)(entered.person, about))
        st.rerun()
    return False


def _draw_made(entered: Entered, link: OneTimeLink, name: str) -> bool:
    address = entered.services.settings.public_url or (st.context.url or "").rpartition("/")[0]
    st.markdown(f"Send this to **{name}** alone: whoever has it sets the password.")
    with st.container(key="made-link"):
        st.code(f"{address.rstrip('/')}{link.path}", language=None, wrap_lines=True)
    st.caption(f"It works once, until {wording.moment(link.expires_at)}, and is not shown again.")
    if entered.services.settings.auth == "demo":
        st.caption("It works as soon as signing in is on.")
    return st.button("Done", type="primary", key="link-done")


def _draw_release(entered: Entered, about: str) -> bool:
    person = entered.services.accounts.account(entered.person, about).person
    st.markdown(
        f"Whoever next comes by the company's sign-in as {escape(person.email)} gets the account of "
        f"**{escape(person.name)}**, whatever opened it before. A password that it has goes."
    )
    if not confirmed("Hand over", "confirm-release"):
        return False
    entered.services.external.release(entered.person, person.email)
    return say(f"{escape(person.name)} is for whoever comes with this address next.")


def _draw_end_sessions(entered: Entered, about: str) -> bool:
    name = escape(entered.services.accounts.account(entered.person, about).person.name)
    st.markdown(f"**{name}** is signed out in every browser at once, and may sign in again. API tokens stay.")
    if not confirmed("Sign out everywhere", "confirm-end-sessions"):
        return False
    ended = entered.services.accounts.end_sessions(entered.person, about)
    return say(f"{wording.counted(ended, 'session')} of {name} ended.")


def _draw_disable(entered: Entered, about: str) -> bool:
    name = escape(entered.services.accounts.account(entered.person, about).person.name)
    st.markdown(
        f"**{name}** can do nothing any more: sessions, API tokens and links end at once. Conversations and what they "
        "did stay, and they can be enabled again."
    )
    if not confirmed("Disable", "confirm-disable"):
        return False
    entered.services.accounts.disable(entered.person, about)
    return say(f"{name} is disabled.")


def _draw_enable(entered: Entered, about: str) -> bool:
    account = entered.services.accounts.account(entered.person, about)
    name = escape(account.person.name)
    st.markdown(f"**{name}** may sign in again, as {ROLES[account.person.role]} and in the groups they had.")
    if not confirmed("Enable", "confirm-enable"):
        return False
    entered.services.accounts.enable(entered.person, about)
    return say(f"{name} may sign in again.")


DIALOGS = {
    "Add": Dialog("Add person", _draw_add),
    "Role": Dialog("Role", _draw_role),
    "Groups": Dialog("Groups", _draw_groups),
    "Name": Dialog("Name", _draw_name),
    LINK: Dialog(LINK, _draw_link),
    RELEASE: Dialog(RELEASE, _draw_release),
    "End sessions": Dialog("End sessions", _draw_end_sessions),
    DISABLE: Dialog(DISABLE, _draw_disable),
    ENABLE: Dialog(ENABLE, _draw_enable),
}
