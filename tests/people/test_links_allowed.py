"""To which hosts the addresses in answers may be links."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from persons import person
from sqlalchemy import text

from assistant.domain import Person, Role
from assistant.errors import Conflict, NotAllowed, WrongUse
from assistant.people.links_allowed import MOST_HOSTS, Allowed, LinksAllowed, checked, is_allowed
from assistant.people.rights import Rights
from assistant.storage import audit
from assistant.storage.database import Database
from assistant.storage.migrate import upgrade

HOSTS = ("wiki.example.com", "*.north.example", "xn--bcher-kva.example")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'test.sqlite'}"
    upgrade(url)
    opened = Database(url)
    yield opened
    opened.close()


@pytest.fixture
def links(database: Database) -> LinksAllowed:
    return LinksAllowed(database, Rights(database))


@pytest.fixture
def admin(database: Database) -> Person:
    return person(database, "eve", Role.ADMIN)


@pytest.mark.parametrize(
    "address",
    [
        "https://wiki.example.com",
        "https://WIKI.example.com/",
        "https://wiki.example.com:443/a/b?c=d&e=%20#f",
        "https://it.north.example/help",
        "https://a.b.north.example/help",
        "https://xn--bcher-kva.example/",
    ],
)
def test_an_address_of_a_named_host_may_be_a_link(address: str) -> None:
    assert is_allowed(address, HOSTS)


@pytest.mark.parametrize(
    "address",
    [
        "http://wiki.example.com",
        "//wiki.example.com",
        "https:wiki.example.com",
        "https:/wiki.example.com",
        "https:///wiki.example.com",
        "https://other.example",
        "https://north.example",
        "https://evilnorth.example",
        "https://wiki.example.com.evil.example",
        "https://evil.example/wiki.example.com",
        "https://wiki.example.com@evil.example",
        "https://ada:word@wiki.example.com",
        "https://wiki.example.com:8443",
        "https://wiki.example.com:443@evil.example",
        "https://wiki.example.com\\@evil.example",
        "https://evil.example\\.wiki.example.com",
        "https://wiki.example.com%2eevil.example",
        "https://wiki.example.com.",
        "https://wiki.example.com/ onclick=x",
        "https://wiki.example.com/\n",
        "https://wiki.example.com/<b>",
        "https://wiki.example.com/`",
        "https://wiki.example.com/\u202egnp.exe",
        "https://wiki.ex\u0430mple.com",
        "https://wiki\u3002example.com",
        "https://wi\u212ai.example.com",
        "https://[::1]/",
        "javascript:alert(1)//https://wiki.example.com",
        "data:text/html,https://wiki.example.com",
        " https://wiki.example.com",
        "",
    ],
)
def test_another_address_may_not(address: str) -> None:
    assert not is_allowed(address, HOSTS)


def test_hosts_are_kept_as_they_are_compared() -> None:
    assert checked([" Wiki.Example.com ", "wiki.example.com", "", "b\u00fccher.example", "intranet"]) == (
        "wiki.example.com",
        "xn--bcher-kva.example",
        "intranet",
    )


@pytest.mark.parametrize(
    "host",
    [
        "https://wiki.example.com",
        "wiki.example.com/x",
        "*",
        "*.com",
        "a b",
        "-a.example",
        "a..b",
        "x" * 64,
        "a@b.c",
        "*.*.a.b",
    ],
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(WrongUse, match="no host"):
        checked([host])


def test_too_many_hosts_are_refused() -> None:
    with pytest.raises(WrongUse, match="At most"):
        checked([f"h{n}.example" for n in range(MOST_HOSTS + 1)])


def test_no_host_is_allowed_until_an_admin_names_it(links: LinksAllowed, admin: Person, database: Database) -> None:
    assert links.allowed() == Allowed()
    assert links.set(admin, Allowed(("wiki.example.com",))) == Allowed(("wiki.example.com",), 1)
    assert links.allowed().hosts == ("wiki.example.com",)
    assert audit.verify(database) is None


def test_only_admins_name_hosts(links: LinksAllowed, database: Database) -> None:
    for role in (Role.STAFF, Role.KB_ADMIN):
        with pytest.raises(NotAllowed):
            links.set(person(database, role.value, role), Allowed(("evil.example",)))
    assert links.allowed() == Allowed()


def test_of_two_who_change_it_at_once_the_second_is_told(links: LinksAllowed, admin: Person) -> None:
    links.set(admin, Allowed(("a.example",)))
    with pytest.raises(Conflict):
        links.set(admin, Allowed(("b.example",)))


def test_a_damaged_list_allows_nothing(links: LinksAllowed, admin: Person, database: Database) -> None:
    links.set(admin, Allowed(("a.example",)))
    with database.write() as session:
        session.execute(text('UPDATE preferences SET value = \'{"hosts": ["https://evil"]}\''))
    assert links.allowed() == Allowed(revision=1)
