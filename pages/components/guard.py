"""The first line of every page: the services of this process and the person who acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from assistant.domain import Person, Role
from assistant.web.identity import person_of
from assistant.web.state import HOLDER
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.bootstrap import Services

POLL_SECONDS = 0.1


class Entered(NamedTuple):
    """What a page works with."""

    services: Services
    person: Person


def enter() -> Entered:
    """Return services and person; wait, with a word on the page, while the services start; else stop the page."""
    services = HOLDER.wait(0) or _awaited()
    return Entered(services, person_of(services, st.context.headers))


def entered_if_ready() -> Entered | None:
    """Return services and person, None while the services are not there; for what must never hold a page up."""
    services = HOLDER.wait(0)
    return None if services is None else Entered(services, person_of(services, st.context.headers))


def is_admin() -> bool:
    """Whether the person who acts is an admin; nobody is one before the services have started."""
    entered = entered_if_ready()
    return entered is not None and entered.person.role is Role.ADMIN


def _awaited() -> Services:
    slot = st.empty()
    slot.status(f"{escape(HOLDER.reason)} This takes a few seconds.", state="running")
    is_starting = True
    while is_starting:
        st.session_state.get("waiting")  # lets Streamlit end this run when the tab is closed
        is_starting = HOLDER.state == "starting"  # before the wait: they may be there right after it
        services = HOLDER.wait(POLL_SECONDS)
        if services is not None:
            slot.empty()
            return services
    slot.error(escape(HOLDER.reason), icon=":material/error:")
    return st.stop()
