"""People as admins keep them: who may, what is refused, and that it holds at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from persons import group, person
from sqlalchemy import text

from assistant.access import AccountQuery, Standing
from assistant.domain import Person, Role
from assistant.errors import Conflict, NotAllowed, NotFound, PasswordRefused, SignedOut, WrongUse
from assistant.people import passwords
from assistant.people.accounts import AccountService
from assistant.people.links import digest
from assistant.people.rights import Rights
from assistant.settings import load
from assistant.storage import audit
from assistant.storage.database import Database
from assistant.storage.people import People

GOOD = "heather on 3 hills"
Serve = Callable[..., AccountService]


def _run(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        session.execute(text(statement), values)


def _rows(database: Database, statement: str) -> list[tuple[object, ...]]:
    with database.read() as session:
        return [tuple(row) for row in session.execute(text(statement))]


def _signed_in(database: Database, of: Person) -> Person:
    """The person with a session of theirs."""
    _run(
        database,
        "INSERT INTO sessions (id, person_id, method, created_at, seen_at, idle_until, expires_at)"
        " VALUES (:id, :person, 'password', '2026-01-01', '2026-01-01', '2999-01-01', '2999-01-01')",
        id=f"of-{of.id}",
        person=of.id,
    )
    return replace(of, credential=f"session:of-{of.id}")


def _with_token(database: Database, of: Person) -> Person:
    _run(
        database,
        "INSERT INTO api_tokens (id, person_id, name, digest, scopes, created_at, expires_at)"
        " VALUES ('t', :person, 'script', 'd', '[]', '2026-01-01', '2999-01-01')",
        person=of.id,
    )
    return replace(of, credential="token:t")


def _with_password(database: Database, name: str, role: Role) -> Person:
    added = person(database, name, role)
    _run(database, "UPDATE people SET password_hash = 'x' WHERE id = :id", id=added.id)
    return added


def test_a_person_is_added_once_with_what_was_said(accounts: AccountService, admin: Person, database: Database) -> None:
    group(database, "hr")
    added = accounts.add(admin, " Ann@Example.COM ", Role.KB_ADMIN, name=" Ann\u202e  Smith\n", groups=["hr"])
    assert (added.person.email, added.person.name, added.person.role) == ("ann@example.com", "Ann Smith", Role.KB_ADMIN)
    assert (added.groups, added.sign_in, added.disabled_at) == (("hr",), (), None)
    with pytest.raises(Conflict):
        accounts.add(admin, "ANN@example.com", Role.ADMIN)
    assert accounts.account(admin, added.person.id) == added


@pytest.mark.parametrize(
    "address",
    [
        *("", "   ", "ann", "@example.com", "ann@", "ann@@example.com", "ann@example..com", "ann@-example.com"),
        *(
            "ann smith@example.com",
            "ann@exa mple.com",
            "<ann@example.com>",
            "ann@example.com\nbcc:x",
            "a" * 65 + "@x.de",
        ),
        *("ann@" + "x" * 255, "an\u202en@example.com", "an\x00n@example.com", "local@localhost", "a,b@example.com"),
    ],
)
def test_what_is_no_address_is_refused(address: str, accounts: AccountService, admin: Person) -> None:
    with pytest.raises(WrongUse):
        accounts.add(admin, address, Role.STAFF)


@pytest.mark.parametrize("address", ["ann@intranet", "o.neil+x@mail.example.co.uk", "jörg@müller.example"])
def test_addresses_of_all_usual_kinds_are_taken(address: str, accounts: AccountService, admin: Person) -> None:
    assert accounts.add(admin, address, Role.STAFF).person.email == address


def test_nobody_is_added_with_a_weak_password_or_to_a_group_that_is_not_there(
    accounts: AccountService, admin: Person
) -> None:
    with pytest.raises(PasswordRefused):
        accounts.add(admin, "ann@example.com", Role.STAFF, password="short")
    with pytest.raises(NotFound):
        accounts.add(admin, "ann@example.com", Role.STAFF, groups=["nowhere"])
    assert accounts.page(admin, AccountQuery("ann")).total == 0
    assert accounts.groups.all(admin) == []


def test_a_password_is_kept_as_a_hash(accounts: AccountService, admin: Person, database: Database) -> None:
    added = accounts.add(admin, "ann@example.com", Role.STAFF, password=GOOD)
    assert added.sign_in == ("password",)
    ((kept,),) = _rows(database, "SELECT password_hash FROM people WHERE email = 'ann@example.com'")
    assert passwords.verified(str(kept), GOOD)


def test_an_invitation_is_for_who_has_no_password(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = accounts.add(admin, "ann@example.com", Role.STAFF)
    link = accounts.invite(admin, ann.person.id)
    secret = link.path.removeprefix("/auth/invite?token=")
    kept = _rows(database, "SELECT digest, kind, person_id, made_by FROM one_time_links")
    assert kept == [(digest(secret), "invite", ann.person.id, admin.id)]
    assert accounts.account(admin, ann.person.id).invited_until == link.expires_at
    accounts.set_password(admin, ann.person.id, GOOD)
    with pytest.raises(Conflict):
        accounts.invite(admin, ann.person.id)
    assert accounts.reset(admin, ann.person.id).path.startswith("/auth/reset?token=")


@pytest.mark.parametrize("auth", ["oidc", "proxy"])
def test_where_the_company_signs_people_in_there_are_no_links(
    auth: str, serve: Serve, admin: Person, database: Database
) -> None:
    with pytest.raises(Conflict):
        serve(auth=auth).invite(admin, person(database, "ann").id)


def test_disabling_ends_sessions_tokens_and_links_at_once(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = person(database, "ann", Role.KB_ADMIN)
    by_session, by_token = _signed_in(database, ann), _with_token(database, ann)
    accounts.invite(admin, ann.id)
    rights = Rights(database)
    assert rights.standing(by_session)
    assert rights.standing(by_token)
    assert accounts.disable(admin, ann.id).disabled_at is not None
    for who in (by_session, by_token, ann):
        with pytest.raises(SignedOut):
            rights.standing(who)
    assert _rows(database, "SELECT * FROM one_time_links") == []
    accounts.enable(admin, ann.id)
    for who in (by_session, by_token):
        with pytest.raises(SignedOut):
            rights.standing(who)
    assert rights.standing(ann).role is Role.KB_ADMIN


def test_who_is_disabled_gets_no_link(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = person(database, "ann")
    accounts.disable(admin, ann.id)
    for made in (accounts.invite, accounts.reset):
        with pytest.raises(Conflict):
            made(admin, ann.id)


def test_all_sessions_of_a_person_end_and_nobody_elses(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann, bob = (_signed_in(database, person(database, name)) for name in ("ann", "bob"))
    assert accounts.end_sessions(admin, ann.id) == 1
    with pytest.raises(SignedOut):
        Rights(database).standing(ann)
    assert Rights(database).standing(bob)
    assert accounts.end_sessions(admin, ann.id) == 0


def test_a_new_password_ends_the_sessions(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = _signed_in(database, person(database, "ann"))
    accounts.set_password(admin, ann.id, GOOD)
    with pytest.raises(SignedOut):
        Rights(database).standing(ann)


def test_the_last_admin_who_can_sign_in_stays_one(accounts: AccountService, admin: Person, database: Database) -> None:
    able = _with_password(database, "able", Role.ADMIN)
    for by in (able, admin):
        with pytest.raises(Conflict):
            accounts.disable(by, able.id)
        with pytest.raises(Conflict):
            accounts.set_role(by, able.id, Role.STAFF)
    assert accounts.account(admin, able.id).person.role is Role.ADMIN
    other = _with_password(database, "other", Role.ADMIN)
    assert accounts.set_role(able, able.id, Role.STAFF).person.role is Role.STAFF
    with pytest.raises(Conflict):
        accounts.disable(other, other.id)


def test_an_admin_who_cannot_sign_in_may_be_disabled(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    _with_password(database, "able", Role.ADMIN)
    assert accounts.disable(admin, admin.id).disabled_at is not None


def test_in_the_demo_the_local_operator_stays_anyway(serve: Serve, database: Database) -> None:
    service = serve(auth="demo")
    local = People(database).local()
    ann = service.add(local, "ann@example.com", Role.ADMIN)
    assert service.set_role(local, ann.person.id, Role.STAFF).person.role is Role.STAFF
    with pytest.raises(NotFound):
        service.disable(local, local.id)
    with pytest.raises(NotFound):
        service.set_role(local, local.id, Role.STAFF)


def test_two_admins_who_demote_each_other_leave_one(accounts: AccountService, database: Database) -> None:
    pair = [_with_password(database, name, Role.ADMIN) for name in ("ann", "bob")]
    barrier, refused = threading.Barrier(2), []

    def demote(by: Person, of: Person) -> None:
        barrier.wait()
        try:
            accounts.set_role(by, of.id, Role.STAFF)
        except (NotAllowed, Conflict) as error:
            refused.append(error)

    threads = [threading.Thread(target=demote, args=args) for args in (pair, pair[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert _rows(database, "SELECT count(*) FROM people WHERE role = 'admin'") == [(1,)]


def test_who_loses_the_role_just_before_the_change_changes_nothing(admin: Person, database: Database) -> None:
    class Demoting(Rights):
        """Somebody else is quicker: between the first look and the change the role is gone."""

        def need_admin(self, person: Person, sentence: str = "") -> Standing:
            now = super().need_admin(person, sentence)
            _run(database, "UPDATE people SET role = 'staff'")
            return now

    service = AccountService(database, Demoting(database), load(auth="password", _env_file=None))
    with pytest.raises(NotAllowed):
        service.groups.add(admin, "hr")
    assert _rows(database, "SELECT name FROM groups") == []


def test_of_two_admins_who_change_the_same_the_later_is_told(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = person(database, "ann")
    group(database, "hr")
    accounts.set_role(admin, ann.id, Role.KB_ADMIN, seen=Role.STAFF)
    with pytest.raises(Conflict):
        accounts.set_role(admin, ann.id, Role.ADMIN, seen=Role.STAFF)
    accounts.set_groups(admin, ann.id, ["hr"], seen=[])
    with pytest.raises(Conflict):
        accounts.set_groups(admin, ann.id, [], seen=[])
    assert accounts.account(admin, ann.id).groups == ("hr",)


def test_memberships_that_a_provider_claims_stay(accounts: AccountService, admin: Person, database: Database) -> None:
    ann = person(database, "ann")
    group(database, "board", ann)
    group(database, "hr")
    _run(database, "UPDATE group_members SET source = 'oidc'")
    account = accounts.set_groups(admin, ann.id, ["hr"])
    assert (account.groups, account.claimed) == (("board", "hr"), ("board",))
    assert accounts.set_groups(admin, ann.id, []).groups == ("board",)
    with pytest.raises(Conflict):
        accounts.groups.remove_member(admin, "board", ann.id)


def test_people_are_found_by_words_role_group_and_state(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    people = {name: person(database, name) for name in ("ärmel", "bob", "cleo")}
    group(database, "hr", people["bob"])
    accounts.set_role(admin, people["cleo"].id, Role.KB_ADMIN)
    accounts.disable(admin, people["ärmel"].id)

    def found(query: AccountQuery) -> list[str]:
        return [one.person.name for one in accounts.page(admin, query).accounts]

    assert found(AccountQuery()) == ["Admin", "Bob", "Cleo", "Ärmel"]
    assert found(AccountQuery(words="ÄRMEL example")) == ["Ärmel"]
    assert found(AccountQuery(words="' OR 1=1 --")) == []
    assert found(AccountQuery(role=Role.KB_ADMIN)) == ["Cleo"]
    assert found(AccountQuery(group="hr")) == ["Bob"]
    assert found(AccountQuery(disabled=True)) == ["Ärmel"]
    assert found(AccountQuery(disabled=False, role=Role.STAFF)) == ["Bob"]


def test_a_long_list_comes_in_pages(accounts: AccountService, admin: Person, database: Database) -> None:
    with database.write() as session:
        rows = [{"id": f"p{n}", "email": f"p{n:04}@example.com", "name": f"Person {n:04}"} for n in range(5000)]
        insert = (
            "INSERT INTO people (id, email, name, role, created_at) VALUES (:id, :email, :name, 'staff', '2026-01-01')"
        )
        session.execute(text(insert), rows)
    page = accounts.page(admin, AccountQuery("person", offset=4990, limit=25))
    assert page.total == 5000
    assert [one.person.id for one in page.accounts] == [f"p{n}" for n in range(4990, 5000)]
    assert isinstance(page.accounts[0].created_at, datetime)


def test_each_change_is_a_line_of_the_audit_log_and_no_change_is_none(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    ann = accounts.add(admin, "ann@example.com", Role.STAFF, password=GOOD).person.id
    accounts.groups.add(admin, "hr")
    for _ in range(2):
        accounts.set_role(admin, ann, Role.KB_ADMIN)
        accounts.set_groups(admin, ann, ["hr"])
        accounts.disable(admin, ann)
    for _ in range(2):
        accounts.enable(admin, ann)
    accounts.reset(admin, ann)
    lines = _rows(database, "SELECT person_id, action FROM audit_log ORDER BY id")
    actions = "person.added group.added person.role_changed person.groups_changed person.disabled person.enabled "
    assert lines == [(admin.id, action) for action in (actions + "person.reset_link_made").split()]
    assert audit.verify(database) is None
    assert GOOD not in repr(_rows(database, "SELECT * FROM audit_log"))


def test_whoever_watches_hears_of_changes_of_rights_and_of_nothing_else(
    accounts: AccountService, admin: Person, database: Database
) -> None:
    heard: list[int] = []
    accounts.after_change = lambda: heard.append(len(_rows(database, "SELECT 1 FROM people")))
    ann = accounts.add(admin, "ann@example.com", Role.STAFF).person.id
    assert heard == [2]
    accounts.rename(admin, ann, "Ann")
    accounts.page(admin, AccountQuery())
    assert heard == [2]
    accounts.disable(admin, ann)
    assert heard == [2, 2]
