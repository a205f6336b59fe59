"""The first line of every page: the services of this process and the person who acts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import streamlit as st
from streamlit import config
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from assistant.domain import Person
from assistant.errors import SignedOut
from assistant.web.identity import HEADER, person_of
from assistant.web.state import HOLDER
from pages.components import signed_out
from pages.components.safe_markdown import escape

if TYPE_CHECKING:
    from assistant.bootstrap import Services

POLL_SECONDS = 0.1
LEFT = "signed_out"
"""Session key: what this tab came by was found not to hold, so the next run shows that and nothing else."""
LAST = "entered_last"
"""Session key of what the last page of this tab was drawn for."""
IDENTITY, OF_TESTS = "identity", "demo:admin"
"""Session key by which a test without a server says who it is, and who it is if it does not."""


class Entered(NamedTuple):
    """What a page works with."""

    services: Services
    person: Person


def enter() -> Entered:
    """Return services and person; wait, with a word on the page, while the services start; else stop the page.

    Who may not act (any more) sees that, and nothing of the page.
    """
    services = HOLDER.wait(0) or _awaited()
    try:
        person = person_of(services, identity())
    except SignedOut:
        signed_out.draw()
        st.stop()
    services.sign_in.touch(person)  # a run of a whole page is what somebody did, or hardly ever anything else
    st.session_state[signed_out.WHO] = person
    return Entered(services, person)


def entered_if_ready() -> Entered | None:
    """Return services and person, None while the services are not there; for what must never hold a page up.

    Raises SignedOut when the person may not act (any more).
    """
    services = HOLDER.wait(0)
    return None if services is None else Entered(services, person_of(services, identity()))


def identity() -> Mapping[str, str]:
    """What the gate said of who opened this tab: nothing else counts, and where it is missing nobody is signed in.

    Streamlit's tests of scripts have no server and so no gate: the test says who it is.
    """
    if config.get_option("global.appTest"):
        return {HEADER: str(st.session_state.get(IDENTITY, OF_TESTS))}
    return st.context.headers


def is_left() -> bool:
    """Whether this run must show nothing of any page: nobody is signed in, or the last run found that out."""
    if st.session_state.pop(LEFT, False):
        return True
    try:
        entered_if_ready()
    except SignedOut:
        return True
    return False


def leave() -> NoReturn:
    """Take everything of the page away and say that the session has ended; works in pages, fragments and callbacks.

    The page is run anew, so that nothing half drawn stays and fragments that repeat themselves end.
    """
    st.session_state[LEFT] = True
    st.rerun(scope="app")


def leave_soon() -> None:
    """As ``leave``, from where no run may be broken off: the page is run anew when this run has ended."""
    st.session_state[LEFT] = True
    context = get_script_run_ctx()
    if context is not None and context.script_requests is not None:
        anew = RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            context_info=context.context_info,
        )
        context.script_requests.request_rerun(anew)


@contextmanager
def left_when_signed_out() -> Iterator[None]:
    """Leave the page when the block finds that the person may not act any more."""
    try:
        yield
    except SignedOut:
        leave()


def fragment(*, run_every: float | None = None) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """As Streamlit's own: a part that is drawn anew alone, every so many seconds where that is said.

    Who was signed out meanwhile leaves the page by it, and it ends.
    """

    def parted(draw: Callable[[], None]) -> Callable[[], None]:
        @wraps(draw)
        def leaving() -> None:
            with left_when_signed_out():
                draw()

        return st.fragment(run_every=run_every)(leaving)

    return parted


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
