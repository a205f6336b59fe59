"""People and their conversations in an empty database."""

from __future__ import annotations

import pytest

from assistant.domain import Person, Role
from assistant.storage.conversations import Conversations
from assistant.storage.database import Database
from assistant.storage.people import People


@pytest.fixture
def stored(database: Database) -> Conversations:
    return Conversations(database)


@pytest.fixture
def ann(database: Database) -> Person:
    return People(database).add("ann@example.com", "Ann", Role.STAFF)


@pytest.fixture
def bob(database: Database) -> Person:
    return People(database).add("bob@example.com", "Bob", Role.STAFF)
