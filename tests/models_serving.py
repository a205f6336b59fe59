"""What tests of the models service share: how one is asked for."""

from __future__ import annotations

from collections.abc import Callable

from assistant.models.service import ModelService

KEY = "sk-test-PLANTED-0123456789abcdef"
Serve = Callable[..., ModelService]
"""Makes a service; arguments are variables to set, ``NAME`` (a key) or ``NAME=value``, keywords are settings."""
