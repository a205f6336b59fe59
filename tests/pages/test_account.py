"""My account: who I am, where I am signed in, and my tokens; nothing of anybody else."""

from __future__ import annotations

import pytest
from persons import group, person
from signed_in import AGENT, change, open_session, text_of, visit
from streamlit.testing.v1 import AppTest

from assistant.access import Scope
from assistant.bootstrap import Services
from assistant.domain import Person, Role
from assistant.people import passwords
from assistant.people.tokens import PREFIX
from pages.components.account_sessions import browser

PAGE = "pages/account.py"
OLD, NEW = "twelve Green bicycles", "thirteen Blue bicycles"
HOSTILE = "![x](http://other.example/p.png) :red[x]"


@pytest.fixture
def ann(staffed: Services) -> Person:
    """Somebody with a password."""
    change(staffed, "DELETE FROM people WHERE id != 'local'")
    change(staffed, "DELETE FROM groups")
    ann = person(staffed.database, "ann", Role.KB_ADMIN)
    change(staffed, "UPDATE people SET password_hash = :hash WHERE id = :id", hash=passwords.hashed(OLD), id=ann.id)
    return ann


def _click(app: AppTest, label: str) -> AppTest:
    (button,) = [button for button in app.button if button.label == label]
    return button.click().run()


def test_it_tells_who_i_am(staffed: Services, ann: Person) -> None:
    group(staffed.database, "hr", ann)
    app = visit(open_session(staffed, ann), PAGE)
    assert not app.exception
    assert "ann@example.com" in text_of(app)
    assert "Knowledge base administrator" in text_of(app)
    assert "Groups: hr" in text_of(app)


def test_my_sessions_are_listed_with_this_one_marked_and_end_one_by_one(staffed: Services, ann: Person) -> None:
    other = open_session(staffed, ann, agent="Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/140.0")
    open_session(staffed, person(staffed.database, "bob"), agent="Mozilla/5.0 (iPhone) Safari/604.1")
    app = visit(open_session(staffed, ann), PAGE)
    assert "**Chrome on Linux** :green-badge[this browser]" in text_of(app)
    assert "**Firefox on Windows**" in text_of(app)
    assert "iPhone" not in text_of(app)
    app.button(key=f"end-session-{other[:12]}").click().run()
    assert "Firefox" not in text_of(app)
    assert "Chrome on Linux" in text_of(app)
    assert staffed.sign_in.holder(other) is None


def test_all_my_other_sessions_end_at_once(staffed: Services, ann: Person) -> None:
    others = [open_session(staffed, ann) for _ in range(2)]
    bobs = open_session(staffed, person(staffed.database, "bob"))
    app = _click(visit(open_session(staffed, ann), PAGE), "Sign out everywhere else")
    assert not app.exception
    assert [staffed.sign_in.holder(id_) for id_ in others] == [None, None]
    assert staffed.sign_in.holder(bobs) is not None


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (AGENT, "Chrome on Linux"),
        (f"{AGENT} Edg/156.0", "Edge on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", "Unknown browser"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_browser_is_called_what_people_call_it(agent: str, name: str) -> None:
    assert browser(agent) == name


def test_what_a_browser_says_of_itself_is_text(staffed: Services, ann: Person) -> None:
    app = visit(open_session(staffed, ann, agent=HOSTILE), PAGE)
    assert not app.exception
    assert "![x](http" not in text_of(app)
    assert "http" in text_of(app)


def test_a_token_is_shown_once(staffed: Services, ann: Person) -> None:
    app = visit(open_session(staffed, ann), PAGE)
    app.text_input(key="token-name").set_value("Nightly export")
    app = _click(app, "Create token")
    assert not app.exception
    (secret,) = [code.value for code in app.code]
    assert secret.startswith(PREFIX)
    who, scopes = staffed.tokens.person_for(secret)
    assert (who.id, scopes) == (ann.id, (Scope.READ,))
    app = _click(app, "I have copied it")
    assert not app.code
    assert "Nightly export" in text_of(app)


def test_a_token_without_a_name_is_refused_in_a_sentence(staffed: Services, ann: Person) -> None:
    app = _click(visit(open_session(staffed, ann), PAGE), "Create token")
    assert "Give the token a name" in app.error[0].value
    assert staffed.tokens.of(ann) == []


def test_a_token_of_somebody_else_is_not_listed_and_a_name_is_text(staffed: Services, ann: Person) -> None:
    staffed.tokens.create(person(staffed.database, "bob"), "Bobs", [Scope.READ], 1)
    staffed.tokens.create(ann, HOSTILE, [Scope.READ], 1)
    app = visit(open_session(staffed, ann), PAGE)
    assert "Bobs" not in text_of(app)
    assert "![x](http" not in text_of(app)


def test_a_token_is_revoked_after_a_question(staffed: Services, ann: Person) -> None:
    token, _secret = staffed.tokens.create(ann, "Nightly export", [Scope.READ], 1)
    app = visit(open_session(staffed, ann), PAGE)
    app.button(key=f"revoke-{token.id}").click().run()
    assert len(staffed.tokens.of(ann)) == 1
    app.button(key="confirm-revoke").click().run()
    assert staffed.tokens.of(ann) == []


def test_only_who_may_change_documents_is_offered_tokens_that_upload(staffed: Services, ann: Person) -> None:
    editors = visit(open_session(staffed, ann), PAGE)
    staffs = visit(open_session(staffed, person(staffed.database, "bob")), PAGE)
    assert "Upload documents" in editors.multiselect(key="token-uses").options
    assert "Upload documents" not in staffs.multiselect(key="token-uses").options


def _change_password(app: AppTest, present: str, new: str, again: str) -> AppTest:
    for field, value in zip(app.text_input[:3], (present, new, again), strict=True):
        field.set_value(value)
    return _click(app, "Change password")


def test_another_password_ends_all_sessions(staffed: Services, ann: Person) -> None:
    session = open_session(staffed, ann)
    app = _change_password(visit(session, PAGE), OLD, NEW, NEW)
    assert [heading.value for heading in app.subheader] == ["Your session has ended"]
    assert staffed.sign_in.holder(session) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("not the one I have", NEW, NEW), "present password is not right"),
        ((OLD, NEW, f"{NEW}!"), "two different ways"),
        ((OLD, "short", "short"), "too short"),
    ],
)
def test_a_wrong_or_weak_password_changes_nothing(
    staffed: Services, ann: Person, given: tuple[str, str, str], told: str
) -> None:
    session = open_session(staffed, ann)
    app = _change_password(visit(session, PAGE), *given)
    assert told in app.error[0].value
    assert staffed.sign_in.holder(session) is not None
