"""The local operator is there from the first start; addresses are told apart without letter case."""

from __future__ import annotations

from pathlib import Path

from assistant.domain import Role
from assistant.storage.database import Database
from assistant.storage.migrate import upgrade
from assistant.storage.people import LOCAL, People


def _people(folder: Path) -> People:
    url = f"sqlite:///{folder / 'assistant.sqlite'}"
    upgrade(url)
    return People(Database(url))


def test_local_operator_is_an_admin_and_created_once(tmp_path: Path) -> None:
    people = _people(tmp_path)
    assert people.local() == people.local() == LOCAL
    assert people.all() == [LOCAL]
    assert LOCAL.may_edit_documents


def test_person_is_found_by_address_whatever_its_letter_case(tmp_path: Path) -> None:
    people = _people(tmp_path)
    added = people.add(" Ann@Example.com", "Ann", Role.STAFF)
    assert people.by_email("ANN@example.COM") == added
    assert people.by_id(added.id) == added
    assert people.by_email("bob@example.com") is None


def test_adding_an_address_again_returns_the_first_person(tmp_path: Path) -> None:
    people = _people(tmp_path)
    first = people.add("ann@example.com", "Ann", Role.STAFF)
    assert people.add("ANN@example.com", "Other", Role.ADMIN) == first
