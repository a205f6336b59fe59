"""A link works once, for one purpose, for a while; the database cannot be used to make one."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from persons import person
from sqlalchemy import text

from assistant.people.links import LinkKind, Links, digest
from assistant.storage import one_time_links
from assistant.storage.database import Database


def secret_of(path: str) -> str:
    return parse_qs(urlsplit(path).query)["token"][0]


def _taken(database: Database, secret: str, kind: LinkKind) -> str | None:
    with database.write() as session:
        row = one_time_links.take(session, digest(secret), kind)
        return None if row is None else row.person_id


def test_a_link_works_once(database: Database) -> None:
    ann = person(database, "ann")
    link = Links(database).invite(ann.id, "local")
    assert link.path.startswith("/auth/invite?token=")
    assert _taken(database, secret_of(link.path), LinkKind.INVITE) == ann.id
    assert _taken(database, secret_of(link.path), LinkKind.INVITE) is None


def test_a_link_is_for_its_purpose_alone(database: Database) -> None:
    secret = secret_of(Links(database).invite(person(database, "ann").id, "local").path)
    assert _taken(database, secret, LinkKind.RESET) is None
    assert _taken(database, secret, LinkKind.SETUP) is None


def test_a_new_link_ends_the_one_before_and_leaves_those_of_others(database: Database) -> None:
    ann, bob = person(database, "ann"), person(database, "bob")
    links = Links(database)
    first, others = links.reset(ann.id, "local"), links.reset(bob.id, "local")
    second = links.reset(ann.id, "local")
    assert _taken(database, secret_of(first.path), LinkKind.RESET) is None
    assert _taken(database, secret_of(second.path), LinkKind.RESET) == ann.id
    assert _taken(database, secret_of(others.path), LinkKind.RESET) == bob.id


def test_of_two_set_up_links_the_newer_works(database: Database) -> None:
    links = Links(database)
    first, second = links.set_up(), links.set_up()
    with database.read() as session:
        assert one_time_links.find(session, digest(secret_of(first.path)), LinkKind.SETUP) is None
        assert one_time_links.find(session, digest(secret_of(second.path)), LinkKind.SETUP) is not None


def test_a_link_lapses(database: Database) -> None:
    secret = secret_of(Links(database).reset(person(database, "ann").id, "local").path)
    with database.write() as session:
        session.execute(text("UPDATE one_time_links SET expires_at = '2026-01-01 00:00:00.000000'"))
    assert _taken(database, secret, LinkKind.RESET) is None


def test_neither_the_rows_nor_the_audit_log_hold_the_secret(database: Database) -> None:
    secret = secret_of(Links(database).invite(person(database, "ann").id, "local").path)
    with database.read() as session:
        rows = [
            *session.execute(text("SELECT * FROM one_time_links")),
            *session.execute(text("SELECT * FROM audit_log")),
        ]
    assert len(rows) == 2
    assert secret not in repr(rows)
