"""The services of a process: awaited while they start, told about when they cannot, closed in the end."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from assistant import bootstrap
from assistant import settings as settings_module
from assistant.bootstrap import Services
from assistant.errors import StartError
from assistant.web.state import ServicesHolder

START_SECONDS = 60


def _build(data_dir: Path) -> Services:
    return bootstrap.build(settings_module.load(data_dir=data_dir, samples=False))


def test_who_waits_gets_the_services_when_they_have_started(data_dir: Path) -> None:
    holder, go_on = ServicesHolder(), threading.Event()

    def build() -> Services:
        go_on.wait(START_SECONDS)
        return _build(data_dir)

    holder.begin(build, on_failure=pytest.fail)
    assert holder.wait(0) is None
    assert holder.reason == "The assistant is starting."
    go_on.set()
    services = holder.wait(START_SECONDS)
    assert services is not None
    assert holder.state == "ready"
    assert services.knowledge.documents(services.people.local()) == []
    holder.close()
    assert holder.wait(0) is None


def test_a_failed_start_is_told_in_one_sentence() -> None:
    holder, told = ServicesHolder(), threading.Event()
    sentences: list[str] = []

    def fail() -> Services:
        raise StartError("The folder is in use.")

    def tell(sentence: str) -> None:
        sentences.append(sentence)
        told.set()

    holder.begin(fail, on_failure=tell)
    assert told.wait(START_SECONDS)
    assert sentences == ["The folder is in use."]
    assert holder.wait(0) is None
    assert holder.state == "failed"


def test_closing_waits_for_a_start_under_way_and_frees_its_folder(data_dir: Path) -> None:
    holder = ServicesHolder()
    holder.begin(lambda: _build(data_dir), on_failure=pytest.fail)
    holder.close()
    assert holder.wait(0) is None
    _build(data_dir).close()


def test_a_first_load_of_samples_counts_until_the_last_is_read(data_dir: Path) -> None:
    services, holder = _build(data_dir), ServicesHolder()
    holder.set_ready(services)
    assert holder.unready() == "The models are being loaded."
    holder.is_warm, holder.first_load_until = True, time.monotonic() + START_SECONDS
    upload = services.knowledge.upload(services.people.local(), "note.md", b"# Note\n\nThe gate opens at six.\n")
    assert holder.unready() == "The sample documents are being read (0 of 1)."
    services.knowledge.wait_until_done([upload.document_id], START_SECONDS)
    assert holder.unready() is None
    holder.close()
    assert holder.unready() == "The assistant is shutting down."
