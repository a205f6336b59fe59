"""What every page begins with: the services, waited for while they start, and a person who may act at that moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from persons import person
from signed_in import ROOT, RUN_SECONDS, change, lapse, links_of, log_out, open_session, text_of, visit
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import Person, Role
from pages.components import guard, signed_out

QUESTION = "How many days of leave do I have?"


@pytest.fixture
def services(staffed: Services) -> Services:
    """The services of a company whose people sign in."""
    return staffed


@pytest.fixture
def ann(services: Services) -> Person:
    """Somebody who may do everything."""
    change(services, "DELETE FROM people WHERE id != 'local'")
    return person(services.database, "ann", Role.ADMIN)


def _page() -> None:
    import streamlit as st

    from pages.components import guard

    services = guard._awaited()
    st.write(f"people: {len(services.people.local().id) > 0}")


def _needs_sign_in(app: AppTest) -> None:
    """Nothing of the page is there: the panel alone."""
    assert not app.exception
    assert [heading.value for heading in app.subheader] == [signed_out.ENDED]
    assert not app.title
    assert not app.button
    assert not app.chat_input
    assert not app.text_input
    assert not app.error
    assert not app.sidebar.children


def test_services_that_are_there_the_moment_a_page_begins_to_wait_are_taken(services: Services) -> None:
    del services
    page = AppTest.from_function(_page, default_timeout=30).run()
    assert not page.error
    assert page.markdown[-1].value == "people: True"


@pytest.mark.parametrize("given", ["", "session:", "session:none", "token:none", "demo:admin", "local", "session:ö"])
def test_without_a_session_that_holds_nothing_of_a_page_is_drawn(services: Services, given: str) -> None:
    del services
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=RUN_SECONDS)
    app.session_state[guard.IDENTITY] = given
    _needs_sign_in(app.run())


@pytest.mark.parametrize("page", [None, "pages/knowledge_base.py", "pages/models.py", "pages/account.py"])
@pytest.mark.parametrize("end", [lapse, log_out])
def test_a_session_that_ended_takes_the_open_page_away(
    services: Services, ann: Person, page: str | None, end: Callable[[Services, str], None]
) -> None:
    session = open_session(services, ann)
    app = visit(session, page)
    assert app.title
    end(services, session)
    _needs_sign_in(app.run())


def test_disabling_bites_on_the_next_action(services: Services, ann: Person) -> None:
    app = visit(open_session(services, ann))
    change(services, "UPDATE people SET disabled_at = '2026-11-01 00:00:00.000000' WHERE id = :id", id=ann.id)
    _needs_sign_in(app.button[0].click().run())


def test_a_role_that_was_taken_away_is_gone_on_the_next_action(services: Services, ann: Person) -> None:
    app = visit(open_session(services, ann), "pages/models.py")
    assert app.tabs
    change(services, "UPDATE people SET role = 'staff' WHERE id = :id", id=ann.id)
    app.run()
    assert not app.exception
    assert not app.tabs
    assert "Only admins" in text_of(app)


def test_the_way_back_leads_to_the_page_with_its_address(services: Services, ann: Person) -> None:
    session = open_session(services, ann)
    app = visit(session, document='d"1', page="2")
    lapse(services, session)
    app.run()
    assert 'href="/login?next=%2F%3Fdocument%3Dd%25221%26page%3D2"' in links_of(app)


def test_a_question_over_a_lapsed_session_is_kept_and_stands_in_the_field_afterwards(
    services: Services, ann: Person
) -> None:
    session = open_session(services, ann)
    app = visit(session)
    lapse(services, session)
    app.chat_input[0].set_value(QUESTION).run()
    _needs_sign_in(app)
    assert signed_out.KEPT in text_of(app)
    assert services.chat.conversations(ann, "", limit=5) == []
    back = visit(open_session(services, ann))
    assert back.chat_input[0].proto.value == QUESTION
    assert not visit(open_session(services, ann)).chat_input[0].proto.value


def test_a_question_after_a_log_out_is_not_kept(services: Services, ann: Person) -> None:
    session = open_session(services, ann)
    app = visit(session)
    log_out(services, session)
    app.chat_input[0].set_value(QUESTION).run()
    _needs_sign_in(app)
    assert signed_out.KEPT not in text_of(app)
    assert not _kept(services)


def test_somebody_else_does_not_get_the_question(services: Services, ann: Person) -> None:
    session = open_session(services, ann)
    app = visit(session)
    lapse(services, session)
    app.chat_input[0].set_value(QUESTION).run()
    other = visit(open_session(services, person(services.database, "bob")))
    assert not other.chat_input[0].proto.value
    assert _kept(services) == [QUESTION]


def test_an_action_moves_the_idle_limit_on(services: Services, ann: Person) -> None:
    session = open_session(services, ann)
    change(services, "UPDATE sessions SET idle_until = '2900-01-01 00:00:00.000000' WHERE id = :id", id=session)
    visit(session)
    assert _idle_until(services, session) != "2900-01-01 00:00:00.000000"


def _kept(services: Services) -> list[str]:
    with services.database.read() as session:
        return list(session.scalars(text("SELECT text FROM drafts")))


def _idle_until(services: Services, session_id: str) -> str:
    with services.database.read() as session:
        return str(session.scalar(text("SELECT idle_until FROM sessions WHERE id = :id"), {"id": session_id}))
