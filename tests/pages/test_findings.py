"""Secrets and personal data in documents, as those who may change the documents see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from assistant.bootstrap import Services

RunApp = Callable[..., AppTest]
PAGE = "pages/knowledge_base.py"
KEY = "gsk_aB3dE5gH7jK9mN1pQ2sT4vW6xY8z"
NOTICE = "1 document holds what looks like secrets or personal data"
INGEST_SECONDS = 120


@pytest.fixture
def document(services: Services) -> Iterator[str]:
    """A document with a key in it, read by the real worker."""
    person = services.people.local()
    upload = services.knowledge.upload(person, "Cellar [x](y).md", f"# Cellar\n\nThe key is {KEY}.\n".encode())
    services.knowledge.wait_until_done([upload.document_id], INGEST_SECONDS)
    yield upload.document_id
    services.knowledge.delete(person, upload.document_id)


def shown(app: AppTest) -> str:
    return str(app.main)


def test_the_page_says_nothing_while_nothing_was_found(run_app: RunApp) -> None:
    assert "looks like secrets" not in shown(run_app(PAGE))


@pytest.mark.usefixtures("document")
def test_the_place_is_shown_without_the_secret(run_app: RunApp) -> None:
    app = run_app(PAGE)
    assert not app.exception
    assert NOTICE in [expander.label for expander in app.expander]
    drawn = [element.value for element in app.markdown]
    assert r"- Password or key gsk\_••••" in drawn
    assert not any(KEY in words for words in drawn)


def test_the_documents_own_page_shows_it_too(run_app: RunApp, document: str) -> None:
    app = run_app("pages/document.py", document=document)
    assert not app.exception
    assert "This document holds what looks like secrets or personal data" in [one.label for one in app.expander]


def test_an_admin_says_whether_cloud_models_see_secrets(run_app: RunApp, services: Services) -> None:
    person = services.people.local()
    app = run_app(PAGE)
    app.toggle(key="redact-True").set_value(False).run()
    assert not app.exception
    assert services.findings.kept_from_cloud(person) is False
    services.findings.keep_from_cloud(person, wanted=True)
