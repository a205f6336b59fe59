"""Who comes from outside: known by what the provider calls them, with the role and groups that it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.access import OutsideIdentity
from assistant.domain import Person, Role
from assistant.errors import Conflict, NotAllowed, SignInRefused
from assistant.people.external import LONGEST_NAME, MOST_GROUPS, External, address_of, claim, groups_of, name_of
from assistant.people.rights import Rights
from assistant.settings import load
from assistant.storage.database import Database
from assistant.storage.people import LOCAL, People

ISSUER = "https://id.example.org"
ANN = OutsideIdentity("oidc", "ann@example.com", "Ann Arbor", ("Sales",), ISSUER, "sub-ann")
BY_PROXY = OutsideIdentity("proxy", "ann@example.com", "Ann Arbor", ("Sales",))


def _external(database: Database, heard: list[str] | None = None, **mapping: str) -> External:
    told = [] if heard is None else heard
    return External(database, load(_env_file=None, **mapping), lambda: told.append("changed"))


def _run(database: Database, statement: str) -> None:
    with database.write() as session:
        session.execute(text(statement))


def _all(database: Database, statement: str) -> list[object]:
    with database.read() as session:
        return list(session.scalars(text(statement)))


def _groups(database: Database, of: Person) -> set[str]:
    ids = Rights(database).standing(of).groups
    return {str(name) for name in _all(database, "SELECT id || '=' || name FROM groups") if str(name)[:16] in ids}


def _names(database: Database, of: Person) -> set[str]:
    return {entry.partition("=")[2] for entry in _groups(database, of)}


def test_who_comes_for_the_first_time_is_staff_and_in_the_named_groups(database: Database) -> None:
    ann = _external(database).admit(ANN)
    assert (ann.email, ann.name, ann.role) == ("ann@example.com", "Ann Arbor", Role.STAFF)
    assert _names(database, ann) == {"Sales"}


def test_who_comes_again_is_the_same_person_under_a_new_name_and_address(database: Database) -> None:
    first = _external(database).admit(ANN)
    again = _external(database).admit(replace(ANN, name="Ann Berg", email="ann.berg@example.com"))
    assert (again.id, again.name, again.email) == (first.id, "Ann Berg", "ann.berg@example.com")


def test_the_same_subject_at_another_issuer_is_somebody_else(database: Database) -> None:
    first = _external(database).admit(ANN)
    other = _external(database).admit(replace(ANN, issuer="https://other.example.org", email="other@example.com"))
    assert other.id != first.id


def test_an_invited_account_is_taken_over_with_its_role(database: Database) -> None:
    invited = person(database, "ann", Role.KB_ADMIN)
    assert _external(database).admit(ANN) == replace(invited, name="Ann Arbor")
    assert _external(database).admit(replace(ANN, email="new@example.com")).id == invited.id


@pytest.mark.parametrize(
    "taken",
    ["password_hash = 'x'", "issuer = 'https://other.example.org', subject = 'x'", "disabled_at = '2026-11-01'"],
)
def test_an_account_that_somebody_can_sign_in_to_is_not_taken_over(database: Database, taken: str) -> None:
    person(database, "ann", Role.ADMIN)
    _run(database, f"UPDATE people SET {taken}")  # noqa: S608  # the test's own words
    with pytest.raises(SignInRefused, match="belongs to another account"):
        _external(database).admit(ANN)
    assert _all(database, "SELECT count(*) FROM people WHERE subject = 'sub-ann'") == [0]


@pytest.mark.parametrize("who", [ANN, BY_PROXY], ids=lambda who: who.source)
def test_the_local_operator_cannot_be_had_from_outside(database: Database, who: OutsideIdentity) -> None:
    People(database).local()
    with pytest.raises(SignInRefused):
        _external(database).admit(replace(who, email=LOCAL.email))


@pytest.mark.parametrize("who", [ANN, BY_PROXY], ids=lambda who: who.source)
def test_a_disabled_person_is_refused_with_a_sentence(database: Database, who: OutsideIdentity) -> None:
    _external(database).admit(who)
    _run(database, "UPDATE people SET disabled_at = '2026-11-01 00:00:00'")
    with pytest.raises(SignInRefused, match="may not be used any more"):
        _external(database).admit(who)


def test_nobody_is_added_without_an_address(database: Database) -> None:
    with pytest.raises(SignInRefused, match="no confirmed mail address"):
        _external(database).admit(replace(ANN, email=None))
    assert People(database).all() == []


def test_a_known_person_keeps_the_address_when_the_new_one_is_not_to_be_trusted_or_taken(database: Database) -> None:
    ann = _external(database).admit(ANN)
    person(database, "bob")
    for email in (None, "bob@example.com"):
        assert _external(database).admit(replace(ANN, email=email)) == ann


def test_a_proxy_knows_people_by_their_address_however_they_came_before(database: Database) -> None:
    ann = _external(database).admit(ANN)
    _run(database, "UPDATE people SET password_hash = 'x'")
    assert _external(database).admit(BY_PROXY) == ann
    assert _external(database).admit(ANN) == ann


def test_groups_follow_the_provider_and_local_ones_stay(database: Database) -> None:
    external = _external(database)
    ann = external.admit(replace(ANN, groups=("Sales", "Berlin")))
    group(database, "0000000000000000", ann)
    again = external.admit(replace(ANN, groups=("Sales", "Munich")))
    assert _names(database, again) == {"Sales", "Munich", "0000000000000000"}


def test_a_local_membership_that_the_provider_names_too_outlives_its_word(database: Database) -> None:
    ann = _external(database).admit(replace(ANN, groups=()))
    group(database, "0000000000000000", ann)
    for groups in (("0000000000000000",), ()):
        _external(database).admit(replace(ANN, groups=groups))
        assert _names(database, ann) == {"0000000000000000"}


def test_groups_of_the_provider_go_when_a_proxy_names_none(database: Database) -> None:
    ann = _external(database).admit(ANN)
    _external(database).admit(replace(BY_PROXY, groups=()))
    assert _names(database, ann) == set()


@pytest.mark.parametrize(
    ("groups", "role"),
    [(("Bosses",), Role.ADMIN), (("Editors",), Role.KB_ADMIN), (("Editors", "Bosses"), Role.ADMIN), ((), Role.STAFF)],
)
def test_groups_decide_the_role_at_each_sign_in(database: Database, groups: tuple[str, ...], role: Role) -> None:
    external = _external(database, admin_groups="Bosses, Owners", kb_admin_groups="Editors")
    external.admit(replace(ANN, groups=("Editors",)))
    assert external.admit(replace(ANN, groups=groups)).role is role


def test_a_role_given_here_stays_where_no_setting_decides_it(database: Database) -> None:
    _external(database).admit(ANN)
    _run(database, "UPDATE people SET role = 'admin'")
    assert _external(database).admit(ANN).role is Role.ADMIN
    assert _external(database, kb_admin_groups="Editors").admit(ANN).role is Role.ADMIN
    assert _external(database, staff_groups="Sales").admit(ANN).role is Role.ADMIN
    assert _external(database, admin_groups="Bosses").admit(ANN).role is Role.STAFF


def test_names_of_groups_are_compared_as_they_are_written(database: Database) -> None:
    assert _external(database, admin_groups="Bosses").admit(replace(ANN, groups=("bosses",))).role is Role.STAFF


def test_who_is_in_none_of_the_groups_for_staff_does_not_come_in(database: Database) -> None:
    external = _external(database, staff_groups="Staff", admin_groups="Bosses")
    with pytest.raises(SignInRefused, match="None of your groups"):
        external.admit(ANN)
    assert People(database).all() == []
    assert external.admit(replace(ANN, groups=("Bosses",))).role is Role.ADMIN


def test_what_changed_stands_in_the_audit_log_once(database: Database) -> None:
    external = _external(database, admin_groups="Bosses")
    for groups in (("Sales",), ("Sales",), ("Sales", "Bosses")):
        external.admit(replace(ANN, groups=groups))
    assert _all(database, "SELECT action FROM audit_log ORDER BY id") == [
        *("person.added", "group.added", "person.groups_changed"),
        *("person.role_changed", "group.added", "person.groups_changed"),
    ]


def test_who_watches_hears_of_changed_rights_alone(database: Database) -> None:
    heard: list[str] = []
    external = _external(database, heard, admin_groups="Bosses")
    counts = []
    for groups in (("Sales",), ("Sales",), ("Bosses", "Sales"), ("Bosses", "Sales"), ()):
        external.admit(replace(ANN, groups=groups, name=f"Ann {groups}"))
        counts.append(len(heard))
    assert counts == [1, 1, 2, 2, 3]


@pytest.mark.parametrize("taken", ["password_hash = 'x'", "issuer = 'https://other.example.org', subject = 'x'"])
def test_an_admin_can_release_an_account_for_who_comes_from_outside(database: Database, taken: str) -> None:
    account, local = person(database, "ann", Role.KB_ADMIN), People(database).local()
    _run(database, f"UPDATE people SET {taken} WHERE id = '{account.id}'")  # noqa: S608  # the test's own words
    external = _external(database)
    with pytest.raises(NotAllowed):
        external.release(account, "ann@example.com")
    external.release(local, " Ann@example.com")
    assert external.admit(ANN).id == account.id
    assert _all(database, "SELECT person_id FROM audit_log WHERE action = 'person.released'") == [local.id]


@pytest.mark.parametrize("email", ["ann@example.com", "nobody@example.com", LOCAL.email, "nonsense"])
def test_there_is_nothing_to_release_where_nothing_is_taken(database: Database, email: str) -> None:
    person(database, "ann")
    with pytest.raises(Conflict):
        _external(database).release(People(database).local(), email)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("Ann@Example.com ", "ann@example.com"),
        ("", None), ("ann", None), ("ann@", None), ("@example.com", None), ("a@b@c", None), ("a b@example.com", None),
        ("ann@example.com,bob@example.com", None), ("<ann@example.com>", None), ("ann\u202e@example.com", None),
        ("a" * 250 + "@example.com", None), (None, None), (["ann@example.com"], None), (LOCAL.email, None),
    ],
)  # fmt: skip
def test_an_address_is_one_address(given: object, address: str | None) -> None:
    assert address_of(given) == address


def test_names_are_one_line_of_what_is_printed() -> None:
    assert name_of("Ann\n <b>\u202eArbor\x00 ") == "Ann <b>Arbor"
    assert len(name_of("x" * 1000)) == LONGEST_NAME
    assert name_of({"given": "Ann"}) == ""


def test_groups_come_as_a_list_or_as_one_string() -> None:
    assert groups_of(["Sales", "Sales", " Berlin ", "", None, 7]) == ("Sales", "Berlin")
    assert groups_of(["Sa\u202eles", "Sa\nles", "x" * (LONGEST_NAME + 1)]) == ()
    assert groups_of("Sales") == ("Sales",)
    assert groups_of(None) == groups_of({"Sales": True}) == ()
    assert len(groups_of([str(number) for number in range(MOST_GROUPS + 5)])) == MOST_GROUPS


def test_a_claim_is_found_by_its_name_or_by_a_path() -> None:
    claims = {"groups": ["a"], "realm_access": {"roles": ["b"]}, "https://example.org/groups": ["c"]}
    assert claim(claims, "groups") == ["a"]
    assert claim(claims, "realm_access.roles") == ["b"]
    assert claim(claims, "https://example.org/groups") == ["c"]
    assert claim(claims, "groups.roles") is claim(claims, "none.at.all") is None
