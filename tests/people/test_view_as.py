"""An admin sees what somebody would be given and why, and the log says that they looked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lent_model import lend
from persons import group, person
from sqlalchemy import text

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.access import AuditQuery
from assistant.domain import Person, Role
from assistant.errors import NotAllowed, NotFound

QUESTION = "How much is the bonus?"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[bootstrap.Services]:
    """A document for everyone, and one in a space that is open to the board."""
    folder = tmp_path_factory.mktemp("view")
    lend(folder / "data")
    built = bootstrap.build(settings_module.load(data_dir=folder / "data", samples=False))
    local = built.people.local()
    space = built.knowledge.add_space(local, "Board")
    _upload(built, local, folder, "general", "# Bonus\n\nThe bonus of everyone is 300 euros a year.\n")
    _upload(built, local, folder, space.id, "# Bonus of the board\n\nThe bonus of the board is 9,000 euros a year.\n")
    with built.database.write() as session:
        session.execute(text("UPDATE spaces SET restricted = 1 WHERE id = :id"), {"id": space.id})
    board = group(built.database, "Directors", person(built.database, "ann"))
    with built.database.write() as session:
        session.execute(text("INSERT INTO space_groups VALUES (:space, :group)"), {"space": space.id, "group": board})
    yield built
    built.close()


def _upload(built: bootstrap.Services, local: Person, folder: Path, space: str, words: str) -> None:
    del folder
    done = built.knowledge.upload(local, f"bonus of {space}.md", words.encode(), space=space)
    assert built.knowledge.wait_until_done([done.document_id], 120)


def test_what_somebody_may_read_is_shown_with_the_reason(services: bootstrap.Services) -> None:
    view = services.view_as.view(services.people.local(), "ann@example.com", QUESTION)
    whys = {one.passage.document: one.why for one in view.seen}
    assert view.groups == ("Directors",)
    assert any(why == "The space Board is open to Directors, which Ann is in." for why in whys.values())
    assert any("open to everyone" in why for why in whys.values())
    assert view.unseen == ()


def test_what_is_kept_from_somebody_is_named_with_the_reason(services: bootstrap.Services) -> None:
    person(services.database, "bob")
    view = services.view_as.view(services.people.local(), "bob@example.com", QUESTION)
    assert {one.passage.space for one in view.seen} == {"general"}
    assert [one.why for one in view.unseen] == ["The space Board is open to Directors only, and Bob is not in it."]
    assert view.spaces == ("general",)


def test_each_look_is_a_line_of_the_log(services: bootstrap.Services) -> None:
    local = services.people.local()
    services.view_as.view(local, "ann@example.com", QUESTION)
    newest = services.audit.entries(local, AuditQuery(limit=1))[0]
    assert (newest.action, newest.details["question"]) == ("person.viewed_as", QUESTION)


@pytest.mark.parametrize("role", [Role.STAFF, Role.KB_ADMIN])
def test_only_admins_look(services: bootstrap.Services, role: Role) -> None:
    eve = person(services.database, f"eve-{role}", role)
    with pytest.raises(NotAllowed):
        services.view_as.view(eve, "ann@example.com", QUESTION)


def test_an_address_of_nobody_is_said(services: bootstrap.Services) -> None:
    with pytest.raises(NotFound):
        services.view_as.view(services.people.local(), "nobody@example.com", QUESTION)
