"""The people page: for admins alone; people, groups and spaces are changed by it, and what that means is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from assistant.access import Account, AccountQuery
from assistant.bootstrap import Services
from assistant.domain import Person, Role
from pages.components.guard import IDENTITY
from pages.components.people_dialogs import ASKED, listed

RunApp = Callable[..., AppTest]
PAGE = "pages/people.py"
HOSTILE = "![x](http://other.example/p.png) :red[gone] <b>"


@pytest.fixture
def admin(services: Services) -> Person:
    return services.people.local()


@pytest.fixture
def ann(services: Services, admin: Person) -> Iterator[Account]:
    """A person in one group, which alone reads one space; all of it is gone in the end."""
    accounts = services.accounts
    space = accounts.spaces.add(admin, "Salaries", ["Finance"], make_groups=True)
    added = accounts.add(admin, "ann@example.com", Role.STAFF, name=HOSTILE, groups=["Finance"])
    yield added
    accounts.spaces.delete(admin, space.id)
    for group in accounts.groups.all(admin):
        accounts.groups.delete(admin, group.name)
    with services.database.engine.connect().execution_options(write=True) as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM people WHERE id != 'local'")


def text_of(app: AppTest) -> str:
    kinds = (app.markdown, app.caption, app.title, app.info, app.warning, app.error, app.success, app.subheader)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def section(run_app: RunApp, name: str) -> AppTest:
    app = run_app(PAGE)
    app.session_state["people-section"] = name
    return app.run()


def dialog(app: AppTest, wish: str, about: str = "") -> AppTest:
    """The page with the dialog open that the menu of a row would open."""
    app.session_state[ASKED] = (wish, about)
    app.run()
    assert not app.exception
    return app


def test_the_page_is_for_admins_and_says_so_to_others(run_app: RunApp, ann: Account) -> None:
    app = run_app(PAGE)
    app.session_state[IDENTITY] = "demo:staff"
    app.run()
    assert not app.exception
    assert app.info[0].value.startswith("Only admins see this page")
    assert not app.get("tab")
    assert ann.person.email not in text_of(app)


def test_people_are_shown_with_role_groups_and_state_and_names_are_text(run_app: RunApp, ann: Account) -> None:
    app = run_app(PAGE)
    assert not app.exception
    shown = text_of(app)
    assert "1 person" in shown
    assert "not invited yet" in shown
    assert "in Finance" in shown
    assert "![x]" not in shown
    assert ":red[" not in shown
    assert "This is the demo: signing in is off" in shown
    app.text_input(key="people-words").set_value("nobody of this name").run()
    assert "Nobody is like that" in text_of(app)
    assert ann.person.id


@pytest.mark.usefixtures("ann")
def test_a_person_is_added_and_the_link_is_shown_once(run_app: RunApp, services: Services, admin: Person) -> None:
    app = run_app(PAGE)
    app.button(key="add-person").click().run()
    app.text_input(key="new-email").set_value("Bob@Example.com")
    app.radio(key="new-role").set_value(Role.KB_ADMIN)
    app.multiselect(key="new-groups").set_value(["Finance"])
    app.button(key="new-person").click().run()
    assert not app.exception
    (bob,) = services.accounts.page(admin, AccountQuery("bob")).accounts
    assert (bob.person.email, bob.person.role, bob.groups) == ("bob@example.com", Role.KB_ADMIN, ("Finance",))
    assert "/auth/invite?token=" in app.code[0].value
    app.button(key="link-done").click().run()
    assert not app.code
    assert "invited until" in text_of(app)


def test_a_wrong_address_is_named_and_nothing_entered_is_lost(run_app: RunApp) -> None:
    app = dialog(run_app(PAGE), "Add")
    app.text_input(key="new-email").set_value("no address")
    app.text_input(key="new-name").set_value("Bob")
    app.button(key="new-person").click().run()
    assert app.error[0].value.startswith("This is no mail address")
    assert app.text_input(key="new-name").value == "Bob"


def test_a_role_is_changed_but_not_over_somebody_elses_change(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    app = dialog(run_app(PAGE), "Role", ann.person.id)
    app.radio(key=f"role-{ann.person.id}").set_value(Role.ADMIN).run()
    services.accounts.set_role(admin, ann.person.id, Role.KB_ADMIN)
    app.button(key="save-role").click().run()
    assert app.error[0].value.startswith("Somebody else changed this")
    assert services.accounts.account(admin, ann.person.id).person.role is Role.KB_ADMIN
    app = dialog(run_app(PAGE), "Role", ann.person.id)
    app.radio(key=f"role-{ann.person.id}").set_value(Role.STAFF).run()
    app.button(key="save-role").click().run()
    assert services.accounts.account(admin, ann.person.id).person.role is Role.STAFF
    assert ASKED not in app.session_state


def test_what_somebody_no_longer_reads_is_said_before_it_is_saved(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    app = dialog(run_app(PAGE), "Groups", ann.person.id)
    assert "Reads general and Salaries." in text_of(app)
    app.multiselect(key=f"groups-{ann.person.id}").set_value([]).run()
    assert "Will no longer find anything in Salaries." in text_of(app)
    app.button(key="save-groups").click().run()
    assert services.accounts.account(admin, ann.person.id).groups == ()


def test_a_person_is_disabled_and_enabled_after_a_word_about_it(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    app = dialog(run_app(PAGE), "Disable", ann.person.id)
    app.button(key="confirm-disable-cancel").click().run()
    assert services.accounts.account(admin, ann.person.id).disabled_at is None
    app = dialog(app, "Disable", ann.person.id)
    app.button(key="confirm-disable").click().run()
    assert services.accounts.account(admin, ann.person.id).disabled_at is not None
    assert ":red-badge[disabled]" in text_of(app)
    dialog(app, "Enable", ann.person.id).button(key="confirm-enable").click().run()
    assert services.accounts.account(admin, ann.person.id).disabled_at is None


def test_a_person_is_signed_out_everywhere_and_renamed(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    app = dialog(run_app(PAGE), "End sessions", ann.person.id)
    app.button(key="confirm-end-sessions").click().run()
    assert app.toast[0].value.startswith("0 sessions of")
    app = dialog(app, "Name", ann.person.id)
    app.text_input(key=f"name-{ann.person.id}").set_value("Ann")
    app.button(key="save-name").click().run()
    assert services.accounts.account(admin, ann.person.id).person.name == "Ann"


def test_where_the_company_signs_people_in_an_account_is_handed_over(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    services.accounts.set_password(admin, ann.person.id, "heather on 3 hills")
    app = dialog(run_app(PAGE), "Hand over", ann.person.id)
    app.button(key="confirm-release").click().run()
    assert not app.exception
    assert services.accounts.account(admin, ann.person.id).sign_in == ()


@pytest.mark.usefixtures("ann")
def test_a_group_is_added_and_people_put_into_it_and_taken_out(
    run_app: RunApp, services: Services, admin: Person, ann: Account
) -> None:
    app = section(run_app, "Groups")
    assert "1 person · reads Salaries" in text_of(app)
    app.button(key="add-group").click().run()
    app.text_input(key="new-group-name").set_value("Board")
    app.button(key="new-group").click().run()
    app.text_input(key="member-words").set_value("ann@").run()
    app.button(key=f"put-in-{ann.person.id}").click().run()
    assert services.accounts.account(admin, ann.person.id).groups == ("Board", "Finance")
    app.button(key=f"take-out-{ann.person.id}").click().run()
    assert services.accounts.account(admin, ann.person.id).groups == ("Finance",)


@pytest.mark.usefixtures("ann")
def test_deleting_a_group_tells_what_closes(run_app: RunApp, services: Services, admin: Person) -> None:
    app = dialog(section(run_app, "Groups"), "Group delete", "Finance")
    assert "Salaries will be for administrators alone. Nothing becomes open to anybody else." in text_of(app)
    app.button(key="confirm-delete-group").click().run()
    assert services.accounts.groups.all(admin) == []
    assert services.accounts.spaces.one(admin, "Salaries").restricted


@pytest.mark.usefixtures("ann")
def test_a_space_is_added_only_once_its_readers_are_chosen(run_app: RunApp, services: Services, admin: Person) -> None:
    app = section(run_app, "Spaces")
    app.button(key="add-space").click().run()
    app.text_input(key="new-space-name").set_value("Contracts").run()
    assert app.button(key="new-space").disabled
    app.radio(key="new-space-whom").set_value("Only some groups").run()
    assert "Only administrators will find what is put there." in text_of(app)
    app.multiselect(key="new-space-groups").set_value(["Finance"]).run()
    assert "Only Finance will find what is put there: 1 person, and administrators." in text_of(app)
    app.button(key="new-space").click().run()
    space = services.accounts.spaces.one(admin, "Contracts")
    assert (space.restricted, space.groups) == (True, ("Finance",))
    dialog(app, "Space delete", space.id).button(key="confirm-delete-space").click().run()
    assert [one.name for one in services.accounts.spaces.all(admin)] == ["general", "Salaries"]


@pytest.mark.usefixtures("ann")
def test_who_no_longer_finds_the_documents_is_said_before_it_is_saved(
    run_app: RunApp, services: Services, admin: Person
) -> None:
    app = dialog(section(run_app, "Spaces"), "Space readers", "general")
    app.radio(key="readers-general-whom").set_value("Only some groups").run()
    app.multiselect(key="readers-general-groups").set_value(["Finance"]).run()
    assert "Only Finance will find these 3 documents: 1 person, and administrators." in text_of(app)
    assert "Everyone else will no longer find them" in text_of(app)
    app.button(key="save-readers").click().run()
    seen = services.accounts.spaces.one(admin, "general")
    assert seen.groups == ("Finance",)
    app = dialog(section(run_app, "Spaces"), "Space readers", "general")
    app.radio(key="readers-general-whom").set_value("Everyone who can sign in").run()
    assert "Everybody will find them from then on." in text_of(app)
    services.accounts.spaces.set_readers(admin, "general", [])
    app.button(key="save-readers").click().run()
    assert app.error[0].value.startswith("Somebody else changed this")
    assert services.accounts.spaces.one(admin, "general").restricted
    services.accounts.spaces.set_readers(admin, "general", None)


def test_a_space_that_is_in_use_is_not_deleted_and_that_is_said(run_app: RunApp) -> None:
    app = dialog(section(run_app, "Spaces"), "Space delete", "general")
    app.button(key="confirm-delete-space").click().run()
    assert app.error[0].value.startswith("This space takes what is uploaded")


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["A"], "A"), (["A", "B"], "A and B"), (["A", "B", "C"], "A, B and C")]
)
def test_names_are_listed_as_people_say_them(names: list[str], said: str) -> None:
    assert listed(names) == said


def test_an_admin_in_the_staff_view_changes_nothing(services: Services, admin: Person) -> None:
    from assistant.errors import NotAllowed

    with pytest.raises(NotAllowed):
        services.accounts.groups.add(replace(admin, role=Role.STAFF), "new")
