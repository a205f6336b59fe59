"""What surrounds every page is that of the person: their name, the way out, and the pages that they may use."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from persons import person
from signed_in import ROOT, RUN_SECONDS, change, links_of, open_session, text_of, visit
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services
from assistant.domain import Role
from pages.components import guard

RunApp = Callable[..., AppTest]
HOSTILE = "![x](http://other.example/p) :red[x]"


@pytest.fixture
def company(staffed: Services) -> Services:
    """A company without people."""
    change(staffed, "DELETE FROM people WHERE id != 'local'")
    return staffed


@pytest.mark.parametrize("role", list(Role))
def test_the_header_names_the_person_and_has_the_way_out(company: Services, role: Role) -> None:
    app = visit(open_session(company, person(company.database, "ann", role)))
    assert ":gray-badge[Ann]" in text_of(app)
    assert '<a class="link" href="/auth/logout">Log out</a>' in links_of(app)
    assert "/auth/view" not in links_of(app)


def test_a_name_is_text_and_nothing_else(company: Services) -> None:
    ann = person(company.database, "ann")
    change(company, "UPDATE people SET name = :name WHERE id = :id", name=HOSTILE, id=ann.id)
    app = visit(open_session(company, ann))
    assert "![x](http" not in text_of(app)
    assert ":red[" not in text_of(app).replace(r"\:red\[", "")


@pytest.mark.parametrize(("identity", "offers"), [("demo:admin", "staff"), ("demo:staff", "admin")])
def test_the_demo_offers_the_other_view_of_the_same_place(services: Services, identity: str, offers: str) -> None:
    del services
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=RUN_SECONDS)
    app.session_state[guard.IDENTITY] = identity
    app.query_params["conversation"] = "c1"
    app.run()
    assert f'href="/auth/view?as={offers}&amp;next=%2F%3Fconversation%3Dc1"' in links_of(app)
    assert "/auth/logout" not in links_of(app)


def test_the_demo_has_no_account(services: Services, run_app: RunApp) -> None:
    del services
    app = run_app("pages/account.py")
    assert not app.exception
    assert "The demo has no sign-in" in text_of(app)
    assert not app.text_input
