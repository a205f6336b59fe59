"""The service of people, groups and spaces over an empty database, and an admin who uses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from persons import person

from assistant.domain import Person, Role
from assistant.people.accounts import AccountService
from assistant.people.rights import Rights
from assistant.settings import load
from assistant.storage.database import Database

Serve = Callable[..., AccountService]


@pytest.fixture
def serve(database: Database) -> Serve:
    """Give the service with these settings, by default where people sign in with passwords."""

    def build(**settings: object) -> AccountService:
        return AccountService(database, Rights(database), load(**{"auth": "password", "_env_file": None, **settings}))

    return build


@pytest.fixture
def accounts(serve: Serve) -> AccountService:
    return serve()


@pytest.fixture
def admin(database: Database) -> Person:
    """An admin who can sign in."""
    return person(database, "admin", Role.ADMIN)
