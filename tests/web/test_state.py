"""The services of a process: awaited while they start, told about when they cannot, closed in the end."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from assistant.bootstrap import Services
from assistant.errors import StartError
from assistant.web.state import ServicesHolder


class _Part:
    def warm(self) -> None: ...


class _Services:
    """Stands in for built services: the holder only warms and closes them."""

    def __init__(self) -> None:
        self.embedder, self.chat = _Part(), _Part()
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def _services() -> tuple[Services, _Services]:
    made = _Services()
    return cast(Services, made), made


def test_who_waits_gets_the_services_when_they_have_started() -> None:
    holder, go_on = ServicesHolder(), threading.Event()
    services, _ = _services()

    def build() -> Services:
        go_on.wait(10)
        return services

    holder.begin(build, on_failure=pytest.fail)
    assert holder.state == "starting"
    assert holder.wait(0) is None
    go_on.set()
    assert holder.wait(10) is services
    assert holder.state == "ready"


def test_a_failed_start_is_told_in_one_sentence() -> None:
    holder, told = ServicesHolder(), threading.Event()
    sentences: list[str] = []

    def fail() -> Any:
        raise StartError("The folder is in use.")

    holder.begin(fail, on_failure=lambda sentence: (sentences.append(sentence), told.set()) and None)
    assert told.wait(10)
    assert sentences == ["The folder is in use."]
    assert holder.wait(0) is None
    assert holder.state == "failed"


def test_closing_closes_what_a_start_under_way_hands_over() -> None:
    holder = ServicesHolder()
    services, made = _services()
    holder.begin(lambda: services, on_failure=pytest.fail)
    holder.close()
    assert made.closed.is_set()
    assert holder.wait(0) is None
