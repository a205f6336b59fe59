"""Signing in by password: whatever is wrong looks the same, guessing is bounded, links set passwords once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from argon2.low_level import verify_secret
from persons import person
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import PasswordRefused, SignedOut, SignInRefused, WrongUse
from assistant.people import passwords
from assistant.people.links import LinkKind, Links, OneTimeLink, digest
from assistant.people.rights import Rights
from assistant.people.sessions import Visitor
from assistant.people.sign_in import PER_ACCOUNT, WRONG, SignIn
from assistant.settings import Settings
from assistant.storage import password_hashes
from assistant.storage.database import Database, utc_now
from assistant.storage.sign_in_tries import Bound

GOOD, OTHER = "heather on 3 hills", "gorse on 4 cliffs"
ADA = "ada@example.com"
TABLES = "SELECT name FROM sqlite_master"
HERE = Visitor("a browser", "10.0.0.7")


@pytest.fixture
def sign_in(database: Database) -> SignIn:
    return _started(database)


@pytest.fixture
def ada(database: Database) -> Person:
    someone = person(database, "ada")
    _keep(database, someone.id, passwords.hashed(GOOD))
    return someone


def _started(database: Database) -> SignIn:
    """As a process that starts anew has it."""
    return SignIn(database, Rights(database), Settings())


def _keep(database: Database, person_id: str, kept: str) -> None:
    with database.write() as session:
        password_hashes.put(session, person_id, kept)


def _run(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        session.execute(text(statement), values)


def _lines(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as session:
        return [
            (row[0], row[1], row[2])
            for row in session.execute(text("SELECT person_id, action, subject FROM audit_log"))
        ]


def _secret(link: OneTimeLink) -> str:
    return parse_qs(urlsplit(link.path).query)["token"][0]


def _fail(sign_in: SignIn, email: str, times: int, visitor: Visitor = HERE) -> SignInRefused:
    """Try a wrong password so often and return the last refusal."""
    for _ in range(times):
        with pytest.raises(SignInRefused) as refused:
            sign_in.by_password(email, "wrong", visitor)
    return refused.value


def _later(database: Database) -> None:
    """Let the waits be over."""
    moment = (utc_now() - timedelta(seconds=1)).replace(tzinfo=None).isoformat(" ", "microseconds")
    over = "UPDATE sign_in_tries SET locked_until = :moment WHERE locked_until IS NOT NULL"
    _run(database, over, moment=moment)


def test_the_right_password_opens_a_session(sign_in: SignIn, ada: Person) -> None:
    cookie = sign_in.by_password(" Ada@Example.com ", GOOD, HERE)
    assert sign_in.holder(digest(cookie)) == replace(ada, credential=f"session:{digest(cookie)}")
    (session,) = sign_in.sessions(ada)
    assert (session.method, session.agent, session.address) == ("password", "a browser", "10.0.0.7")


def test_whatever_is_wrong_looks_the_same(sign_in: SignIn, ada: Person, database: Database) -> None:
    without, gone = person(database, "without"), person(database, "gone")
    _keep(database, gone.id, passwords.hashed(GOOD))
    _run(database, "UPDATE people SET disabled_at = '2026-01-01 00:00:00' WHERE id = :id", id=gone.id)
    tries = [(ada.email, "wrong"), ("nobody@example.com", GOOD), (without.email, GOOD), (gone.email, GOOD), ("", "")]
    said = set()
    for email, password in tries:
        with pytest.raises(SignInRefused) as refused:
            sign_in.by_password(email, password, HERE)
        said.add((refused.value.message, refused.value.retry_after))
    assert said == {(WRONG, None)}


@pytest.mark.parametrize("email", [ADA, "nobody@example.com", "without@example.com"])
def test_the_same_work_is_done_whether_there_is_the_account_or_not(
    sign_in: SignIn, ada: Person, database: Database, email: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del ada
    person(database, "without")
    held_against: list[str] = []

    def counted(kept: bytes, password: bytes, kind: Type) -> bool:
        held_against.append(repr(extract_parameters(kept.decode())))
        return verify_secret(kept, password, kind)

    monkeypatch.setattr("argon2._password_hasher.verify_secret", counted)
    _fail(sign_in, email, 1)
    assert held_against == [repr(extract_parameters(passwords.NOBODYS))]
    with database.read() as session:
        assert session.scalars(text("SELECT count(*) FROM sign_in_tries")).one() == 2
    assert [action for _, action, _ in _lines(database)] == ["sign_in.failed"]


@pytest.mark.parametrize("email", [ADA, "nobody@example.com"])
def test_after_ten_failed_tries_nothing_is_looked_at_for_a_while(
    sign_in: SignIn, ada: Person, database: Database, email: str
) -> None:
    del ada
    assert _fail(sign_in, email, PER_ACCOUNT.free).retry_after is None
    with pytest.raises(SignInRefused) as refused:
        sign_in.by_password(email, GOOD, HERE)
    assert refused.value.message == "Too many tries have failed. Try again in 1 minute."
    assert 0 < (refused.value.retry_after or 0) <= 60
    assert [action for _, action, _ in _lines(database)][-2:] == ["sign_in.failed", "sign_in.locked"]


def test_a_restart_does_not_unlock(sign_in: SignIn, ada: Person, database: Database) -> None:
    _fail(sign_in, ada.email, PER_ACCOUNT.free)
    with pytest.raises(SignInRefused, match="Too many"):
        _started(database).by_password(ada.email, GOOD, HERE)


def test_another_machine_does_not_unlock(sign_in: SignIn, ada: Person) -> None:
    _fail(sign_in, ada.email, PER_ACCOUNT.free)
    with pytest.raises(SignInRefused, match="Too many"):
        sign_in.by_password(ada.email, GOOD, Visitor(address="10.0.0.8"))


def test_each_failure_after_a_wait_doubles_it_up_to_an_hour() -> None:
    waits = [PER_ACCOUNT.wait(failures) for failures in (9, 10, 11, 12, 15, 16, 17, 500)]
    assert [None if wait is None else wait.total_seconds() / 60 for wait in waits] == [None, 1, 2, 4, 32, 60, 60, 60]


def test_after_the_wait_one_try_is_looked_at(sign_in: SignIn, ada: Person, database: Database) -> None:
    _fail(sign_in, ada.email, PER_ACCOUNT.free)
    _later(database)
    _fail(sign_in, ada.email, 1)
    with pytest.raises(SignInRefused, match="Try again in 2 minutes"):
        sign_in.by_password(ada.email, GOOD, HERE)
    _later(database)
    sign_in.by_password(ada.email, GOOD, HERE)
    _fail(sign_in, ada.email, PER_ACCOUNT.free - 1)
    sign_in.by_password(ada.email, GOOD, HERE)


def test_of_many_tries_at_once_no_more_than_ten_are_looked_at(sign_in: SignIn, ada: Person) -> None:
    gate = threading.Barrier(20)

    def tried(_: int) -> str:
        gate.wait()
        with pytest.raises(SignInRefused) as refused:
            sign_in.by_password(ada.email, "wrong", HERE)
        return refused.value.message

    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(tried, range(20)))
    assert said.count(WRONG) == PER_ACCOUNT.free


def test_a_machine_that_tries_many_accounts_is_bounded_too(
    sign_in: SignIn, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = Bound(3, timedelta(minutes=1), timedelta(minutes=15))
    monkeypatch.setattr("assistant.people.sign_in.PER_MACHINE", few)
    for number in range(3):
        _fail(sign_in, f"{number}@example.com", 1)
    with pytest.raises(SignInRefused, match="Too many"):
        sign_in.by_password(ada.email, GOOD, HERE)
    sign_in.by_password(ada.email, GOOD, Visitor(address="10.0.0.8"))


def test_right_tries_do_not_count_for_the_machine_and_do_not_clear_it(
    sign_in: SignIn, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assistant.people.sign_in.PER_MACHINE", Bound(3, timedelta(minutes=1), timedelta(minutes=15)))
    for number in range(2):
        _fail(sign_in, f"{number}@example.com", 1)
        sign_in.by_password(ada.email, GOOD, HERE)
    _fail(sign_in, "3@example.com", 1)
    with pytest.raises(SignInRefused, match="Too many"):
        sign_in.by_password(ada.email, GOOD, HERE)


def test_the_address_of_an_unknown_account_does_not_stand_in_the_audit_log(sign_in: SignIn, database: Database) -> None:
    _fail(sign_in, "mistyped-password@example.com", PER_ACCOUNT.free)
    assert _lines(database)
    assert "mistyped" not in repr(_lines(database))
    assert all(who == "" and subject.startswith("unknown:") for who, _, subject in _lines(database))


def test_an_outdated_hash_is_made_anew_at_sign_in(sign_in: SignIn, ada: Person, database: Database) -> None:
    _keep(database, ada.id, PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(GOOD))
    sign_in.by_password(ada.email, GOOD, HERE)
    with database.read() as session:
        kept = password_hashes.by_id(session, ada.id)
    assert kept is not None
    assert kept.hash is not None
    assert not passwords.is_outdated(kept.hash)
    sign_in.by_password(ada.email, GOOD, HERE)


def test_a_changed_password_ends_all_sessions(sign_in: SignIn, ada: Person) -> None:
    cookies = [sign_in.by_password(ada.email, GOOD, HERE) for _ in range(2)]
    here = sign_in.holder(digest(cookies[0]))
    assert here is not None
    sign_in.change_password(here, GOOD, OTHER)
    assert [sign_in.holder(digest(cookie)) for cookie in cookies] == [None, None]
    with pytest.raises(SignedOut):
        sign_in.change_password(here, OTHER, GOOD)
    with pytest.raises(SignInRefused):
        sign_in.by_password(ada.email, GOOD, HERE)
    sign_in.by_password(ada.email, OTHER, HERE)


def test_a_password_is_changed_by_who_knows_it_only(sign_in: SignIn, ada: Person) -> None:
    with pytest.raises(SignInRefused, match="present password"):
        sign_in.change_password(ada, "wrong", OTHER)
    with pytest.raises(PasswordRefused):
        sign_in.change_password(ada, GOOD, "short")
    assert _fail(sign_in, ada.email, PER_ACCOUNT.free - 1).retry_after is None
    with pytest.raises(SignInRefused, match="Too many"):
        sign_in.change_password(ada, GOOD, OTHER)


@pytest.mark.parametrize("kind", [LinkKind.INVITE, LinkKind.RESET])
def test_a_link_sets_the_password_once_and_signs_in(
    sign_in: SignIn, ada: Person, database: Database, kind: LinkKind
) -> None:
    before = sign_in.by_password(ada.email, GOOD, HERE)
    secret = _secret(getattr(Links(database), kind)(ada.id, "local"))
    assert sign_in.asked_by(kind, secret) == ada.email
    with pytest.raises(PasswordRefused):
        sign_in.by_link(kind, secret, "short", HERE)
    cookie = sign_in.by_link(kind, secret, OTHER, HERE)
    assert sign_in.holder(digest(cookie)) is not None
    assert sign_in.holder(digest(before)) is None
    with pytest.raises(SignInRefused, match="used already"):
        sign_in.by_link(kind, secret, GOOD, HERE)
    with pytest.raises(SignInRefused, match="used already"):
        sign_in.asked_by(kind, secret)
    sign_in.by_password(ada.email, OTHER, HERE)


def test_a_reset_opens_a_locked_account(sign_in: SignIn, ada: Person, database: Database) -> None:
    _fail(sign_in, ada.email, PER_ACCOUNT.free)
    sign_in.by_link(LinkKind.RESET, _secret(Links(database).reset(ada.id, "local")), OTHER, HERE)
    sign_in.by_password(ada.email, OTHER, HERE)


def test_of_two_links_the_use_of_one_ends_the_other(sign_in: SignIn, ada: Person, database: Database) -> None:
    invite, reset = Links(database).invite(ada.id, "local"), Links(database).reset(ada.id, "local")
    sign_in.by_link(LinkKind.RESET, _secret(reset), OTHER, HERE)
    with pytest.raises(SignInRefused):
        sign_in.by_link(LinkKind.INVITE, _secret(invite), GOOD, HERE)


def test_a_link_of_a_disabled_person_lets_nobody_in(sign_in: SignIn, ada: Person, database: Database) -> None:
    secret = _secret(Links(database).reset(ada.id, "local"))
    _run(database, "UPDATE people SET disabled_at = '2026-01-01 00:00:00'")
    with pytest.raises(SignInRefused):
        sign_in.by_link(LinkKind.RESET, secret, OTHER, HERE)


def test_a_link_is_used_once_by_two_at_once(sign_in: SignIn, ada: Person, database: Database) -> None:
    secret = _secret(Links(database).invite(ada.id, "local"))
    gate = threading.Barrier(4)

    def used(number: int) -> bool:
        gate.wait()
        try:
            sign_in.by_link(LinkKind.INVITE, secret, f"{OTHER} {number}", HERE)
        except SignInRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(used, range(4))).count(True) == 1


def test_the_first_admin_comes_in_by_the_set_up_link(sign_in: SignIn) -> None:
    link = sign_in.set_up_link()
    assert link is not None
    with pytest.raises(WrongUse):
        sign_in.set_up(_secret(link), " ", ADA, GOOD, HERE)
    for none in ("ada", "@example.com", "ada@", "a da@example.com", "ada@example.com\n" + "x" * 300):
        with pytest.raises(WrongUse):
            sign_in.set_up(_secret(link), "Ada", none, GOOD, HERE)
    with pytest.raises(PasswordRefused):
        sign_in.set_up(_secret(link), "Ada", ADA, "password1234", HERE)
    cookie = sign_in.set_up(_secret(link), "Ada", "Ada@Example.com", GOOD, HERE)
    admin = sign_in.holder(digest(cookie))
    assert admin is not None
    assert (admin.email, admin.name, admin.role) == (ADA, "Ada", Role.ADMIN)
    with pytest.raises(SignInRefused):
        sign_in.set_up(_secret(link), "Eve", "eve@example.com", OTHER, HERE)
    assert sign_in.set_up_link() is None


def test_a_set_up_link_is_made_as_long_as_no_admin_can_come_in(
    sign_in: SignIn, ada: Person, database: Database
) -> None:
    assert sign_in.set_up_link() is not None
    _run(database, "UPDATE people SET role = 'admin' WHERE id = :id", id=ada.id)
    assert sign_in.set_up_link() is None
    _run(database, "UPDATE people SET disabled_at = '2026-01-01 00:00:00' WHERE id = :id", id=ada.id)
    assert sign_in.set_up_link() is not None


def test_a_set_up_link_makes_no_second_admin(sign_in: SignIn, ada: Person, database: Database) -> None:
    link = sign_in.set_up_link()
    assert link is not None
    _run(database, "UPDATE people SET role = 'admin' WHERE id = :id", id=ada.id)
    with pytest.raises(SignInRefused):
        sign_in.set_up(_secret(link), "Eve", "eve@example.com", OTHER, HERE)


def test_the_set_up_link_is_for_nothing_else(sign_in: SignIn, database: Database) -> None:
    secret = _secret(Links(database).set_up())
    for kind in (LinkKind.INVITE, LinkKind.RESET):
        with pytest.raises(SignInRefused):
            sign_in.by_link(kind, secret, GOOD, HERE)
    with pytest.raises(SignInRefused):
        sign_in.by_link(LinkKind.SETUP, secret, GOOD, HERE)


def test_no_password_stands_anywhere(sign_in: SignIn, ada: Person, database: Database) -> None:
    with pytest.raises(SignInRefused):
        sign_in.by_password(ada.email, "a wrong one that is secret", HERE)
    sign_in.by_password(ada.email, GOOD, HERE)
    with database.read() as session:
        tables = list(
            session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'"))
        )
        stored = "".join(repr(session.execute(text(f'SELECT * FROM "{table}"')).all()) for table in tables)  # noqa: S608 - ours
    assert GOOD not in stored
    assert "that is secret" not in stored
