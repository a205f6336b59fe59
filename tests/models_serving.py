"""What tests of the models service share: how one is asked for."""

from __future__ import annotations

from collections.abc import Callable

from assistant.domain import Person, Role
from assistant.models.service import ModelService

KEY = "sk-test-PLANTED-0123456789abcdef"
Serve = Callable[..., ModelService]
"""Makes a service; arguments are variables to set, ``NAME`` (a key) or ``NAME=value``, keywords are settings."""
STAFF = Person("s1", "staff@example.com", "Staff", Role.STAFF)
KB_ADMIN = Person("k1", "kb@example.com", "Kb", Role.KB_ADMIN)
"""People who are in the database of each service made, beside the local operator."""
